public import DriveFormat
internal import Sealing
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
    }

    private let tables: SegmentTables
    private let state = Mutex(State())

    public init(tables: SegmentTables) { self.tables = tables }

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
