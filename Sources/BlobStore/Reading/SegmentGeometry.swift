internal import DriveFormat

/// Where the bytes of a segment lie among its data fragments, and in which windows nodes are asked for them.
///
/// Requests begin and end at multiples of 16 KiB, so that a node learns little of where blobs begin.
enum SegmentGeometry {
    static let windowByteCount = 16_384
    static let fragmentByteCount = SegmentLayout.fragmentByteCount
    static let windowsPerFragment = fragmentByteCount / windowByteCount
    static let rowCount = VolumeRecord.Segment.fragmentCount
    static let dataRowCount = 4

    /// The parts of a segment's range by data row, ascending.
    static func parts(of range: Range<Int>) -> [RowPart] {
        guard !range.isEmpty else { return [] }
        let rows = range.lowerBound / fragmentByteCount...(range.upperBound - 1) / fragmentByteCount
        return rows.map { row in
            let start = row * fragmentByteCount
            let part = range.clamped(to: start..<start + fragmentByteCount)
            return RowPart(row: row, range: part.lowerBound - start..<part.upperBound - start)
        }
    }

    /// The windows that hold a range of a fragment.
    static func windows(holding range: Range<Int>) -> Range<Int> {
        range.lowerBound / windowByteCount..<(range.upperBound + windowByteCount - 1) / windowByteCount
    }

    /// The bytes of a fragment that windows hold.
    static func bytes(of windows: Range<Int>) -> Range<Int> {
        windows.lowerBound * windowByteCount..<windows.upperBound * windowByteCount
    }
}

/// A part of a segment that lies in one data row.
struct RowPart: Hashable, Sendable {
    let row: Int
    /// Bytes of the row's fragment.
    let range: Range<Int>

    var windows: Range<Int> { SegmentGeometry.windows(holding: range) }
    /// Where the fragment's byte 0 lies in the segment.
    var segmentOffset: Int { row * SegmentGeometry.fragmentByteCount }
}

/// Bytes of a segment in the pieces in which they came, so that nothing is copied that is not cut.
struct SegmentBytes: Sendable {
    struct Piece: Sendable {
        /// What of the segment the piece is used for.
        let range: Range<Int>
        /// The segment offset of the first of `bytes`, which may begin before the range and end after it.
        let origin: Int
        let bytes: [UInt8]
        /// Whether the row's own node sent them.
        var isOwn = true
    }

    let range: Range<Int>
    /// Ascending and without gaps.
    private let pieces: [Piece]

    /// - Precondition: the pieces follow each other and cover the range.
    init(range: Range<Int>, pieces: [Piece]) {
        self.range = range
        self.pieces = pieces
    }

    /// - Precondition: there are as many bytes as the range has.
    init(range: Range<Int>, bytes: [UInt8]) {
        precondition(bytes.count == range.count)
        self.init(range: range, pieces: [Piece(range: range, origin: range.lowerBound, bytes: bytes)])
    }

    /// Lends a part of the range, as it lies in a piece or, where it crosses pieces, copied together.
    ///
    /// - Precondition: it is part of the range.
    func withSpan<R, E: Error>(_ part: Range<Int>, _ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
        precondition(range.lowerBound <= part.lowerBound && part.upperBound <= range.upperBound)
        for piece in pieces
        where piece.range.lowerBound <= part.lowerBound && part.upperBound <= piece.range.upperBound {
            return try body(
                piece.bytes.span.extracting(part.lowerBound - piece.origin..<part.upperBound - piece.origin))
        }
        return try body(copy(part).span)
    }

    private func copy(_ part: Range<Int>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(part.count)
        for piece in pieces {
            let shared = piece.range.clamped(to: part)
            guard !shared.isEmpty else { continue }
            bytes += piece.bytes[shared.lowerBound - piece.origin..<shared.upperBound - piece.origin]
        }
        return bytes
    }
}
