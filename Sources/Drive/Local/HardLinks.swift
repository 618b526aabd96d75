internal import DriveFormat
internal import Primitives
internal import SCALE

/// A place in the drive, with the way to it: what lies in one directory shares it.
final class DrivePlace: Sendable {
    let directory: DrivePlace?
    let name: [UInt8]

    init(_ name: [UInt8], in directory: DrivePlace?) {
        self.directory = directory
        self.name = name
    }

    /// The place at a path; nil for the root.
    static func at(_ path: DrivePath) -> DrivePlace? { path.names.reduce(nil) { DrivePlace($1, in: $0) } }

    var names: [[UInt8]] { (directory?.names ?? []) + [name] }
}

/// Finds the names that one inode of this machine has in one change. The first name is stored as an entry of its own; with
/// the second the inode becomes a link group, and the first will have to join it.
///
/// Memory: of inodes with several names, until all of them have been seen; of new groups, the inode and the first name. Some 300
/// bytes for each: entries are kept encoded, and once.
struct HardLinks {
    /// The first name of a new group, and the entry that was stored under it, encoded.
    struct FirstName: Sendable {
        let place: DrivePlace
        let entry: [UInt8]
        let group: LinkGroup
    }

    private struct Known {
        let entry: [UInt8]
        let place: DrivePlace
        var group: LinkGroup?
        var names: UInt64 = 1
    }

    private var known: [LocalInode: Known] = [:]
    private var inodes: [LinkGroup: [UInt8]] = [:]
    private(set) var firstNames: [FirstName] = []

    /// The link group of a further name of an inode; nil if none of its names was seen yet, or it has changed since.
    mutating func group(ofFurther status: LocalStatus) throws -> LinkGroup? {
        guard var inode = known[status.inode], try Entry(scaleBytes: inode.entry).isUnchanged(status) else {
            return nil
        }
        let group: LinkGroup
        if let found = inode.group {
            group = found
        } else {
            group = LinkGroup(.random())
            inodes[group] = inode.entry
            firstNames.append(FirstName(place: inode.place, entry: inode.entry, group: group))
            inode.group = group
        }
        inode.names += 1
        known[status.inode] = inode.names < status.linkCount ? inode : nil
        return group
    }

    /// Remembers the first name of an inode that has several.
    ///
    /// - Parameters:
    ///   - group: where the drive has the inode in this group, and the name in it.
    mutating func note(_ entry: Entry, _ status: LocalStatus, at place: DrivePlace, in group: LinkGroup?) {
        known[status.inode] = Known(entry: entry.scaleBytes, place: place, group: group)
    }

    /// What a new group holds.
    func inode(of group: LinkGroup) throws -> Entry? { try inodes[group].map { try Entry(scaleBytes: $0) } }
}

extension Entry {
    /// Size and both times are those of the last `put`: the kernel changes the second with every write, and with every change
    /// of an attribute or of the number of names.
    func isUnchanged(_ status: LocalStatus) -> Bool {
        type == status.type && modified == status.modified && changed == status.changed
            && (type != .file || size == status.size)
    }
}
