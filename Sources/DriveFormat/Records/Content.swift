public import SCALE
public import Sealing

/// Where an entry's bytes are.
public enum Content: Equatable, Sendable, ScaleCodable {
    /// Contents of at most this many bytes stand in the entry.
    public static let inlineByteLimit = 128
    /// A link's target always stands in the entry.
    public static let targetByteLimit = 4095

    /// No bytes: an empty file, a fifo, a socket, one of several names of an inode.
    case none
    /// A short file's bytes, or a link's target.
    case inline([UInt8])
    /// The whole file is one chunk.
    case chunk(BlobID, length: UInt32)
    /// The file is a list of chunks and holes.
    case chunks(TreeRoot)
    /// A directory's entries.
    case directory(TreeRoot)
    /// A device's numbers.
    case device(major: UInt32, minor: UInt32)

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        let offset = decoder.offset
        switch try decoder.byte() {
        case 0: self = .none
        case 1: self = .inline(try decoder.byteVector(limit: Self.targetByteLimit))
        case 2: self = .chunk(try decoder.decode(), length: try decoder.integer())
        case 3: self = .chunks(try decoder.decode())
        case 4: self = .directory(try decoder.decode())
        case 5: self = .device(major: try decoder.integer(), minor: try decoder.integer())
        case let index: throw .unknownVariant(index, type: "Content", offset: offset)
        }
    }

    public func encode(to encoder: inout ScaleEncoder) {
        switch self {
        case .none: encoder.integer(UInt8(0))
        case .inline(let bytes):
            encoder.integer(UInt8(1))
            encoder.byteVector(bytes)
        case .chunk(let id, let length):
            encoder.integer(UInt8(2))
            encoder.encode(id)
            encoder.integer(length)
        case .chunks(let root):
            encoder.integer(UInt8(3))
            encoder.encode(root)
        case .directory(let root):
            encoder.integer(UInt8(4))
            encoder.encode(root)
        case .device(let major, let minor):
            encoder.integer(UInt8(5))
            encoder.integer(major)
            encoder.integer(minor)
        }
    }

    /// Whether something of this type and size may have this content; trees inside the drive are named by blob id.
    func fits(_ type: EntryType, size: UInt64) -> Bool {
        switch (type, self) {
        case (.file, .none): size == 0
        case (.file, .inline(let bytes)):
            (1...Self.inlineByteLimit).contains(bytes.count) && size == UInt64(bytes.count)
        case (.file, .chunk(_, let length)):
            length > 0 && length <= ChunkKey.chunkByteLimit && size == UInt64(length)
        case (.file, .chunks(let root)): root.count > 0 && root.bytes == size && !root.isPointed
        case (.symlink, .inline(let target)): size == 0 && !target.isEmpty && !target.contains(0)
        case (.directory, .directory(let root)): size == 0 && !root.isPointed
        case (.characterDevice, .device), (.blockDevice, .device): size == 0
        case (.fifo, .none), (.socket, .none): size == 0
        default: false
        }
    }

    var name: String {
        switch self {
        case .none: "no content"
        case .inline: "content in place"
        case .chunk: "a chunk"
        case .chunks: "a list of chunks"
        case .directory: "a directory"
        case .device: "device numbers"
        }
    }
}
