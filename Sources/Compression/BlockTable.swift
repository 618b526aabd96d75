/// Where the blocks of a compressed payload lie.
///
/// Format: Docs/Format/Compression.md, "Blocks".
public struct BlockTable: Hashable, Sendable {
    /// How many bytes of plaintext every block but the last one holds.
    public static let blockByteCount = 128 << 10

    public let rawByteCount: Int
    /// Offsets in the payload, one a block.
    private let ends: [Int]

    /// How many bytes the table of a blob takes: the payload's first ones.
    public static func byteCount(rawByteCount: Int) -> Int { 4 * blockCount(rawByteCount: rawByteCount) }

    static func blockCount(rawByteCount: Int) -> Int { (rawByteCount + blockByteCount - 1) / blockByteCount }

    /// Reads the table.
    ///
    /// - Parameters:
    ///   - prefix: the beginning of the payload, at least `byteCount(rawByteCount:)` bytes.
    ///   - payloadByteCount: the length of the whole payload, padding included.
    /// - Throws: `CompressionError` if offsets are not in order, or point outside the payload.
    public init(
        _ prefix: Span<UInt8>, rawByteCount: Int, payloadByteCount: Int
    ) throws(CompressionError) {
        guard 0...BlobCodec.maximumRawByteCount ~= rawByteCount else { throw .tooLong(raw: rawByteCount) }
        let count = Self.blockCount(rawByteCount: rawByteCount)
        guard 4 * count <= prefix.count, prefix.count <= payloadByteCount else {
            throw .wrongLength(payload: payloadByteCount, raw: rawByteCount)
        }
        var ends: [Int] = []
        var last = 4 * count
        for block in 0..<count {
            let end = (0..<4).reduce(0) { $0 | Int(prefix[4 * block + $1]) << (8 * $1) }
            guard last < end, end <= payloadByteCount else { throw .badTable(block: block) }
            ends.append(end)
            last = end
        }
        self.rawByteCount = rawByteCount
        self.ends = ends
    }

    public var blockCount: Int { ends.count }

    /// The payload's length without padding.
    public var endOffset: Int { ends.last ?? 0 }

    /// Where a block lies in the payload.
    public func payloadRange(ofBlock block: Int) -> Range<Int> {
        (block == 0 ? 4 * ends.count : ends[block - 1])..<ends[block]
    }

    /// Which bytes of the blob a block holds.
    public func rawRange(ofBlock block: Int) -> Range<Int> {
        block * Self.blockByteCount..<min((block + 1) * Self.blockByteCount, rawByteCount)
    }

    /// The blocks that hold some bytes of the blob.
    public func blocks(holding range: Range<Int>) -> Range<Int> {
        let bounded = range.clamped(to: 0..<rawByteCount)
        guard !bounded.isEmpty else { return 0..<0 }
        return bounded.lowerBound / Self.blockByteCount..<(bounded.upperBound - 1) / Self.blockByteCount + 1
    }
}
