public import Primitives
public import SCALE

/// The name of a blob in its drive: a keyed digest of its kind and plaintext (Docs/Format/Keys.md, "Blob ids").
public struct BlobID: Hashable, Comparable, Sendable, ScaleCodable, CustomStringConvertible {
    public static let byteCount = 32

    public let digest: Bytes32

    @inlinable public init(_ digest: Bytes32) { self.digest = digest }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) { digest = try decoder.decode() }

    public func encode(to encoder: inout ScaleEncoder) { encoder.encode(digest) }

    public var bytes: [UInt8] { digest.bytes }

    /// 64 lower-case hexadecimal digits.
    public var description: String { digest.hex }

    @inlinable public static func < (a: BlobID, b: BlobID) -> Bool { a.digest < b.digest }
}

/// What a blob holds. Part of its name and of what its frames are authenticated with: one kind never passes for another.
public enum BlobKind: UInt8, Sendable, CaseIterable, ScaleCodable {
    case chunk = 1
    case directoryNode = 2
    case chunkListNode = 3
    case linkGroupNode = 4
    case indexNode = 5
    case volumeSetNode = 6
    case commit = 7
    case blobTable = 8
    case attributes = 9
    /// A change that waits in the spool for a commit; never on the network.
    case changeRecord = 10

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        let offset = decoder.offset
        let byte = try decoder.byte()
        guard let kind = BlobKind(rawValue: byte) else { throw .unknownVariant(byte, type: "BlobKind", offset: offset) }
        self = kind
    }

    public func encode(to encoder: inout ScaleEncoder) { encoder.integer(rawValue) }
}

/// How a blob's payload is made of its plaintext.
public enum BlobCodec: UInt8, Sendable, CaseIterable, ScaleCodable {
    /// The plaintext itself.
    case raw = 0
    /// Independent zstd blocks behind a table of their ends.
    case zstd = 1

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        let offset = decoder.offset
        let byte = try decoder.byte()
        guard let codec = BlobCodec(rawValue: byte) else {
            throw .unknownVariant(byte, type: "BlobCodec", offset: offset)
        }
        self = codec
    }

    public func encode(to encoder: inout ScaleEncoder) { encoder.integer(rawValue) }
}
