internal import Compression
internal import DriveFormat
internal import Primitives
public import Sealing

/// A blob before it is sealed: named, compressed where that helps, padded where its length would tell.
public struct PreparedBlob: Sendable {
    public let id: BlobID
    public let kind: BlobKind
    let codec: Sealing.BlobCodec
    let payload: [UInt8]
    let rawByteCount: Int

    private static let compressor = Compression.BlobCodec()

    /// Names and compresses `plaintext`: most of the work of storing it, and none of the order.
    ///
    /// - Parameter padded: for what a file's chunk holds: its payload is padded where the file is short.
    public init(_ plaintext: [UInt8], kind: BlobKind, keys: DriveKeys, padded: Bool = false) {
        id = keys.blobID(kind, plaintext.span)
        self.kind = kind
        rawByteCount = plaintext.count
        let (codec, encoded) = Self.compressor.encode(plaintext.span)
        var payload = encoded
        if padded {
            let byteCount = Padding.paddedByteCount(ofPayload: payload.count, rawByteCount: plaintext.count)
            payload.append(contentsOf: repeatElement(0, count: byteCount - payload.count))
        }
        self.codec = codec == .zstd ? .zstd : .raw
        self.payload = payload
    }

    /// For what does not compress and is not padded: a table of random ids.
    init(uncompressed plaintext: [UInt8], kind: BlobKind, keys: DriveKeys) {
        id = keys.blobID(kind, plaintext.span)
        self.kind = kind
        codec = .raw
        payload = plaintext
        rawByteCount = plaintext.count
    }

    var sealedByteCount: Int { FrameLayout(payloadByteCount: payload.count)?.sealedByteCount ?? .max }
}
