internal import Primitives
public import SCALE
public import Sealing

/// An item of a file's list of chunks: a chunk, or a hole that reads as zeros.
///
/// It is the key of the list's tree; the value beside it is empty.
///
/// Format: Docs/Format/Entries.md, "List of chunks" (40 bytes).
public struct ChunkKey: Hashable, Sendable, ScaleCodable {
    /// All zero for a hole.
    public let id: BlobID
    /// In bytes of the file; at most 4 MiB for a chunk.
    public let length: UInt64

    public static let chunkByteLimit: UInt64 = 4_194_304

    public init(id: BlobID, length: UInt64) {
        self.id = id
        self.length = length
    }

    public static func hole(_ length: UInt64) -> ChunkKey { ChunkKey(id: BlobID(.zero), length: length) }
    public var isHole: Bool { id == BlobID(.zero) }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        id = try decoder.decode()
        let offset = decoder.offset
        length = try decoder.integer()
        guard length > 0, isHole || length <= Self.chunkByteLimit else {
            throw .invalid("a chunk has 1 byte to 4 MiB", offset: offset)
        }
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(id)
        encoder.integer(length)
    }
}
