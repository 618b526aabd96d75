internal import DriveFormat
internal import FUSE
internal import LocalCache
internal import SCALE

/// A change in the making: what inodes and names are to be. It is journalled as a whole, and then it is so.
struct Transaction {
    /// The number of this change.
    let revision: UInt64
    let time: Timestamp
    private(set) var contents: [InodeNumber: (inode: Inode, content: InodeContent)] = [:]
    private(set) var edits: [Place: (directory: Inode, edit: NameEdit)] = [:]
    /// Records beside those of inodes and names.
    var otherRecords: [RecordChange] = []
    /// What else becomes of the cache's files.
    var cacheChanges: [CacheChange] = []
    /// The kernel is told of these.
    var lookedUp: [Inode] = []
    private let find: (InodeNumber) -> Inode?
    private let knownNames: (Inode) -> Int

    /// - Parameters:
    ///   - find: known inodes by number.
    ///   - knownNames: how many known names lead to one.
    init(
        revision: UInt64, time: Timestamp, find: @escaping (InodeNumber) -> Inode?,
        knownNames: @escaping (Inode) -> Int
    ) {
        self.revision = revision
        self.time = time
        self.find = find
        self.knownNames = knownNames
    }

    /// As it is to be.
    func content(of inode: Inode) -> InodeContent { contents[inode.number]?.content ?? inode.content }

    /// What a name is to stand for, where this or an earlier change has changed it.
    func edit(_ name: [UInt8], in directory: Inode) -> NameEdit? {
        edits[Place(parent: directory.number, name: name)]?.edit ?? directory.edits[name]
    }

    /// Changes an inode, with the time of its change.
    mutating func modify(_ inode: Inode, _ body: (inout InodeContent) -> Void) {
        anchor(inode)
        var content = content(of: inode)
        content.noteBase()
        content.entry.changed = time
        body(&content)
        content.revision = revision
        contents[inode.number] = (inode, content)
    }

    /// Lets a name stand for something else; its directory gets the time.
    ///
    /// - Parameter base: how the name stands in the drive's directory.
    mutating func set(_ name: [UInt8], in directory: Inode, to inode: Inode?, base: Entry?) {
        modify(directory) { $0.entry.modified = $0.entry.changed }
        self.name(name, in: directory, inode, base: base)
    }

    /// The same without a time.
    mutating func name(_ name: [UInt8], in directory: Inode, _ inode: Inode?, base: Entry?) {
        let before = edit(name, in: directory)
        let base = before.map(\.base) ?? base
        anchor(directory)
        edits[Place(parent: directory.number, name: name)] = (
            directory,
            NameEdit(
                inode: inode, base: base, inDrive: before?.inDrive ?? NameInDrive(base), isSame: false,
                revision: revision,
                staged: before?.inode === inode ? before?.staged : before?.staged?.replaced)
        )
        hold(directory)
    }

    /// One name fewer leads to an inode. Of a directory nothing is remembered any more: another one may get its number.
    mutating func unlink(_ inode: Inode) {
        // As many as are known besides there are at least: a file is given up with its last name.
        let others = UInt32(clamping: max(1, knownNames(inode)) - 1)
        modify(inode) { $0.linkCount = max($0.linkCount - min(1, $0.linkCount), others) }
        guard inode.content.entry.type == .directory else { return }
        otherRecords += inode.edits.keys.map {
            .delete(key: OverlayKey.name(Place(parent: inode.number, name: $0)).bytes)
        }
    }

    /// A changed inode is found from the root by way of changed names, however deep it lies: whoever commits, or mounts again, goes that
    /// way. One in a link group is found by that.
    private mutating func anchor(_ inode: Inode) {
        var inode = inode
        while inode.number != .root, inode.isNamed, inode.content.group == nil, let parent = find(inode.place.parent),
            edit(inode.place.name, in: parent) == nil
        {
            edits[inode.place] = (
                parent,
                NameEdit(
                    inode: inode, base: inode.content.directoryEntry,
                    inDrive: NameInDrive(inode.content.directoryEntry), isSame: true, revision: revision)
            )
            hold(parent)
            inode = parent
        }
    }

    /// A directory with changed names is remembered, also where it is as in the drive itself: without it nobody finds the names.
    private mutating func hold(_ directory: Inode) {
        var content = content(of: directory)
        content.noteBase()
        content.revision = revision
        contents[directory.number] = (directory, content)
    }

    /// What the cache is to remember of inodes and names.
    var records: [RecordChange] {
        var records = otherRecords
        records += contents.map { number, item -> RecordChange in
            let key = OverlayKey.inode(number).bytes
            // What no name leads to is lost with this process, as it is with any file system.
            return item.content.linkCount == 0
                ? .delete(key: key) : .put(key: key, value: InodeRecord(item.content).scaleBytes)
        }
        for (place, item) in edits {
            records.append(
                .put(key: OverlayKey.name(place).bytes, value: NameRecord(item.edit).scaleBytes))
        }
        return records
    }

    var journal: [CacheChange] { cacheChanges + records.map { .record($0) } }

    /// Makes it so.
    func apply(to state: inout MountedDrive.State) {
        for (_, item) in contents {
            item.inode.content = item.content
            guard let group = item.content.group else { continue }
            let hasNames = item.content.linkCount > 0
            // A name that others give to it later leads to what the drive has.
            if hasNames { state.table.join(item.inode, group) } else { state.table.leave(item.inode, group) }
            if hasNames || state.changedGroups[group] === item.inode {
                state.changedGroups[group] = hasNames ? item.inode : nil
            }
        }
        for inode in lookedUp { inode.lookups += 1 }
        var replaced: [Inode] = []
        for (place, item) in edits {
            item.directory.edits[place.name] = item.edit
            if let old = state.table.rename(place, to: item.edit.inode) { replaced.append(old) }
        }
        for inode in replaced { state.table.dropIfUnused(inode) }
    }
}

extension InodeContent {
    /// What others make of it from now on is compared with what it was. Names are compared one by one, each with its own past.
    fileprivate mutating func noteBase() {
        guard revision == nil else { return }
        if group != nil { (base, namesInDrive) = (entry, linkCount) }
        if entry.type == .directory, !isNew { base = entry }
    }
}
