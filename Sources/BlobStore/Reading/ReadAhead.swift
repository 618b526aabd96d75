internal import CESS
internal import Synchronization

/// Notices where small reads follow each other, and lets them fetch more at once.
///
/// A read that stands alone fetches the windows that it touches. One that goes on where the last one of its segment
/// ended fetches 128 KiB, the next one twice as much, up to a limit.
final class ReadAhead: Sendable {
    private struct Key: Hashable {
        let fid: FID
        let segment: Int
    }

    private struct Walk {
        var end: Int
        var byteCount = 0
    }

    private static let first = 128 << 10
    /// What may be passed over: padding, or a file that was there already.
    private static let gap = 128 << 10
    private static let walkLimit = 256

    private let limit: Int
    private let walks = Mutex<[Key: Walk]>([:])

    init(limit: Int) { self.limit = limit }

    /// Takes note of a read.
    ///
    /// - Returns: the range to fetch if it is not there: the same or longer, within the same data row.
    func note(_ range: Range<Int>, of place: SegmentPlace) -> Range<Int> {
        let key = Key(fid: place.fid, segment: place.segment)
        let byteCount = walks.withLock { walks in
            if walks.count >= Self.walkLimit, walks[key] == nil { walks.removeAll() }
            guard var walk = walks[key] else {
                walks[key] = Walk(end: range.upperBound)
                return 0
            }
            if walk.end - Self.gap...walk.end + Self.gap ~= range.lowerBound, limit > 0 {
                walk.byteCount = min(limit, max(Self.first, 2 * walk.byteCount))
            } else {
                walk.byteCount = 0
            }
            walk.end = range.upperBound
            walks[key] = walk
            return walk.byteCount
        }
        guard !range.isEmpty else { return range }
        let fragment = SegmentGeometry.fragmentByteCount
        let rowEnd = ((range.upperBound - 1) / fragment + 1) * fragment
        return range.lowerBound..<max(range.upperBound, min(range.lowerBound + byteCount, rowEnd))
    }
}
