internal import DriveFormat
internal import FUSE
internal import LocalCache
internal import SCALE

/// What the cache remembers of a mount's changes: a record for each inode and each name that is not in the drive as it is here.
///
/// Format: Docs/Format/Overlay.md.
enum OverlayKey: Hashable {
    case inode(InodeNumber)
    case name(Place)
    /// The cache's file that has bytes of what the drive has under this name.
    case content([UInt8])
    /// The cache's file that is a node of a tree, by the node's id.
    case node([UInt8])
    /// The last attempt to commit.
    case attempt

    var bytes: [UInt8] {
        switch self {
        case .inode(let number): [1] + number.littleEndianBytes
        case .name(let place): [2] + place.parent.littleEndianBytes + place.name
        case .content(let id): [3] + id
        case .node(let id): [4] + id
        case .attempt: [5]
        }
    }

    /// Nil for what no version of this writes.
    init?(_ bytes: [UInt8]) {
        guard let kind = bytes.first else { return nil }
        let rest = bytes.dropFirst()
        switch kind {
        case 1:
            guard let number = InodeNumber(littleEndian: rest), rest.count == 8 else { return nil }
            self = .inode(number)
        case 2:
            guard let parent = InodeNumber(littleEndian: rest), Entry.isValidName(Array(rest.dropFirst(8))) else {
                return nil
            }
            self = .name(Place(parent: parent, name: Array(rest.dropFirst(8))))
        case 3: self = .content(Array(rest))
        case 4: self = .node(Array(rest))
        case 5 where rest.isEmpty: self = .attempt
        default: return nil
        }
    }
}

/// What is kept of a changed inode.
struct InodeRecord: ScaleCodable {
    let content: InodeContent

    init(_ content: InodeContent) { self.content = content }

    init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        let entry: Entry = try decoder.decode()
        let group: LinkGroup? = try decoder.option()
        var content = InodeContent(entry: entry, group: group, linkCount: try decoder.integer())
        let hasFile = try decoder.bool()
        content.file = hasFile ? FileNumber(try decoder.integer()) : nil
        content.baseLimit = try decoder.integer()
        content.attributes = try decoder.bool() ? try decoder.vector(limit: AttributeList.countLimit) : nil
        // The size of a file is here what its content does not say any more.
        content.size = try decoder.integer()
        content.base = try decoder.option()
        content.staged = try decoder.bool() ? try decoder.decode() : nil
        self.content = content
    }

    func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(content.entry.recorded)
        encoder.option(content.group)
        encoder.integer(content.linkCount)
        encoder.bool(content.file != nil)
        if let file = content.file { encoder.integer(file.value) }
        encoder.integer(content.baseLimit)
        encoder.bool(content.attributes != nil)
        if let attributes = content.attributes { encoder.vector(attributes) }
        encoder.integer(content.size)
        encoder.option(content.base?.recorded)
        encoder.bool(content.staged != nil)
        if let staged = content.staged { encoder.encode(staged) }
    }
}

extension StagedInode: ScaleCodable {
    init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        entry = try decoder.decode()
        own = try decoder.option()
        base = try decoder.option()
    }

    func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(entry.recorded)
        encoder.option(own?.recorded)
        encoder.option(base?.recorded)
    }
}

/// What is kept of a name that was changed.
struct NameRecord: ScaleCodable {
    /// Nil where it is gone.
    let inode: InodeNumber?
    /// Both as in `NameEdit`.
    let base: Entry?
    let isInBase: Bool
    let isSame: Bool
    let staged: StagedName?

    init(_ edit: NameEdit) {
        inode = edit.inode?.number
        base = edit.base
        isInBase = edit.inDrive != .nothing
        isSame = edit.isSame
        staged = edit.staged
    }

    init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        inode = try decoder.bool() ? InodeNumber(rawValue: try decoder.integer()) : nil
        base = try decoder.option()
        isInBase = try decoder.bool()
        isSame = try decoder.bool()
        staged = try decoder.bool() ? try decoder.decode() : nil
    }

    func encode(to encoder: inout ScaleEncoder) {
        encoder.bool(inode != nil)
        if let inode { encoder.integer(inode.rawValue) }
        encoder.option(base?.recorded)
        encoder.bool(isInBase)
        encoder.bool(isSame)
        encoder.bool(staged != nil)
        if let staged { encoder.encode(staged) }
    }
}

extension StagedName: ScaleCodable {
    init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        entry = try decoder.option()
        isShared = try decoder.bool()
        isReplaced = try decoder.bool()
    }

    func encode(to encoder: inout ScaleEncoder) {
        encoder.option(entry?.recorded)
        encoder.bool(isShared)
        encoder.bool(isReplaced)
    }
}

extension Entry {
    /// The root's tree is named in another way, which no entry has, and is always that of the drive as it is.
    fileprivate var recorded: Entry {
        guard case .directory(let tree) = content, tree.isPointed else { return self }
        var entry = self
        entry.content = .newDirectory
        return entry
    }
}

extension InodeNumber {
    var littleEndianBytes: [UInt8] {
        var bytes: [UInt8] = []
        for index in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: rawValue >> (8 * UInt64(index)))) }
        return bytes
    }

    init?(littleEndian bytes: some Collection<UInt8>) {
        guard bytes.count >= 8 else { return nil }
        var value: UInt64 = 0
        for byte in bytes.prefix(8).reversed() { value = value << 8 | UInt64(byte) }
        self.init(rawValue: value)
    }
}
