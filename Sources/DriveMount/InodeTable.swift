internal import Drive
internal import DriveFormat
internal import FUSE
internal import Primitives

/// All inodes that the kernel knows, by number and by name.
///
/// Numbers are made of the parent's number and the name, or of the link group: so a directory that is looked at again, today
/// or after the next mount, shows the same ones, and programs that compare them (git, backups) see nothing changed.
///
/// Memory: some 450 bytes for each inode.
struct InodeTable {
    private struct Group: Hashable {
        let view: ObjectIdentifier
        let group: LinkGroup
    }

    private var inodes: [InodeNumber: Inode] = [:]
    private var names: [Place: Inode] = [:]
    private var groups: [Group: Inode] = [:]

    var count: Int { inodes.count }

    subscript(number: InodeNumber) -> Inode? { inodes[number] }

    func inode(named name: [UInt8], in parent: InodeNumber) -> Inode? { names[Place(parent: parent, name: name)] }

    func inode(of group: LinkGroup, in view: View) -> Inode? {
        groups[Group(view: ObjectIdentifier(view), group: group)]
    }

    /// The inode of a name that was read from a directory, the known one or a new one; nil where the drive has lost it.
    mutating func insert(_ found: NamedInode, in parent: Inode) -> Inode? {
        guard let linked = found.inode else { return nil }
        let place = Place(parent: parent.number, name: found.name)
        if let known = names[place] { return known }
        if let group = found.entry.linkGroup {
            let key = Group(view: ObjectIdentifier(parent.view), group: group)
            if let known = groups[key] {
                known.otherPlaces.append(place)
                names[place] = known
                return known
            }
            let inode = add(found.name, linked, parent, group: group)
            groups[key] = inode
            names[place] = inode
            return inode
        }
        let inode = add(found.name, linked, parent)
        names[place] = inode
        return inode
    }

    /// A root: of the drive, or of what is under `.snapshots`.
    mutating func insertRoot(_ number: InodeNumber, _ entry: Entry, of view: View, parent: InodeNumber) -> Inode {
        let inode = Inode(
            number, in: view, place: Place(parent: parent, name: []), group: nil, entry: entry, linkCount: 1)
        inodes[number] = inode
        return inode
    }

    private mutating func add(
        _ name: [UInt8], _ linked: LinkedInode, _ parent: Inode, group: LinkGroup? = nil
    ) -> Inode {
        let number = freeNumber(Self.number(of: name, in: parent.number, group: group))
        let inode = Inode(
            number, in: parent.view, place: Place(parent: parent.number, name: name), group: group, entry: linked.entry,
            linkCount: linked.names)
        inodes[number] = inode
        return inode
    }

    /// The number of a name that was read from a directory, as far as anybody can tell who does not look it up.
    func number(of found: NamedInode, in parent: Inode) -> InodeNumber {
        inode(named: found.name, in: parent.number)?.number
            ?? Self.number(of: found.name, in: parent.number, group: found.entry.linkGroup)
    }

    private static func number(of name: [UInt8], in parent: InodeNumber, group: LinkGroup?) -> InodeNumber {
        let hash =
            if let group { XXHash64.hash(group.value.bytes.span, seed: 0) } else {
                XXHash64.hash(name.span, seed: parent.rawValue)
            }
        return InodeNumber(rawValue: max(hash, InodeNumber.root.rawValue + 1))
    }

    /// The next one that nothing has: two names may come to one number, and a file that was replaced keeps its own while it is
    /// open.
    func freeNumber(_ wanted: InodeNumber) -> InodeNumber {
        var number = wanted.rawValue
        while number <= InodeNumber.root.rawValue || inodes[InodeNumber(rawValue: number)] != nil { number &+= 1 }
        return InodeNumber(rawValue: number)
    }

    /// The kernel knows it by so many names fewer.
    mutating func forget(_ number: InodeNumber, lookups: UInt64) {
        guard let inode = inodes[number], number != .root else { return }
        inode.lookups -= min(inode.lookups, lookups)
        if inode.lookups == 0 { remove(inode) }
    }

    private mutating func remove(_ inode: Inode) {
        inodes[inode.number] = nil
        if inode.isNamed { unname(inode) }
    }

    /// No name leads to it any more; the kernel may still know it.
    mutating func unname(_ inode: Inode) {
        inode.isNamed = false
        for place in [inode.place] + inode.otherPlaces where names[place] === inode { names[place] = nil }
        if let group = inode.group { groups[Group(view: ObjectIdentifier(inode.view), group: group)] = nil }
        if inode.lookups == 0 { inodes[inode.number] = nil }
    }
}
