public import DriveFormat
public import Sealing
internal import Synchronization

/// Where the blobs of folded volumes are now: whoever has a pointer into one finds them by their ids in the table of the
/// volume that it was folded into.
///
/// Format: Docs/Format/Commits.md, "Folding".
public final class FoldedVolumes: Sendable {
    private struct State {
        /// Old volume → new one, which is never an old one.
        var pairs: [VolumeID: VolumeID] = [:]
        var tables: [VolumeID: SharedTask<[BlobID: Pointer]>] = [:]
        /// What the network is being asked for, or was last, and when.
        var news: (asked: SharedTask<News>, at: ContinuousClock.Instant)?
    }

    /// What the newest commits say.
    public struct News: Sendable {
        public let folded: [FoldedVolume]
        public let epochs: [Epoch]

        public init(folded: [FoldedVolume], epochs: [Epoch]) {
            self.folded = folded
            self.epochs = epochs
        }
    }

    private let tables: SegmentTables
    private let ask: (@Sendable () async throws -> News)?
    private let state = Mutex(State())

    /// - Parameter ask: looks for newer commits; nil where none can matter. It must not read by way of this value.
    public init(tables: SegmentTables, ask: (@Sendable () async throws -> News)? = nil) {
        self.tables = tables
        self.ask = ask
    }

    /// - Parameter pairs: all that are known: they take the place of those that were.
    public func replace(with pairs: [FoldedVolume]) {
        state.withLock { $0.pairs = Dictionary(pairs.map { ($0.old, $0.new) }) { _, last in last } }
    }

    /// The volume that one was folded into; nil if it was not, as far as this process knows.
    public func successor(of volume: VolumeID) -> VolumeID? { state.withLock { $0.pairs[volume] } }

    /// The same blob in the volume that has it now.
    ///
    /// - Throws: `ReadError.unknownVolume` if the new volume has no such blob; what reading its tables throws.
    func current(_ reference: BlobReference, epochs: EpochKeys) async throws -> BlobReference {
        guard let new = successor(of: reference.pointer.volume) else { return reference }
        guard let pointer = try await table(of: new, epochs)[reference.id] else {
            throw ReadError.unknownVolume(reference.pointer.volume)
        }
        return BlobReference(id: reference.id, pointer: pointer)
    }

    /// Where a blob of a folded volume is; nil if the volume was not folded.
    func place(of id: BlobID, in volume: VolumeID, epochs: EpochKeys) async throws -> BlobReference? {
        guard let new = successor(of: volume), let pointer = try await table(of: new, epochs)[id] else { return nil }
        return BlobReference(id: id, pointer: pointer)
    }

    /// What is asked again only after so long: where many blobs cannot be read, that is rarely why.
    private static let askingInterval: Duration = .seconds(10)

    /// A volume cannot be read: asks whether another machine has folded it since.
    ///
    /// - Returns: what is new, if that has the volume; nil also where nobody answers.
    /// - Throws: `CancellationError`.
    func news(of volume: VolumeID) async throws -> News? {
        guard let ask else { return nil }
        let asked = state.withLock { state in
            if let last = state.news, last.at.duration(to: .now) < Self.askingInterval, !last.asked.isAbandoned {
                return last.asked
            }
            let new = SharedTask(ask)
            state.news = (new, .now)
            return new
        }
        guard let news = try? await asked.value() else {
            try Task.checkCancellation()
            return nil
        }
        guard news.folded.contains(where: { $0.old == volume }) else { return nil }
        replace(with: news.folded)
        return news
    }

    private func table(of volume: VolumeID, _ epochs: EpochKeys) async throws -> [BlobID: Pointer] {
        while true {
            let reading = state.withLock { state in
                if let known = state.tables[volume], (try? known.result?.get()) != nil || known.result == nil {
                    return known
                }
                let tables = tables
                let new = SharedTask {
                    let blobs = try await tables.blobs(of: volume, epochs: epochs)
                    return Dictionary(blobs.map { ($0.reference.id, $0.reference.pointer) }) { first, _ in first }
                }
                state.tables[volume] = new
                return new
            }
            do { return try await reading.value() } catch is SharedTask<[BlobID: Pointer]>.Abandoned { continue }
        }
    }
}
