public import Primitives

/// How a blob is sealed: what its pointer, its parent or its table entry says of it, and what opening it needs besides
/// the epoch's key.
///
/// Format: Docs/Format/Frames.md, "Header".
public struct BlobHeader: Hashable, Sendable {
    public let kind: BlobKind
    public let codec: BlobCodec
    public let epoch: EpochID
    public let id: BlobID
    /// The plaintext's length.
    public let rawByteCount: UInt32
    /// The payload's length and place: with table and padding, without tags.
    public let layout: FrameLayout
    /// The random first part of every frame's nonce.
    public let nonce: Bytes16

    public init(
        kind: BlobKind, codec: BlobCodec, epoch: EpochID, id: BlobID, rawByteCount: UInt32, layout: FrameLayout,
        nonce: Bytes16
    ) {
        self.kind = kind
        self.codec = codec
        self.epoch = epoch
        self.id = id
        self.rawByteCount = rawByteCount
        self.layout = layout
        self.nonce = nonce
    }

    /// What every frame is authenticated with: 62 bytes.
    var associatedData: [UInt8] {
        var data: [UInt8] = []
        data.reserveCapacity(62)
        data += "cessdrive/blob/1".utf8
        data += [kind.rawValue, codec.rawValue]
        data += epoch.bytes
        data += id.bytes
        data += (0..<4).map { UInt8(truncatingIfNeeded: rawByteCount >> (8 * $0)) }
        return data
    }
}
