internal import Drive
internal import DriveFormat
internal import FUSE
internal import LocalCache
internal import Primitives

/// All inodes that the kernel knows, by number and by name.
///
/// Numbers are made of the parent's number and the name, or of the link group: so a directory that is looked at again, today
/// or after the next mount, shows the same ones, and programs that compare them (git, backups) see nothing changed.
///
/// Memory: some 600 bytes for each inode. Of files that nothing has changed and nobody uses the kernel is told to forget those that
/// have been known longest, where there are too many.
struct InodeTable {
    private struct Group: Hashable {
        let view: ObjectIdentifier
        let group: LinkGroup
    }

    private var inodes: [InodeNumber: Inode] = [:]
    private var names: [Place: Inode] = [:]
    private var groups: [Group: Inode] = [:]
    /// Numbers of directories that are gone.
    private var retired: Set<InodeNumber> = []
    /// Whom inodes belong to: most to the same few, whose names need no room for each.
    private var owners: Set<Owner> = []
    /// Files of the cache whose inodes are gone.
    private var abandoned: [FileNumber] = []

    /// Files, in the order in which they came to be known.
    private var files = AgeQueue()

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
                if known.isNamed, names[known.place] === known {
                    known.otherPlaces.append(place)
                } else {
                    (known.isNamed, known.place) = (true, place)
                }
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

    /// How many names lead to an inode, as far as they are known.
    func knownNames(of inode: Inode) -> Int {
        ([inode.place] + inode.otherPlaces).count { names[$0] === inode }
    }

    /// The root of the drive, or the directory of its past.
    mutating func insertRoot(_ number: InodeNumber, _ entry: Entry, of view: View) -> Inode {
        let inode = Inode(
            number, in: view, place: Place(parent: .root, name: []),
            content: InodeContent(entry: entry, group: nil, linkCount: 1))
        inodes[number] = inode
        return inode
    }

    /// The root of a state of the past.
    mutating func insertSnapshot(_ name: [UInt8], _ entry: Entry, of view: View) -> Inode {
        let place = Place(parent: .snapshots, name: name)
        if let known = names[place] { return known }
        let inode = Inode(
            freeNumber(Self.number(of: name, in: .snapshots, group: nil)), in: view, place: place,
            content: InodeContent(entry: entry, group: nil, linkCount: 1))
        inodes[inode.number] = inode
        names[place] = inode
        return inode
    }

    private mutating func add(
        _ name: [UInt8], _ linked: LinkedInode, _ parent: Inode, group: LinkGroup? = nil
    ) -> Inode {
        let number = freeNumber(Self.number(of: name, in: parent.number, group: group))
        var entry = linked.entry
        entry.owner = owners.insert(entry.owner).memberAfterInsert
        entry.group = owners.insert(entry.group).memberAfterInsert
        let inode = Inode(
            number, in: parent.view, place: Place(parent: parent.number, name: name),
            content: InodeContent(entry: entry, group: group, linkCount: linked.names))
        inodes[number] = inode
        note(inode)
        return inode
    }

    private mutating func note(_ inode: Inode) {
        if inode.content.entry.type != .directory { inode.age = files.append(inode.number) }
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
        return InodeNumber(rawValue: max(hash, InodeNumber.firstFree.rawValue))
    }

    /// The next one that nothing has: two names may come to one number, and a file that was replaced keeps its own while it is
    /// open.
    func freeNumber(_ wanted: InodeNumber) -> InodeNumber {
        var number = wanted.rawValue
        while number < InodeNumber.firstFree.rawValue || inodes[InodeNumber(rawValue: number)] != nil
            || retired.contains(InodeNumber(rawValue: number))
        { number &+= 1 }
        return InodeNumber(rawValue: number)
    }

    /// The kernel knows it by so many names fewer.
    mutating func forget(_ number: InodeNumber, lookups: UInt64) {
        guard let inode = inodes[number] else { return }
        inode.lookups -= min(inode.lookups, lookups)
        dropIfUnused(inode)
    }

    /// What was changed stays, as long as a name leads to it.
    mutating func dropIfUnused(_ inode: Inode) {
        guard inode.number.rawValue >= InodeNumber.firstFree.rawValue, inode.lookups == 0 else { return }
        // One of a link group is found by that, also where none of its names is known.
        let isFound = inode.isNamed || inode.content.group != nil && inode.content.linkCount > 0
        guard inode.content.revision == nil || !isFound else { return }
        remove(inode)
        if isFound { unname(inode) }
    }

    /// No name leads to it any more, since the drive has gone on; the kernel may still know it.
    mutating func lose(_ inode: Inode) {
        inode.isStale = true
        unname(inode)
    }

    /// The same of a name. One of several does not take the others along, and what was changed of a group is committed to the group.
    mutating func lose(_ place: Place) {
        guard let inode = names[place] else { return }
        guard inode.content.group != nil, inode.content.revision != nil || !inode.otherPlaces.isEmpty else {
            return lose(inode)
        }
        _ = rename(place, to: nil)
    }

    private mutating func unname(_ inode: Inode) {
        inode.isNamed = false
        for place in [inode.place] + inode.otherPlaces where names[place] === inode { names[place] = nil }
        if let group = inode.content.group { leave(inode, group) }
        if inode.lookups == 0 { remove(inode) }
    }

    /// Its number may be another one's by now.
    private mutating func remove(_ inode: Inode) {
        guard inodes[inode.number] === inode else { return }
        inodes[inode.number] = nil
        if let file = inode.content.file, inode.content.linkCount == 0 { abandoned.append(file) }
        // What was in it may still be known, and must not be found in another one.
        let isGone = inode.isStale || inode.content.linkCount == 0
        if isGone, inode.content.entry.type == .directory { retired.insert(inode.number) }
    }

    /// Hands over the files of the cache that nobody can read any more.
    mutating func takeAbandoned() -> [FileNumber] {
        defer { abandoned = [] }
        return abandoned
    }

    /// Names of files that the kernel had best forget: of those that are as in the drive, and that nobody has open, so many stay, the
    /// youngest. A directory may be where somebody is.
    ///
    /// - Complexity: O(files), so it is looked at only when many came to be known since the last time.
    mutating func superfluous(over limit: Int) -> [Place] {
        files.removeAll { self.inodes[$0]?.age != $1 }
        let unused = files.items.compactMap { number, _ -> Inode? in
            guard let inode = inodes[number], inode.content.revision == nil, inode.opens == 0, inode.isNamed,
                inode.otherPlaces.isEmpty
            else { return nil }
            return inode
        }
        return unused.prefix(max(0, unused.count - limit)).map(\.place)
    }

    /// How many files came to be known, ever.
    var knownFileCount: UInt64 { files.lastAge }

    // MARK: Changing

    /// An inode that is new, without a name yet.
    mutating func create(_ place: Place, in view: View, _ content: InodeContent) -> Inode {
        let number = freeNumber(Self.number(of: place.name, in: place.parent, group: nil))
        let inode = Inode(number, in: view, place: place, content: content)
        inode.isNamed = false
        inodes[number] = inode
        note(inode)
        return inode
    }

    /// One that was changed before this mount began.
    mutating func restore(_ number: InodeNumber, in view: View, _ content: InodeContent) -> Inode {
        let inode = Inode(number, in: view, place: Place(parent: .root, name: []), content: content)
        inode.isNamed = false
        inodes[number] = inode
        note(inode)
        if let group = content.group { groups[Group(view: ObjectIdentifier(view), group: group)] = inode }
        return inode
    }

    /// Names of a group find this inode from now on.
    mutating func join(_ inode: Inode, _ group: LinkGroup) {
        groups[Group(view: ObjectIdentifier(inode.view), group: group)] = inode
    }

    /// No longer.
    mutating func leave(_ inode: Inode, _ group: LinkGroup) {
        let key = Group(view: ObjectIdentifier(inode.view), group: group)
        if groups[key] === inode { groups[key] = nil }
    }

    /// A name stands for something else from now on.
    ///
    /// - Returns: what it stood for, which may be unused now.
    mutating func rename(_ place: Place, to new: Inode?) -> Inode? {
        let before = names[place]
        if let old = names[place], old !== new {
            names[place] = nil
            old.otherPlaces.removeAll { $0 == place }
            if old.place == place {
                if let other = old.otherPlaces.first {
                    old.place = other
                    old.otherPlaces.removeFirst()
                } else {
                    old.isNamed = old.content.group != nil && old.content.linkCount > 0
                }
            }
        }
        guard let new, names[place] !== new else { return before }
        names[place] = new
        if new.isNamed, new.place != place, names[new.place] === new {
            new.otherPlaces.append(place)
        } else {
            new.place = place
        }
        new.isNamed = true
        return before
    }
}

extension InodeNumber {
    /// The directory of the drive's past.
    static let snapshots = InodeNumber(rawValue: 2)
    /// Those below are not given to names.
    static let firstFree = InodeNumber(rawValue: 16)
}
