public import Primitives
public import SCALE
public import Sealing

/// What a directory keeps of a name: everything but the bytes of large contents.
///
/// Format: Docs/Format/Entries.md.
public struct Entry: Equatable, Sendable, ScaleCodable {
    public var type: EntryType
    /// Permission bits with set-uid, set-gid and sticky: 0…0o7777.
    public var mode: UInt16
    public var owner: Owner
    public var group: Owner
    public var modified: Timestamp
    public var changed: Timestamp
    /// A file's length in bytes, holes included; 0 for anything else.
    public var size: UInt64
    public var attributes: Attributes
    public var content: Content
    /// Set on files with more than one name; their other fields then live in the commit's tree of link groups.
    public var linkGroup: LinkGroup?

    public init(
        type: EntryType, mode: UInt16, owner: Owner = Owner(), group: Owner = Owner(), modified: Timestamp,
        changed: Timestamp, size: UInt64 = 0, attributes: Attributes = .none, content: Content = .none,
        linkGroup: LinkGroup? = nil
    ) {
        self.type = type
        self.mode = mode
        self.owner = owner
        self.group = group
        self.modified = modified
        self.changed = changed
        self.size = size
        self.attributes = attributes
        self.content = content
        self.linkGroup = linkGroup
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        try RecordVersion.read("entry", from: &decoder)
        type = try decoder.decode()
        let offset = decoder.offset
        mode = try decoder.integer()
        guard mode <= 0o7777 else { throw .invalid("a mode has 12 bits", offset: offset) }
        owner = try decoder.decode()
        group = try decoder.decode()
        modified = try decoder.decode()
        changed = try decoder.decode()
        size = try decoder.compact(UInt64.self)
        attributes = try decoder.decode()
        content = try decoder.decode()
        linkGroup = try decoder.option()
        try Extensions.skip(in: "entry", &decoder)
        guard content.fits(type) else { throw .invalid("a \(type) with a \(content.name)", offset: offset) }
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.integer(RecordVersion.one)
        encoder.encode(type)
        encoder.integer(mode)
        encoder.encode(owner)
        encoder.encode(group)
        encoder.encode(modified)
        encoder.encode(changed)
        encoder.compact(size)
        encoder.encode(attributes)
        encoder.encode(content)
        encoder.option(linkGroup)
        Extensions.write(to: &encoder)
    }

    /// The longest name that an entry may have, in bytes.
    public static let nameByteLimit = 255

    /// Whether `name` may stand in a directory: 1…255 bytes, no slash, no NUL, neither `.` nor `..`.
    public static func isValidName(_ name: [UInt8]) -> Bool {
        !name.isEmpty && name.count <= nameByteLimit && !name.contains(0) && !name.contains(UInt8(ascii: "/"))
            && name != Array(".".utf8) && name != Array("..".utf8)
    }
}

/// The types of files that POSIX knows.
public enum EntryType: UInt8, Sendable, ScaleCodable, CaseIterable {
    case file = 0
    case directory = 1
    case symlink = 2
    case fifo = 3
    case characterDevice = 4
    case blockDevice = 5
    case socket = 6

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        let offset = decoder.offset
        let index = try decoder.byte()
        guard let type = EntryType(rawValue: index) else {
            throw .unknownVariant(index, type: "EntryType", offset: offset)
        }
        self = type
    }

    public func encode(to encoder: inout ScaleEncoder) { encoder.integer(rawValue) }
}

/// A user or group by number and, where the machine knew one, by name (raw bytes, at most 255).
public struct Owner: Hashable, Sendable, ScaleCodable {
    public let id: UInt32
    public let name: [UInt8]

    public init(id: UInt32 = 0, name: [UInt8] = []) {
        self.id = id
        self.name = Array(name.prefix(255))
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        id = try decoder.integer()
        name = try decoder.byteVector(limit: 255)
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.integer(id)
        encoder.byteVector(name)
    }
}

/// Extended attributes: few bytes in place, more in a blob of their own.
public enum Attributes: Equatable, Sendable, ScaleCodable {
    /// The encoded list may have this many bytes in place; a longer one is a blob of kind `attributes`.
    public static let inlineByteLimit = 1024

    case none
    case inline([Attribute])
    case blob(BlobID, rawLength: UInt32)

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        let offset = decoder.offset
        switch try decoder.byte() {
        case 0: self = .none
        case 1: self = .inline(try decoder.vector(limit: Self.inlineByteLimit))
        case 2: self = .blob(try decoder.decode(), rawLength: try decoder.integer())
        case let index: throw .unknownVariant(index, type: "Attributes", offset: offset)
        }
    }

    public func encode(to encoder: inout ScaleEncoder) {
        switch self {
        case .none: encoder.integer(UInt8(0))
        case .inline(let attributes):
            encoder.integer(UInt8(1))
            encoder.vector(attributes)
        case .blob(let id, let rawLength):
            encoder.integer(UInt8(2))
            encoder.encode(id)
            encoder.integer(rawLength)
        }
    }
}

/// One extended attribute: its name with the namespace (`user.comment`), and its value.
public struct Attribute: Hashable, Sendable, ScaleCodable {
    public let name: [UInt8]
    public let value: [UInt8]

    public init(name: [UInt8], value: [UInt8]) {
        self.name = name
        self.value = value
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        name = try decoder.byteVector(limit: 255)
        value = try decoder.byteVector(limit: 65_536)
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.byteVector(name)
        encoder.byteVector(value)
    }
}

/// Where an entry's bytes are.
public enum Content: Equatable, Sendable, ScaleCodable {
    /// Contents of at most this many bytes stand in the entry.
    public static let inlineByteLimit = 128
    /// A link's target always stands in the entry.
    public static let targetByteLimit = 4095

    /// No bytes: an empty file, a fifo, a socket, a file whose link group holds the rest.
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

    func fits(_ type: EntryType) -> Bool {
        switch (type, self) {
        case (.file, .none), (.file, .chunk), (.file, .chunks): true
        case (.file, .inline(let bytes)): bytes.count <= Self.inlineByteLimit
        case (.symlink, .inline(let target)): !target.isEmpty
        case (.symlink, .none): true  // a link with several names: its group has the target
        case (.directory, .directory): true
        case (.characterDevice, .device), (.blockDevice, .device): true
        case (.fifo, .none), (.socket, .none): true
        default: false
        }
    }

    var name: String {
        switch self {
        case .none: "nothing"
        case .inline: "content in place"
        case .chunk: "chunk"
        case .chunks: "list of chunks"
        case .directory: "directory"
        case .device: "device number"
        }
    }
}
