internal import Drive
internal import DriveFormat
internal import FUSE
internal import LocalCache
internal import Synchronization

/// A state of the drive that names are looked up in: the living drive, which goes on, or one commit under `.snapshots`.
final class View: Sendable {
    private let current: Mutex<(snapshot: Snapshot, generation: Int)>

    init(_ snapshot: Snapshot) { current = Mutex((snapshot, 0)) }

    var snapshot: Snapshot { current.withLock(\.snapshot) }
    /// Counts the states that it has been.
    var generation: Int { current.withLock(\.generation) }

    func replace(with snapshot: Snapshot) {
        current.withLock { $0 = (snapshot, $0.generation + 1) }
    }
}

/// A name in a directory.
struct Place: Hashable {
    let parent: InodeNumber
    let name: [UInt8]
}

/// What the kernel knows by a number. Its fields are read and changed under the lock of the table that holds it, save those
/// that never change.
final class Inode: @unchecked Sendable {  // see above
    let number: InodeNumber
    let view: View
    /// The name that it was found by.
    var place: Place
    /// More of its names that are known.
    var otherPlaces: [Place] = []
    var content: InodeContent
    /// Of a directory: names that stand for something else here than in the drive.
    var edits: [[UInt8]: NameEdit] = [:]
    /// How often the kernel has been told of it and has not forgotten.
    var lookups: UInt64 = 0
    /// Where it stands in the table's queue; 0 for a directory.
    var age: UInt64 = 0
    /// How many open files there are of it.
    var opens = 0
    /// While it is open: the file of the cache that has bytes of what the drive has here, which others may read from, too.
    var used: UsedContent?
    /// Extended attributes that do not stand in the entry, once somebody had to know them.
    var readAttributes: ReadAttributes?
    /// Whether names lead to it: not where something else has taken its place, and some program still has it open.
    var isNamed = true
    /// Whether another machine's commit has taken its name away: what would be written to it would be nowhere.
    var isStale = false

    init(_ number: InodeNumber, in view: View, place: Place, content: InodeContent) {
        self.number = number
        self.view = view
        self.place = place
        self.content = content
    }
}

/// A file of the cache that an open inode reads from.
struct UsedContent {
    /// What the drive calls the content.
    let id: [UInt8]
    let file: FileNumber
}

/// What the drive has by way of extended attributes.
final class ReadAttributes: Sendable {
    /// As an entry names them.
    let source: Attributes
    let list: [Attribute]

    init(_ source: Attributes, _ list: [Attribute]) {
        self.source = source
        self.list = list
    }
}

/// What an inode is.
struct InodeContent {
    /// Never one of several names, but what they stand for. Its size and its content are those in the drive, over which what was
    /// written is laid.
    var entry: Entry
    /// What its names have in common where there are or were several.
    var group: LinkGroup?
    /// Of a changed group or directory.
    private var past: InodePast?
    var linkCount: UInt32
    /// The length that the file has now.
    var size: UInt64
    /// The file of the cache that has its bytes, where any were written.
    var file: FileNumber?
    /// How many bytes of the content in the drive are to be seen still: fewer after it was cut off.
    var baseLimit: UInt64 = .max
    /// The least size that it has had since it was frozen for a commit.
    var lowestSize: UInt64 = .max
    /// The change that has given it another content in the drive, by a copy.
    var baseRevision: UInt64 = 0
    /// Extended attributes in the place of the entry's.
    var attributes: [Attribute]?
    /// When it was read last, where that is not when it was modified. The drive does not keep it.
    var accessed: Timestamp?
    /// The number of its last change; nil where it is as in the drive.
    var revision: UInt64?

    init(entry: Entry, group: LinkGroup?, linkCount: UInt32) {
        self.entry = entry
        self.group = group
        self.linkCount = linkCount
        size = entry.size
    }

    /// Of a group or a directory: what the drive had when it was changed here first, or has it now, where others' changes are taken
    /// over; nil for what is not in the drive.
    var base: Entry? {
        get { past?.base }
        set { past = InodePast(base: newValue, staged: staged, names: namesInDrive) }
    }

    /// What the last attempt to commit has made of a group or a directory.
    var staged: StagedInode? {
        get { past?.staged }
        set { past = InodePast(base: base, staged: newValue, names: namesInDrive) }
    }

    /// Of a changed group: how many names the drive has of it now. What was taken away here is among them, and what was added is not.
    var namesInDrive: UInt32 {
        get { past?.names ?? 0 }
        set { past = InodePast(base: base, staged: staged, names: newValue) }
    }

    /// Whether it is a directory that is in no commit yet.
    var isNew: Bool { entry.content == .newDirectory }

    /// As it stands in a directory of the drive where it is not changed.
    var directoryEntry: Entry { group.map { Entry(entry.type, in: $0) } ?? entry }
}

/// What a name stands for in a changed directory.
struct NameEdit {
    /// Nil where it is gone.
    let inode: Inode?
    private var past: NamePast?
    /// What it is in the drive's directory, as that is now.
    var inDrive: NameInDrive
    /// Whether it stands for the same thing as in the drive, which is changed itself, or below.
    let isSame: Bool
    let revision: UInt64

    init(
        inode: Inode?, base: Entry?, inDrive: NameInDrive, isSame: Bool, revision: UInt64, staged: StagedName? = nil
    ) {
        self.inode = inode
        past = NamePast(base: base, staged: staged)
        self.inDrive = inDrive
        self.isSame = isSame
        self.revision = revision
    }

    /// How it stood in the drive's directory when it was changed here first; nil where it did not.
    var base: Entry? {
        get { past?.base }
        set { past = NamePast(base: newValue, staged: staged) }
    }

    /// What the last attempt to commit has made of the name: where the drive has that, nobody else has changed it. Nil where no attempt had
    /// it.
    var staged: StagedName? {
        get { past?.staged }
        set { past = NamePast(base: base, staged: newValue) }
    }
}

/// What an attempt to commit has made of a name.
struct StagedName: Equatable {
    /// Nil where it has taken it away.
    let entry: Entry?
    /// Whether it is a directory that others had made, too: what they have put into it is not this mount's to take away.
    let isShared: Bool
    /// Whether the name stands for something else since.
    let isReplaced: Bool

    init(entry: Entry?, isShared: Bool = false, isReplaced: Bool = false) {
        self.entry = entry
        self.isShared = isShared
        self.isReplaced = isReplaced
    }

    /// As it is where the name stands for something else from now on.
    var replaced: StagedName? { isShared ? nil : StagedName(entry: entry, isReplaced: true) }
}

/// What an attempt to commit has made of an inode.
struct StagedInode: Equatable {
    let entry: Entry
    /// Of a directory: as it was here then, where its attributes were others.
    var own: Entry?
    /// Of a directory: as the drive had it then, as far as that was known here.
    var base: Entry?
}

/// What a name is in a directory of the drive.
enum NameInDrive: Equatable {
    case nothing
    case directory
    /// The only name of what is no directory.
    case single
    case oneOf(LinkGroup)

    init(_ entry: Entry?) {
        guard let entry else {
            self = .nothing
            return
        }
        self = entry.linkGroup.map { .oneOf($0) } ?? (entry.type == .directory ? .directory : .single)
    }
}

/// What a name has been: few have that, and a place of its own takes no room where there is none.
private final class NamePast: Sendable {
    let base: Entry?
    let staged: StagedName?

    /// Nil where both are.
    init?(base: Entry?, staged: StagedName?) {
        guard base != nil || staged != nil else { return nil }
        self.base = base
        self.staged = staged
    }
}

/// The same of an inode.
private final class InodePast: Sendable {
    let base: Entry?
    let staged: StagedInode?
    let names: UInt32

    /// Nil where it is nothing.
    init?(base: Entry?, staged: StagedInode?, names: UInt32) {
        guard base != nil || staged != nil || names > 0 else { return nil }
        self.base = base
        self.staged = staged
        self.names = names
    }
}
