internal import Drive
internal import DriveFormat
internal import FUSE
internal import Foundation
internal import LocalCache
internal import SCALE

extension MountedDrive {
    /// Remembers what a commit has made of the changed names, before anything of it is on its way: whatever becomes of the commit, the
    /// next one knows its own work again.
    func remember(_ tree: FrozenTree) async throws {
        try await Self.onThread {
            self.changing.lock()
            defer { self.changing.unlock() }
            var edits: [(Inode, [UInt8], NameEdit)] = []
            for frozen in tree.inodes {
                for name in frozen.names {
                    guard var edit = frozen.inode.edits[name.name] else { continue }
                    // Where an earlier attempt was found in the drive, this one stands on that.
                    edit.base = name.before
                    edit.staged = name.made
                    edits.append((frozen.inode, name.name, edit))
                }
            }
            try self.cache.apply(
                edits.map { directory, name, edit in
                    let key = OverlayKey.name(Place(parent: directory.number, name: name)).bytes
                    return .record(.put(key: key, value: NameRecord(edit).scaleBytes))
                })
            let done = edits
            self.with { _ in
                for (directory, name, edit) in done { directory.edits[name] = edit }
            }
        }
    }

    /// What was frozen is in the drive now: what has not changed since is as the drive has it, and the rest stands on that.
    ///
    /// - Parameters:
    ///   - root: the root directory that was made of it.
    ///   - new: the drive as it is now, with that and with what others have committed.
    /// - Returns: what the kernel has to forget.
    func settle(_ tree: FrozenTree, root: Entry, in new: Snapshot) async throws -> [Invalidation] {
        var changes: [Change] = []
        try await collect(from: root, to: new.root, number: .root, new, into: &changes)
        var groups: [LinkGroup] = []
        try await new.forEachChangedGroup(since: liveView.snapshot) { group, _ in
            if tree.linked[group] == nil { groups.append(group) }
        }
        let (others, lost) = (changes, groups)
        return try await Self.onThread {
            self.changing.lock()
            defer { self.changing.unlock() }
            var settled = Settled()
            for inode in tree.inodes { self.settle(inode, &settled) }
            self.settleNames(tree.root, &settled)
            // As a whole, so that the next mount finds each inode and each name either changed or in the drive. What is
            // interrupted here, `restore` does.
            try self.cache.apply(settled.records)
            for bytes in settled.stored { try self.cache.clean(bytes) }
            // All at once: names are looked up in the new state only together with the new trees.
            let done = settled
            return self.with { state in
                for (inode, content) in done.contents.values { inode.content = content }
                for (directory, edits) in done.edits.values { directory.edits = edits }
                for (group, inode) in tree.linked where inode.inode.content.revision == nil {
                    state.changedGroups[group] = nil
                }
                for (file, inode) in done.handed { self.hand(file, over: inode, &state) }
                return self.goOn(to: new, others, lost, &state)
            }
        }
    }

    /// What becomes of inodes and names when a commit is complete.
    private struct Settled {
        var contents: [InodeNumber: (inode: Inode, content: InodeContent)] = [:]
        var edits: [InodeNumber: (directory: Inode, edits: [[UInt8]: NameEdit])] = [:]
        /// Nothing of these is dirty that was not changed since.
        var stored: [FrozenFile] = []
        /// Files of the cache that are what the drive has; nil where the cache has another one of the same content.
        var handed: [(file: FileNumber?, inode: Inode)] = []
        var records: [CacheChange] = []
    }

    /// An inode's bytes and attributes.
    private func settle(_ frozen: FrozenInode, _ settled: inout Settled) {
        guard let result = frozen.result else { return }
        let inode = frozen.inode
        let key = OverlayKey.inode(inode.number).bytes
        let isSame = inode.content.revision == frozen.content.revision
        var content = inode.content
        if isSame {
            content = InodeContent(entry: result, group: content.group, linkCount: content.linkCount)
            content.accessed = inode.content.accessed
        } else {
            content.entry.attributes = result.attributes
            // Otherwise it was made a copy of something else meanwhile, which the drive has.
            if content.baseRevision <= frozen.content.revision ?? 0 {
                content.entry.content = result.content
                content.entry.size = result.size
                content.baseLimit = content.lowestSize
            }
        }
        settled.contents[inode.number] = (inode, content)
        let isGone = inode.content.linkCount == 0
        settled.records.append(
            .record(
                isSame || isGone ? .delete(key: key) : .put(key: key, value: InodeRecord(content).scaleBytes)))
        guard let bytes = frozen.bytes, inode.content.file == bytes.file else { return }
        guard isSame else { return settled.stored.append(bytes) }
        // Its file of the cache is one of what the drive has from now on.
        guard let id = result.content.identifier, with({ $0.contentFiles[id] == nil }) else {
            settled.records.append(.remove(bytes.file))
            return settled.handed.append((nil, inode))
        }
        let value = InodeNumber(rawValue: bytes.file.value).littleEndianBytes
        settled.records.append(.record(.put(key: OverlayKey.content(id).bytes, value: value)))
        settled.stored.append(bytes)
        settled.handed.append((bytes.file, inode))
    }

    private func hand(_ file: FileNumber?, over inode: Inode, _ state: inout State) {
        endUse(of: inode, &state)
        guard let id = inode.content.entry.content.identifier else { return }
        if let file { state.contentFiles[id] = ContentFile(file: file) }
        if inode.opens > 0 { _ = use(inode, &state) }
    }

    /// The names of a directory and of those below it.
    private func settleNames(_ frozen: FrozenInode, _ settled: inout Settled) {
        for name in frozen.names {
            if let child = name.child, child.content.entry.type == .directory { settleNames(child, &settled) }
        }
        let directory = frozen.inode
        var left = directory.edits
        for name in frozen.names {
            guard let edit = left[name.name] else { continue }
            let place = Place(parent: directory.number, name: name.name)
            let made =
                name.group.flatMap { group in
                    (name.edit.inode?.content.entry.type).map { Entry($0, in: group) }
                } ?? name.child?.result
            // Named for the sake of what was changed since, it stays.
            let isLeft =
                edit.revision != name.edit.revision || edit.inode.map { isStillChanged($0, settled) } ?? false
            left[name.name] = nil
            guard isLeft else {
                settled.records.append(.record(.delete(key: OverlayKey.name(place).bytes)))
                continue
            }
            let kept = NameEdit(
                inode: edit.inode, base: made, isInBase: made != nil,
                isSame: edit.inode === name.edit.inode && made != nil,
                revision: edit.revision)
            left[name.name] = kept
            settled.records.append(
                .record(.put(key: OverlayKey.name(place).bytes, value: NameRecord(kept).scaleBytes)))
        }
        settled.edits[directory.number] = (directory, left)
        // Names that are still changed are found through it.
        guard !left.isEmpty, var content = settled.contents[directory.number]?.content else { return }
        content.revision = content.revision ?? frozen.content.revision
        settled.contents[directory.number] = (directory, content)
        let record = InodeRecord(content).scaleBytes
        settled.records.append(.record(.put(key: OverlayKey.inode(directory.number).bytes, value: record)))
    }

    /// Whether something of it, or below it, is in no commit. One in a link group is found by that.
    private func isStillChanged(_ inode: Inode, _ settled: Settled) -> Bool {
        guard inode.content.group == nil else { return false }
        let content = settled.contents[inode.number]?.content ?? inode.content
        let edits = settled.edits[inode.number]?.edits ?? inode.edits
        return content.revision != nil || !edits.isEmpty
    }
}
