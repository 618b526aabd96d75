public import Primitives
public import SCALE
public import Sealing

/// The first 4 KiB of a segment, sealed under the prelude key: what opens the rest of it without anything else.
///
/// Format: Docs/Format/Segments.md, "Prelude".
public struct Prelude: Equatable, Sendable, ScaleCodable {
    public static let epochLimit = 8
    public static let boxLimit = 33

    public let drive: DriveID
    public let volume: VolumeID
    /// Counted from 0.
    public let segment: UInt16
    /// The epochs under which the segment's blobs are sealed; the first is that of the blob table.
    public let epochs: [EpochBoxes]
    public let table: Extent
    /// In the last segment of a commit's last volume: where the commit lies. It is sealed under the prelude key.
    public let commit: Extent?
    public let extensions: Extensions

    /// - Precondition: encoded, it fits `PreludeSealer.plaintextByteCount`; one epoch with 33 boxes does.
    public init(
        drive: DriveID, volume: VolumeID, segment: UInt16, epochs: [EpochBoxes], table: Extent, commit: Extent?,
        extensions: Extensions = .none
    ) {
        self.drive = drive
        self.volume = volume
        self.segment = segment
        self.epochs = epochs
        self.table = table
        self.commit = commit
        self.extensions = extensions
    }

    /// Reads the plaintext of a segment's first 4 KiB: the record, and zeros.
    public init(plaintext: [UInt8]) throws(ScaleError) {
        var decoder = ScaleDecoder(plaintext)
        try self.init(from: &decoder)
        guard plaintext[decoder.offset...].allSatisfy({ $0 == 0 }) else {
            throw .invalid("a prelude is filled up with zeros", offset: decoder.offset)
        }
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        try RecordVersion.read("prelude", from: &decoder)
        drive = try decoder.decode()
        volume = try VolumeID.named(in: &decoder)
        segment = try SegmentLayout.segmentNumber(in: &decoder)
        let offset = decoder.offset
        epochs = try decoder.vector(limit: Self.epochLimit)
        guard !epochs.isEmpty else { throw .invalid("a prelude names at least one epoch", offset: offset) }
        try Rules.distinct(epochs, by: \.epoch, "a prelude names an epoch", offset)
        table = try decoder.decode()
        commit = try decoder.option()
        extensions = try Extensions.read(in: "prelude", &decoder)
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.integer(RecordVersion.one)
        encoder.encode(drive)
        encoder.encode(volume)
        encoder.integer(segment)
        encoder.vector(epochs)
        encoder.encode(table)
        encoder.option(commit)
        extensions.write(to: &encoder)
    }
}

/// A sealed blob in the segment at hand.
///
/// Format: Docs/Format/Segments.md, "Extent" (61 bytes).
public struct Extent: Hashable, Sendable, ScaleCodable {
    public static let byteCount = 61

    public let id: BlobID
    public let offset: UInt32
    public let payloadLength: UInt32
    public let rawLength: UInt32
    public let codec: BlobCodec
    public let nonce: Bytes16

    public init(_ reference: BlobReference) {
        id = reference.id
        offset = reference.pointer.offset
        payloadLength = reference.pointer.payloadLength
        rawLength = reference.pointer.rawLength
        codec = reference.pointer.codec
        nonce = reference.pointer.nonce
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        id = try decoder.decode()
        offset = try decoder.integer()
        payloadLength = try decoder.integer()
        rawLength = try decoder.integer()
        codec = try decoder.decode()
        nonce = try decoder.decode()
        try Pointer.check(
            offset: offset, payloadLength: payloadLength, rawLength: rawLength, codec: codec, at: decoder.offset)
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(id)
        encoder.integer(offset)
        encoder.integer(payloadLength)
        encoder.integer(rawLength)
        encoder.encode(codec)
        encoder.encode(nonce)
    }

    /// Where its frames lie in the segment.
    public var sealedRange: Range<Int> {
        let length = FrameLayout(payloadByteCount: Int(payloadLength))?.sealedByteCount ?? 0
        return Int(offset)..<Int(offset) + length
    }

    /// The same place, named from outside the segment.
    public func reference(volume: VolumeID, segment: UInt16, epoch: EpochID) -> BlobReference {
        let pointer = Pointer(
            volume: volume, segment: segment, offset: offset, payloadLength: payloadLength, rawLength: rawLength,
            codec: codec, epoch: epoch, nonce: nonce)
        return BlobReference(id: id, pointer: pointer)
    }
}

/// An epoch key, sealed for everyone who may open it.
public struct EpochBoxes: Equatable, Sendable, ScaleCodable {
    public let epoch: EpochID
    public let boxes: [EpochBox]

    public init(epoch: EpochID, boxes: [EpochBox]) {
        self.epoch = epoch
        self.boxes = boxes
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        let offset = decoder.offset
        epoch = try decoder.decode()
        boxes = try decoder.vector(limit: Prelude.boxLimit)
        guard epoch != .zero else { throw .invalid("an epoch's id is not zero", offset: offset) }
        guard !boxes.isEmpty else { throw .invalid("an epoch has a box", offset: offset) }
        try Rules.distinct(boxes, by: \.recipient, "an epoch has a box for one recipient", offset)
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(epoch)
        encoder.vector(boxes)
    }
}

/// One sealed box of an epoch key: an anonymous box of 80 bytes, and a hint that says whose.
public struct EpochBox: Equatable, Sendable, ScaleCodable {
    public static let byteCount = 80

    /// The first 8 bytes of the recipient's public box key.
    public let recipient: UInt64
    public let box: [UInt8]

    /// - Precondition: `box` has 80 bytes.
    public init(recipient: UInt64, box: [UInt8]) {
        precondition(box.count == Self.byteCount)
        self.recipient = recipient
        self.box = box
    }

    /// The hint for a recipient's public box key.
    public static func hint(for publicKey: Bytes32) -> UInt64 {
        publicKey.bytes.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        recipient = try decoder.integer()
        box = try decoder.raw(Self.byteCount)
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.integer(recipient)
        encoder.raw(box)
    }
}
