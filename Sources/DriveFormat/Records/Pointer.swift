public import Primitives
public import SCALE
public import Sealing

/// Where a sealed blob lies, and what is needed to open any frame of it without another request.
///
/// Format: Docs/Format/Segments.md, "Pointer" (55 bytes).
public struct Pointer: Hashable, Sendable, ScaleCodable {
    public static let byteCount = 55

    /// The volume that holds it.
    public var volume: VolumeID
    /// Counted from 0.
    public let segment: UInt16
    /// Of frame 0, in bytes from the segment's beginning.
    public let offset: UInt32
    /// The bytes that were sealed: table of blocks and padding counted.
    public let payloadLength: UInt32
    /// The plaintext's bytes.
    public let rawLength: UInt32
    public let codec: BlobCodec
    public let epoch: EpochID
    /// The random part of the nonce of each frame.
    public let nonce: Bytes16

    public init(
        volume: VolumeID, segment: UInt16, offset: UInt32, payloadLength: UInt32, rawLength: UInt32, codec: BlobCodec,
        epoch: EpochID, nonce: Bytes16
    ) {
        self.volume = volume
        self.segment = segment
        self.offset = offset
        self.payloadLength = payloadLength
        self.rawLength = rawLength
        self.codec = codec
        self.epoch = epoch
        self.nonce = nonce
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        volume = try VolumeID.named(in: &decoder)
        segment = try SegmentLayout.segmentNumber(in: &decoder)
        offset = try decoder.integer()
        payloadLength = try decoder.integer()
        rawLength = try decoder.integer()
        codec = try decoder.decode()
        epoch = try decoder.decode()
        nonce = try decoder.decode()
        try Self.check(
            offset: offset, payloadLength: payloadLength, rawLength: rawLength, codec: codec, at: decoder.offset)
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(volume)
        encoder.integer(segment)
        encoder.integer(offset)
        encoder.integer(payloadLength)
        encoder.integer(rawLength)
        encoder.encode(codec)
        encoder.encode(epoch)
        encoder.encode(nonce)
    }

    /// The same sealed bytes in another place.
    public func moved(to volume: VolumeID, segment: UInt16, offset: UInt32) -> Pointer {
        Pointer(
            volume: volume, segment: segment, offset: offset, payloadLength: payloadLength, rawLength: rawLength,
            codec: codec, epoch: epoch, nonce: nonce)
    }

    /// The bytes it takes in the segment: the payload and a tag for each frame.
    public var sealedByteCount: Int {
        // `check` has refused what is longer than a segment.
        FrameLayout(payloadByteCount: Int(payloadLength))?.sealedByteCount ?? 0
    }

    /// What the frames are authenticated with, for the blob of this id and kind.
    public func header(id: BlobID, kind: BlobKind) -> BlobHeader? {
        guard let layout = FrameLayout(payloadByteCount: Int(payloadLength)) else { return nil }
        return BlobHeader(
            kind: kind, codec: codec, epoch: epoch, id: id, rawByteCount: rawLength, layout: layout, nonce: nonce)
    }

    /// Refuses what cannot lie in a segment, whatever wrote it, and a payload that is too short for its plaintext.
    static func check(
        offset: UInt32, payloadLength: UInt32, rawLength: UInt32, codec: BlobCodec, at position: Int
    ) throws(ScaleError) {
        guard let layout = FrameLayout(payloadByteCount: Int(payloadLength)),
            offset >= UInt32(SegmentLayout.preludeByteCount),
            Int(offset) + layout.sealedByteCount <= SegmentLayout.byteCount,
            Int(rawLength) <= SegmentLayout.maximumRawLength
        else { throw .invalid("a pointer that leaves its segment", offset: position) }
        let least = SegmentLayout.leastPayload(rawByteCount: Int(rawLength), isCompressed: codec == .zstd)
        guard Int(payloadLength) >= least else {
            throw .invalid("a payload that is too short for its plaintext", offset: position)
        }
    }
}

/// A blob's identifier with its place: what names a tree node that the index does not know.
public struct BlobReference: Hashable, Sendable, ScaleCodable {
    public static let byteCount = 32 + Pointer.byteCount

    public let id: BlobID
    public var pointer: Pointer

    public init(id: BlobID, pointer: Pointer) {
        self.id = id
        self.pointer = pointer
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        id = try decoder.decode()
        pointer = try decoder.decode()
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(id)
        encoder.encode(pointer)
    }
}
