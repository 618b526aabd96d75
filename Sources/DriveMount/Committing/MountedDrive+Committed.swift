internal import Drive
internal import DriveFormat
internal import FUSE
internal import Foundation
internal import LocalCache
internal import Logging
internal import SCALE

extension MountedDrive {
    /// Whether the records of an inode's number are still this inode's: another one may have got the number since it was frozen.
    ///
    /// - Precondition: called with the right to change.
    func owns(_ inode: Inode) -> Bool {
        inode.content.linkCount > 0 && with { $0.table[inode.number] === inode }
    }

    /// What one record of the cache takes in, with room to spare.
    private static let journalByteCount = 4 << 20

    /// Changes records in this order, in as many steps as it takes.
    func journal(_ records: [RecordChange]) throws {
        var (batch, byteCount): ([CacheChange], Int) = ([], 0)
        for record in records {
            batch.append(.record(record))
            switch record {
            case .put(let key, let value): byteCount += key.count + value.count + 16
            case .delete(let key): byteCount += key.count + 16
            }
            guard byteCount >= Self.journalByteCount else { continue }
            try cache.apply(batch, makesRoom: true)
            (batch, byteCount) = ([], 0)
        }
        if !batch.isEmpty { try cache.apply(batch, makesRoom: true) }
    }

    /// What was frozen is in the drive now: what has not changed since is as the drive has it, and the rest stands on that.
    ///
    /// - Parameters:
    ///   - root: the root directory that was made of it; nil where no commit came of it.
    ///   - new: the drive as it is now, with that and with what others have committed.
    /// - Returns: what the kernel has to forget.
    func settle(_ tree: FrozenTree, root: Entry?, in new: Snapshot) async throws -> [Invalidation] {
        var changes: [Change] = []
        for directory in tree.directories {
            guard let result = directory.result else { continue }
            let own = directory.content.entry
            let isOthers = (result.mode, result.owner, result.group) != (own.mode, own.owner, own.group)
            guard isOthers || !directory.taken.isEmpty else { continue }
            let number = directory.inode.number
            let ours = Set(directory.names.map(\.name))
            // The kernel has it as it was here alone.
            changes.append(.directory(number, old: result, new: result))
            for name in directory.taken where !ours.contains(name) {
                changes.append(.name(Place(parent: number, name: name), result))
            }
        }
        if root == nil { try await compare(tree, with: new, into: &changes) }
        try await collect(
            from: root ?? snapshot.root, to: new.root, number: .root, new, tree.directoriesByPlace, into: &changes)
        try await new.forEachChangedGroup(since: liveView.snapshot) { group, inode in
            if tree.linked[group]?.result == nil { changes.append(.group(group, inode)) }
        }
        // Of what both had changed, the drive has theirs, and ours beside it.
        for (group, inode) in tree.linked {
            guard let result = inode.result else { continue }
            changes.append(.group(group, try await new.inode(of: Entry(result.type, in: group))))
        }
        let (others, copies) = (changes, Self.copies(of: tree, among: changes))
        return try await Self.onThread {
            self.changing.lock()
            defer { self.changing.unlock() }
            var settled = Settled()
            for inode in tree.inodes { self.settle(inode, &settled) }
            // What is below a directory before the directory, however deep.
            for directory in tree.directories.reversed() { self.settleNames(directory, copies, &settled) }
            // First that directories are the drive's, then what stays, and directories go last: wherever this is interrupted, the next mount
            // finds each inode and each name either changed, as it is also in the drive, or in the drive alone.
            let directories = settled.directories.map { RecordChange.delete(key: OverlayKey.inode($0).bytes) }
            try self.journal(
                self.grounded(tree) + settled.kept + settled.inodes + settled.names + directories)
            // All at once: names are looked up in the new state only together with the new trees.
            let done = settled
            let invalid = self.with { state in
                for (inode, content) in done.contents.values { inode.content = content }
                for (directory, edits) in done.edits.values { directory.edits = edits }
                for (name, copy, inode) in done.moved {
                    _ = state.table.rename(copy, to: inode)
                    _ = state.table.rename(name, to: nil)
                }
                for (group, inode) in tree.linked where inode.inode.content.revision == nil {
                    state.changedGroups[group] = nil
                }
                for (file, inode) in done.handed { self.hand(file, over: inode, &state) }
                let invalid = self.goOn(to: new, others, &state) + done.moved.map { .name($0.copy) }
                // Nobody may have asked for them since they were changed.
                for inode in tree.inodes { state.table.dropIfUnused(inode.inode) }
                return invalid
            }
            // Not before: until then they are read. What is not said of these is only stored once more.
            for file in settled.superseded { try? self.cache.apply([.remove(file)]) }
            for bytes in settled.stored { try? self.cache.clean(bytes) }
            return invalid
        }
    }

    /// Looks at each changed name.
    private func compare(_ tree: FrozenTree, with new: Snapshot, into changes: inout [Change]) async throws {
        let made = tree.madeByPlace
        var next = [(directory: tree.root, their: new.root)]
        while let (directory, their) = next.popLast() {
            let number = directory.inode.number
            changes.append(.directory(number, old: directory.result ?? their, new: their))
            // The kernel has it as it was here alone.
            if directory.content.isNew {
                let ours = Set(directory.names.map(\.name))
                for other in try await new.entries(of: their, from: nil, limit: .max) where !ours.contains(other.name) {
                    changes.append(.name(Place(parent: number, name: other.name), other.entry))
                }
            }
            for name in directory.names {
                let found = try await new.lookUp(name.name, in: their)?.entry
                if let child = name.child, child.content.entry.type == .directory, let found, found.type == .directory {
                    next.append((child, found))
                    if name.edit.isSame || child.content.isNew { continue }
                    // Others have moved it, too. What is not as it was before is theirs, save what was changed here.
                    var news: [Change] = []
                    try await collect(
                        from: child.content.entry, to: found, number: child.inode.number, new, tree.directoriesByPlace,
                        into: &news)
                    changes += news.filter { news in
                        guard case .name(let place, let entry) = news else { return true }
                        return made[place] != entry
                    }
                } else if found != name.made {
                    changes.append(.name(Place(parent: number, name: name.name), found))
                }
            }
        }
    }

    /// What becomes of inodes and names when a commit is complete.
    private struct Settled {
        var contents: [InodeNumber: (inode: Inode, content: InodeContent)] = [:]
        var edits: [InodeNumber: (directory: Inode, edits: [[UInt8]: NameEdit])] = [:]
        /// What goes on under the name of a copy that the merge has made of it.
        var moved: [(name: Place, copy: Place, inode: Inode)] = []
        /// Nothing of these is dirty that was not changed since.
        var stored: [FrozenFile] = []
        /// Files of the cache that are what the drive has; nil where the cache has another one of the same content.
        var handed: [(file: FileNumber?, inode: Inode)] = []
        /// The contents that files were handed over for.
        var handedContents: Set<[UInt8]> = []
        /// Files of the cache that another one takes the place of.
        var superseded: [FileNumber] = []
        /// Records, in the order in which they are made: of what is still changed or kept, and then those that go, of inodes,
        /// of names, of directories.
        var kept: [RecordChange] = []
        var inodes: [RecordChange] = []
        var names: [RecordChange] = []
        var directories: Set<InodeNumber> = []
    }

    /// Records by which directories that were made or moved here lie over what the drive has of them: until then a name in one of them is
    /// there only as long as it is remembered as changed.
    ///
    /// - Precondition: called with the right to change.
    private func grounded(_ tree: FrozenTree) -> [RecordChange] {
        var records: [RecordChange] = []
        for parent in tree.directories where owns(parent.inode) {
            for name in parent.names {
                guard let child = name.child, let made = child.result, made.type == .directory, owns(child.inode),
                    !name.edit.isSame, let edit = parent.inode.edits[name.name], edit.revision == name.edit.revision
                else { continue }
                let place = Place(parent: parent.inode.number, name: name.name)
                let stands = NameEdit(
                    inode: child.inode, base: made, inDrive: .directory, isSame: true, revision: edit.revision)
                records.append(.put(key: OverlayKey.name(place).bytes, value: NameRecord(stands).scaleBytes))
                var content = child.inode.content
                content.entry = content.entry.mergingAttributes(with: made, since: child.content.entry)
                if content.attributes == child.content.attributes {
                    (content.attributes, content.entry.attributes) = (nil, made.attributes)
                }
                content.entry.content = made.content
                (content.base, content.staged) = (made, nil)
                let key = OverlayKey.inode(child.inode.number).bytes
                records.append(.put(key: key, value: InodeRecord(content).scaleBytes))
            }
        }
        return records
    }

    /// An inode's bytes and attributes.
    private func settle(_ frozen: FrozenInode, _ settled: inout Settled) {
        let inode = frozen.inode
        // What was unlinked meanwhile has no records, and its number may be another one's.
        guard let result = frozen.result, with({ $0.table[inode.number] === inode }) else { return }
        let key = OverlayKey.inode(inode.number).bytes
        let isSame = inode.content.revision == frozen.content.revision
        var content = inode.content
        if isSame {
            content = InodeContent(entry: result, group: content.group, linkCount: content.linkCount)
            content.accessed = inode.content.accessed
        } else {
            content.entry.attributes = result.attributes
            // One that was not changed since is the drive's.
            if content.attributes == frozen.content.attributes { content.attributes = nil }
            if content.entry.type == .directory {
                content.entry = content.entry.mergingAttributes(with: result, since: frozen.content.entry)
                content.entry.attributes = result.attributes
            }
            if content.group != nil || content.entry.type == .directory {
                // The drive has no group of one that has joined it since.
                let hasJoined = content.group != nil && frozen.content.group == nil
                (content.base, content.staged) = (hasJoined ? nil : result, nil)
            }
            // Otherwise it was made a copy of something else meanwhile, which the drive has.
            if content.baseRevision <= frozen.content.revision ?? 0 {
                content.entry.content = result.content
                content.entry.size = result.size
                content.baseLimit = content.lowestSize
            }
        }
        settled.contents[inode.number] = (inode, content)
        if inode.content.linkCount > 0 {
            if !isSame {
                settled.kept.append(.put(key: key, value: InodeRecord(content).scaleBytes))
            } else if content.entry.type == .directory {
                settled.directories.insert(inode.number)
            } else {
                settled.inodes.append(.delete(key: key))
            }
        }
        guard let bytes = frozen.bytes, inode.content.file == bytes.file else { return }
        guard isSame else { return settled.stored.append(bytes) }
        // Its file of the cache is one of what the drive has from now on.
        guard let id = result.content.identifier, with({ $0.contentFiles[id] == nil }),
            settled.handedContents.insert(id).inserted
        else {
            settled.superseded.append(bytes.file)
            return settled.handed.append((nil, inode))
        }
        let value = InodeNumber(rawValue: bytes.file.value).littleEndianBytes
        settled.kept.append(.put(key: OverlayKey.content(id).bytes, value: value))
        settled.stored.append(bytes)
        settled.handed.append((bytes.file, inode))
    }

    private func hand(_ file: FileNumber?, over inode: Inode, _ state: inout State) {
        endUse(of: inode, &state)
        guard let id = inode.content.entry.content.identifier else { return }
        if let file { state.contentFiles[id] = ContentFile(file: file) }
        if inode.opens > 0 { _ = use(inode, &state) }
    }

    /// Files that others have changed, too: the drive has theirs under the name, and ours under another one.
    private static func copies(of tree: FrozenTree, among changes: [Change]) -> [Place: Place] {
        var news: [InodeNumber: [[UInt8]: Entry]] = [:]
        for case .name(let place, let new?) in changes { news[place.parent, default: [:]][place.name] = new }
        var copies: [Place: Place] = [:]
        for directory in tree.directories {
            guard let news = news[directory.inode.number] else { continue }
            for name in directory.names {
                guard let made = name.child?.result, made.type != .directory, let their = news[name.name],
                    their != made,
                    let copy = news.first(where: { $0.value == made })
                else { continue }
                let parent = directory.inode.number
                copies[Place(parent: parent, name: name.name)] = Place(parent: parent, name: copy.key)
            }
        }
        return copies
    }

    /// The names of a directory; those of what is below it are settled.
    private func settleNames(_ frozen: FrozenInode, _ copies: [Place: Place], _ settled: inout Settled) {
        let directory = frozen.inode
        let isOwner = owns(directory)
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
                if isOwner { settled.names.append(.delete(key: OverlayKey.name(place).bytes)) }
                continue
            }
            if let copy = copies[place], let inode = edit.inode, inode === name.edit.inode, left[copy.name] == nil {
                // Whoever has it open writes to the copy from now on: else each commit would make one more.
                let moved = NameEdit(
                    inode: inode, base: made, inDrive: NameInDrive(made), isSame: true, revision: edit.revision)
                left[copy.name] = moved
                settled.moved.append((place, copy, inode))
                if isOwner {
                    settled.kept.append(
                        .put(key: OverlayKey.name(copy).bytes, value: NameRecord(moved).scaleBytes))
                    settled.names.append(.delete(key: OverlayKey.name(place).bytes))
                }
                continue
            }
            // What others have put into a directory that both have made was not to be seen here when something took its place.
            let isTheirs = name.isShared && edit.inode !== name.edit.inode
            let kept = NameEdit(
                inode: edit.inode, base: isTheirs ? nil : made, inDrive: NameInDrive(made),
                isSame: edit.inode === name.edit.inode && made != nil, revision: edit.revision)
            left[name.name] = kept
            if isOwner {
                settled.kept.append(.put(key: OverlayKey.name(place).bytes, value: NameRecord(kept).scaleBytes))
            }
        }
        settled.edits[directory.number] = (directory, left)
        // Names that are still changed are found through it.
        guard isOwner, !left.isEmpty, var content = settled.contents[directory.number]?.content else { return }
        if content.revision == nil { (content.base, content.revision) = (content.entry, frozen.content.revision) }
        settled.contents[directory.number] = (directory, content)
        let key = OverlayKey.inode(directory.number).bytes
        settled.kept.append(.put(key: key, value: InodeRecord(content).scaleBytes))
        settled.directories.remove(directory.number)
    }

    /// Whether something of it, or below it, is in no commit. One in a link group is found by that.
    private func isStillChanged(_ inode: Inode, _ settled: Settled) -> Bool {
        guard inode.content.group == nil else { return false }
        let content = settled.contents[inode.number]?.content ?? inode.content
        let edits = settled.edits[inode.number]?.edits ?? inode.edits
        return content.revision != nil || !edits.isEmpty
    }
}
