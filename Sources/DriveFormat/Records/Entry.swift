public import SCALE

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
    /// Set on what has more than one name: all other fields but `type` then live in the commit's tree of link groups, and
    /// are blank here.
    public var linkGroup: LinkGroup?
    public let extensions: Extensions

    public init(
        type: EntryType, mode: UInt16, owner: Owner = Owner(), group: Owner = Owner(), modified: Timestamp,
        changed: Timestamp, size: UInt64 = 0, attributes: Attributes = .none, content: Content = .none,
        linkGroup: LinkGroup? = nil, extensions: Extensions = .none
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
        self.extensions = extensions
    }

    /// One of several names of an inode.
    public init(_ type: EntryType, in group: LinkGroup) { self.init(type, in: group, .none) }

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
        extensions = try Extensions.read(in: "entry", &decoder)
        guard isConsistent else { throw .invalid("a \(type) of \(size) bytes with \(content.name)", offset: offset) }
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
        extensions.write(to: &encoder)
    }

    private var isConsistent: Bool {
        guard let linkGroup else { return content.fits(type, size: size) }
        // Blank, so that a change of the inode changes none of its names.
        return type != .directory && self == Entry(type, in: linkGroup, extensions)
    }

    private init(_ type: EntryType, in group: LinkGroup, _ extensions: Extensions) {
        let never = Timestamp(seconds: 0)
        self.init(type: type, mode: 0, modified: never, changed: never, linkGroup: group, extensions: extensions)
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
