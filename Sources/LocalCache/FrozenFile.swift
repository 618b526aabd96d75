/// A file of a `LocalCache` as it was at one moment.
///
/// What it shows can be read as long as somebody holds this: the room of segments that were deleted meanwhile is free only then.
public final class FrozenFile: Sendable {
    public let file: FileNumber
    /// What of the file was written in this epoch or before is what this shows.
    let epoch: UInt64
    private let extents: ExtentMap
    private let segments: [UInt32: Segment]
    private let readers: ExtentReader

    init(
        file: FileNumber, epoch: UInt64, extents: ExtentMap, segments: [UInt32: Segment], readers: ExtentReader
    ) {
        self.file = file
        self.epoch = epoch
        self.extents = extents
        self.segments = segments
        self.readers = readers
    }

    /// What was here of a range, in order; neighbours of one kind are one.
    public func extents(in range: Range<UInt64>) -> [(range: Range<UInt64>, kind: ExtentKind)] {
        LocalCache.merged(extents.clipped(to: range))
    }

    /// As `LocalCache.read`, of what was here.
    public func read(
        _ range: Range<UInt64>, into output: inout MutableSpan<UInt8>
    ) throws(CacheError) -> [Range<UInt64>] {
        precondition(UInt64(output.count) == range.upperBound - range.lowerBound)
        let pieces = extents.clipped(to: range).map {
            ExtentReader.Piece(extent: $0, segment: segments[$0.segment])
        }
        return try readers.read(pieces, of: file, from: range.lowerBound, into: &output) { _ in }
    }
}
