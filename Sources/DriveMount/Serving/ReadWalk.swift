internal import Synchronization

/// How a program walks through a file: whether its reads follow each other, and how far ahead of them it is worth to fetch.
final class ReadWalk: Sendable {
    private struct State {
        /// Where the reads have come to.
        var end: UInt64 = 0
        /// How much was read on the way there; 0 before the first read.
        var byteCount: UInt64 = 0
        /// Up to here, what comes next is on this machine or on its way.
        var arranged: UInt64 = 0
    }

    private let state = Mutex(State())

    /// The longest way ahead, in bytes.
    private static let limit: UInt64 = 16 << 20
    /// Whoever begins at a file's beginning mostly goes on.
    private static let firstDistance: UInt64 = 512 << 10
    /// The kernel's own read-ahead comes in several requests, in no strict order.
    private static let slack: UInt64 = 512 << 10

    /// Takes note of a read.
    ///
    /// - Returns: how far ahead of its end it is worth to fetch, in bytes; 0 where it does not go on where others ended.
    func note(_ range: Range<UInt64>) -> UInt64 {
        state.withLock { state in
            let low = state.end > Self.slack ? state.end - Self.slack : 0
            if state.byteCount > 0, low...state.end + Self.slack ~= range.lowerBound {
                state.byteCount += UInt64(range.count)
                state.end = max(state.end, range.upperBound)
                return min(Self.limit, state.byteCount * 2)
            }
            state = State(end: range.upperBound, byteCount: UInt64(range.count))
            return range.lowerBound == 0 && range.count > 64 << 10 ? Self.firstDistance : 0
        }
    }

    /// What of the way ahead nobody has looked at yet; nil where that is too little to be worth it.
    func unarranged(_ ahead: Range<UInt64>, isLast: Bool) -> Range<UInt64>? {
        let start = state.withLock { max(ahead.lowerBound, $0.arranged) }
        guard start < ahead.upperBound, isLast || ahead.upperBound - start >= Self.leastStep else { return nil }
        return start..<ahead.upperBound
    }

    private static let leastStep: UInt64 = 128 << 10

    func arrange(upTo end: UInt64) { state.withLock { $0.arranged = max($0.arranged, end) } }
}
