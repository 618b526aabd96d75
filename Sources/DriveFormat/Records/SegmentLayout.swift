internal import Compression
internal import SCALE

/// The sizes that a segment is made of.
///
/// Format: Docs/Format/Segments.md, "Layout".
public enum SegmentLayout {
    /// 32 MiB, fixed by the network (protocol reference §1.1).
    public static let byteCount = 33_554_432
    /// 8 MiB, fixed by the network.
    public static let fragmentByteCount = 8_388_608
    public static let preludeByteCount = 4096
    /// The longest plaintext of one blob (Docs/Format/Compression.md, "Codecs").
    public static let maximumRawLength = 33_554_432
    /// The most segments that a volume may have: its record has to fit a tree's node.
    public static let maximumSegmentsPerVolume = 128

    /// The fewest payload bytes that a plaintext can have become: all of them, or the table of its blocks.
    static func leastPayload(rawByteCount: Int, isCompressed: Bool) -> Int {
        isCompressed ? BlockTable.byteCount(rawByteCount: rawByteCount) : rawByteCount
    }

    /// Reads the number of a segment in its volume, counted from 0.
    static func segmentNumber(in decoder: inout ScaleDecoder) throws(ScaleError) -> UInt16 {
        let offset = decoder.offset
        let number: UInt16 = try decoder.integer()
        guard number < maximumSegmentsPerVolume else {
            throw .invalid("a volume has at most \(maximumSegmentsPerVolume) segments", offset: offset)
        }
        return number
    }
}
