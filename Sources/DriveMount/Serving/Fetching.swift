internal import Drive
internal import DriveFormat
internal import LocalCache
internal import Synchronization
internal import SystemPackage

/// What is being fetched from the drive: whoever needs bytes that are on their way waits for them instead of asking again.
final class Fetching: Sendable {
    /// A part of a file that is on its way.
    fileprivate struct Piece: Sendable {
        let number: UInt64
        let range: Range<UInt64>
        /// Of what the drive has for the file.
        let content: Content
        let task: Task<[UInt8], any Error>
    }

    private struct State {
        var pieces: [FileNumber: [Piece]] = [:]
        var lastNumber: UInt64 = 0
        var pace = FetchPace()
    }

    private let state = Mutex(State())

    /// A frame's payload: less cannot be fetched.
    private static let grain: UInt64 = 16 << 10

    /// What was asked for, and brings these parts of a file.
    struct Order: Sendable {
        fileprivate let parts: [(range: Range<UInt64>, pieces: [Piece])]
    }

    /// Asks for parts of a file, unless they are on their way.
    func order(_ missing: [Range<UInt64>], of file: ReadableFile, _ drive: MountedDrive) -> Order {
        Order(parts: missing.map { ($0, pieces(bringing: $0, of: file, drive)) })
    }

    /// Waits for what was asked for.
    ///
    /// - Parameter start: the place in the file that `bytes` begins at.
    func fill(
        _ bytes: inout [UInt8], from start: UInt64, with order: Order, of file: ReadableFile, _ drive: MountedDrive
    ) async throws {
        for (range, pieces) in order.parts {
            for piece in pieces {
                let part = piece.range.clamped(to: range)
                if let fetched = try? await piece.task.value {
                    Self.copy(fetched, at: piece.range.lowerBound, part, to: &bytes, from: start)
                    continue
                }
                // It may have failed long ago.
                try Task.checkCancellation()
                for again in self.pieces(bringing: part, of: file, drive) {
                    let fetched = try await again.task.value
                    Self.copy(
                        fetched, at: again.range.lowerBound, again.range.clamped(to: part), to: &bytes, from: start)
                }
            }
        }
    }

    private static func copy(
        _ fetched: [UInt8], at place: UInt64, _ part: Range<UInt64>, to bytes: inout [UInt8], from start: UInt64
    ) {
        let (from, to) = (Int(part.lowerBound - place), Int(part.lowerBound - start))
        bytes.replaceSubrange(to..<to + part.count, with: fetched[from..<from + part.count])
    }

    /// Asks for what a walk comes to next, in order, as far as it is worth it and the line carries it.
    ///
    /// - Parameter distance: what `ReadWalk.note` has said of the read that ended at `offset`.
    func goAhead(
        of offset: UInt64, by distance: UInt64, _ file: ReadableFile, _ walk: ReadWalk, _ drive: MountedDrive
    ) {
        guard let number = file.file, distance > 0, offset < file.baseEnd else { return }
        let end = min(file.baseEnd, offset + distance)
        guard let way = walk.unarranged(offset..<end, isLast: end == file.baseEnd) else { return }
        for gap in way.without(drive.cache.extents(of: number, in: way).map(\.range)) {
            var next = gap.lowerBound
            while next < gap.upperBound {
                guard let byteCount = state.withLock({ $0.pace.room() }) else { return walk.arrange(upTo: next) }
                let range = next..<min(gap.upperBound, next + byteCount)
                _ = pieces(bringing: range, of: file, drive)
                next = range.upperBound
            }
        }
        walk.arrange(upTo: end)
    }

    /// What brings a range: pieces that are on their way, and new ones for what is not.
    private func pieces(bringing range: Range<UInt64>, of file: ReadableFile, _ drive: MountedDrive) -> [Piece] {
        state.withLock { state in
            let content = file.entry.content
            let known = file.file.flatMap { state.pieces[$0] } ?? []
            var found = known.filter { $0.range.overlaps(range) && $0.content == content }
            let gaps = range.without(found.map(\.range).sorted { $0.lowerBound < $1.lowerBound })
            for gap in gaps {
                let piece = begin(gap.widened(to: Self.grain, within: file.baseEnd), of: file, &state, drive)
                if let number = file.file { state.pieces[number, default: []].append(piece) }
                found.append(piece)
            }
            return found
        }
    }

    private func begin(
        _ range: Range<UInt64>, of file: ReadableFile, _ state: inout State, _ drive: MountedDrive
    ) -> Piece {
        state.lastNumber += 1
        let (number, byteCount) = (state.lastNumber, UInt64(range.count))
        let mark = state.pace.began(byteCount, at: .now)
        // Ends with its bytes; nobody cancels it, since others may wait for it.
        let task = Task {
            do {
                var bytes: [UInt8] = []
                bytes.reserveCapacity(range.count)
                try await file.snapshot.read(file.entry, range: range) { bytes += $0 }
                guard bytes.count == range.count else { throw Errno.ioError }
                self.state.withLock { $0.pace.came(byteCount, since: mark, at: .now) }
                let fetched = bytes
                // Nobody has to wait for the disk. Until then whoever wants them gets them from here.
                Task {
                    await drive.keep(fetched, of: file, at: range.lowerBound)
                    self.forget(number, byteCount, of: file)
                }
                return fetched
            } catch {
                self.forget(number, byteCount, of: file)
                throw error
            }
        }
        return Piece(number: number, range: range, content: file.entry.content, task: task)
    }

    private func forget(_ number: UInt64, _ byteCount: UInt64, of file: ReadableFile) {
        state.withLock { state in
            state.pace.ended(byteCount)
            guard let file = file.file, let pieces = state.pieces[file] else { return }
            let rest = pieces.filter { $0.number != number }
            state.pieces[file] = rest.isEmpty ? nil : rest
        }
    }
}
