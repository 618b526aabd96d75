/// The sizes that a segment is made of.
///
/// Format: Docs/Format/Segments.md, "Layout".
public enum SegmentLayout {
    /// 32 MiB, fixed by the network (protocol reference §1.1).
    public static let byteCount = 33_554_432
    /// 8 MiB, fixed by the network.
    public static let fragmentByteCount = 8_388_608
    public static let preludeByteCount = 4096
    /// The longest plaintext of one blob: a blob table is the only one that comes near it.
    public static let maximumRawLength = 67_108_864
    /// The most segments that a volume may have: its record has to fit a tree's node.
    public static let maximumSegmentsPerVolume = 128
}
