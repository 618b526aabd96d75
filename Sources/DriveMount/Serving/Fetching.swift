internal import Drive
internal import LocalCache
internal import Synchronization

/// How a program walks through a file: whether its reads follow each other, and how far ahead it is worth to fetch.
final class ReadWalk: Sendable {
    private struct State {
        var end: UInt64 = 0
        var byteCount: UInt64 = 0
    }

    private let state = Mutex(State())

    /// The longest way ahead, in bytes.
    private static let limit: UInt64 = 16 << 20
    /// The kernel's own read-ahead comes in several requests, in no strict order.
    private static let slack: UInt64 = 512 << 10

    /// Takes note of a read; whether it goes on where others ended.
    func note(_ range: Range<UInt64>) -> Bool {
        state.withLock { state in
            let low = state.end > Self.slack ? state.end - Self.slack : 0
            if state.byteCount > 0 || state.end > 0 || range.lowerBound == 0,
                low...state.end + Self.slack ~= range.lowerBound
            {
                state.byteCount = min(Self.limit, max(Fetching.unit, state.byteCount + UInt64(range.count)))
                state.end = max(state.end, range.upperBound)
                return state.byteCount >= Fetching.unit && range.lowerBound + UInt64(range.count) > 64 << 10
            }
            state = State(end: range.upperBound)
            return false
        }
    }

    /// How far ahead to fetch.
    var byteCount: UInt64 { state.withLock(\.byteCount) }
}

/// Fetches of whole units on their way: whoever needs one of them waits for it instead of asking again.
final class Fetching: Sendable {
    static let unit: UInt64 = 2 << 20

    private struct Key: Hashable {
        let file: FileNumber
        let unit: UInt64
    }

    private let running = Mutex<[Key: Task<Void, any Error>]>([:])

    /// Returns when the units that hold these ranges are in the cache, and begins with the next ones.
    func units(
        holding ranges: [Range<UInt64>], of file: ReadableFile, _ walk: ReadWalk, _ drive: MountedDrive
    ) async throws {
        guard let number = file.file else { return }
        let needed = ranges.flatMap { Self.units($0) }.map { Key(file: number, unit: $0) }
        let tasks = needed.compactMap { start($0, file, drive) }
        if let last = needed.last { goAhead(of: (last.unit + 1) * Self.unit, file, walk, drive) }
        for task in tasks { try await task.value }
    }

    /// Begins to fetch what comes next, as far as the walk is worth it.
    func goAhead(of offset: UInt64, _ file: ReadableFile, _ walk: ReadWalk, _ drive: MountedDrive) {
        guard let number = file.file, offset < file.baseEnd else { return }
        let range = offset..<min(file.baseEnd, offset + walk.byteCount)
        guard !range.isEmpty else { return }
        for unit in Self.units(range) where drive.lacks(unit, of: file) {
            _ = start(Key(file: number, unit: unit), file, drive)
        }
    }

    private static func units(_ range: Range<UInt64>) -> ClosedRange<UInt64> {
        range.lowerBound / unit...(range.upperBound - 1) / unit
    }

    /// - Returns: nil where the unit has nothing of the file.
    private func start(_ key: Key, _ file: ReadableFile, _ drive: MountedDrive) -> Task<Void, any Error>? {
        let range = (key.unit * Self.unit..<(key.unit + 1) * Self.unit).clamped(to: 0..<file.baseEnd)
        guard !range.isEmpty else { return nil }
        return running.withLock { running in
            if let task = running[key] { return task }
            // Ends with its unit; nobody cancels it, since others may wait for it.
            let task = Task {
                defer { _ = self.running.withLock { $0.removeValue(forKey: key) } }
                var bytes: [UInt8] = []
                bytes.reserveCapacity(range.count)
                try await file.snapshot.read(file.entry, range: range) { bytes += $0 }
                await drive.keep(bytes, of: file, at: range.lowerBound)
            }
            running[key] = task
            return task
        }
    }
}

extension MountedDrive {
    /// Whether something of a unit is not in the cache.
    fileprivate func lacks(_ unit: UInt64, of file: ReadableFile) -> Bool {
        guard let number = file.file else { return false }
        let range = (unit * Fetching.unit..<(unit + 1) * Fetching.unit).clamped(to: 0..<file.baseEnd)
        guard !range.isEmpty else { return false }
        return !range.without(cache.extents(of: number, in: range).map(\.range)).isEmpty
    }
}
