internal import Drive
internal import DriveFormat
internal import FUSE
internal import Foundation
internal import LocalCache
internal import Logging
internal import SCALE

/// A commit may come to its end although it is said to have failed, or without this mount.
extension MountedDrive {
    /// Remembers what a commit has made of the changed names, before anything of it is on its way: whatever becomes of the commit, the
    /// next one knows its own work again.
    ///
    /// - Parameter attempt: what the commit is known by.
    func remember(_ tree: FrozenTree, made attempt: Attempt) async throws {
        try await Self.onThread {
            self.changing.lock()
            defer { self.changing.unlock() }
            var remembered = Standing()
            for frozen in tree.inodes where self.owns(frozen.inode) {
                // One that has joined a group since was not committed as such.
                if frozen.content.group != nil {
                    var content = frozen.inode.content
                    // As with names below.
                    (content.base, content.staged) = (frozen.before, frozen.result)
                    remembered.contents.append((frozen.inode, content))
                }
                // Which no name stands for.
                if frozen.inode.number == .root, frozen.inode.content.revision != nil {
                    var content = frozen.inode.content
                    content.staged = frozen.result
                    remembered.contents.append((frozen.inode, content))
                }
                for name in frozen.names {
                    guard var edit = frozen.inode.edits[name.name] else { continue }
                    // Where an earlier attempt was found in the drive, this one stands on that.
                    edit.base = name.isShared ? nil : name.before
                    let staged = StagedName(entry: name.made, own: name.isShared ? name.child?.content.entry : nil)
                    edit.staged = edit.inode === name.edit.inode ? staged : staged.replaced
                    remembered.edits.append((frozen.inode, name.name, edit))
                }
            }
            try self.journal([.put(key: OverlayKey.attempt.bytes, value: attempt.scaleBytes)] + remembered.records)
            let done = remembered
            self.with { state in
                done.apply()
                state.attempt = attempt
            }
        }
        // What is on its way may be carried on after a loss of power. Nobody has to wait for the disk who writes meanwhile.
        do { try await Self.onThread { try self.cache.sync() } } catch CacheError.unsynced {
            // All the more it has to come into the drive.
            logger.error("the cache could not be synced before a commit")
        }
    }

    /// What was changed here where the last attempt is in the drive, whatever was said of that: it stands on what that has made. Else what others
    /// have made of that since, or deleted, would come back.
    ///
    /// - Precondition: called with the right to change.
    func standingOnLastAttempt() -> Standing {
        with { state in
            var standing = Standing()
            for inode in state.changedGroups.values {
                guard let staged = inode.content.staged else { continue }
                var content = inode.content
                (content.base, content.staged) = (staged, nil)
                standing.contents.append((inode, content))
            }
            if let root = state.table[.root], let staged = root.content.staged {
                standing.contents.append((root, root.content.standing(on: staged)))
            }
            for (directory, _) in state.changedDirectories {
                for (name, edit) in directory.edits {
                    guard let staged = edit.staged else { continue }
                    var stands = edit
                    (stands.base, stands.staged) = (staged.entry, nil)
                    if let child = edit.attempted, let made = staged.entry {
                        var content = child.content.standing(on: made, own: staged.own)
                        // One that was the drive's before may be laid over something newer already.
                        if !edit.isSame {
                            content.entry.content = made.content
                            content.base?.content = made.content
                            stands = NameEdit(
                                inode: child, base: made, inDrive: edit.inDrive, isSame: true, revision: edit.revision)
                        }
                        standing.contents.append((child, content))
                    }
                    standing.edits.append((directory, name, stands))
                }
            }
            return standing
        }
    }

    /// The same before anybody looks at it.
    func standOnLastAttempt() async throws {
        try await Self.onThread {
            self.changing.lock()
            defer { self.changing.unlock() }
            let standing = self.standingOnLastAttempt()
            try self.journal(standing.records)
            self.with { _ in standing.apply() }
        }
    }

    /// Looks at directories that were made or moved here by an attempt that is in the drive.
    func collectAttempted(in new: Snapshot, into changes: inout [Change]) async throws {
        typealias Attempted = (name: [UInt8], number: InodeNumber, entry: Entry, isSame: Bool)
        var next = [(number: InodeNumber.root, their: new.root)]
        while let (number, their) = next.popLast() {
            let directories = with { state -> [Attempted] in
                (state.table[number]?.edits ?? [:]).compactMap { name, edit in
                    guard let child = edit.isSame ? edit.inode : edit.attempted else { return nil }
                    let entry = child.content.entry
                    return entry.type == .directory ? (name, child.number, entry, edit.isSame) : nil
                }
            }
            for directory in directories {
                let found = try await new.lookUp(directory.name, in: their)?.entry
                if !directory.isSame { changes.append(.name(Place(parent: number, name: directory.name), found)) }
                guard let found, found.type == .directory else { continue }
                next.append((directory.number, found))
                if directory.isSame { continue }
                guard directory.entry.content == .newDirectory else {
                    try await collect(from: directory.entry, to: found, number: directory.number, new, into: &changes)
                    continue
                }
                changes.append(.directory(directory.number, old: found, new: found))
                // The kernel remembers what was not there.
                for other in try await new.entries(of: found, from: nil, limit: .max) {
                    changes.append(.name(Place(parent: directory.number, name: other.name), other.entry))
                }
            }
        }
    }
}

/// What inodes and names are to be that stand on something else in the drive from now on.
struct Standing {
    var contents: [(inode: Inode, content: InodeContent)] = []
    var edits: [(directory: Inode, name: [UInt8], edit: NameEdit)] = []

    var isEmpty: Bool { contents.isEmpty && edits.isEmpty }

    /// A directory comes before its name: where only that is said to be the drive's, nobody knows what the drive had in it.
    var records: [RecordChange] {
        let inodes = contents.map { inode, content -> RecordChange in
            .put(key: OverlayKey.inode(inode.number).bytes, value: InodeRecord(content).scaleBytes)
        }
        return inodes
            + edits.map { directory, name, edit in
                let key = OverlayKey.name(Place(parent: directory.number, name: name)).bytes
                return .put(key: key, value: NameRecord(edit).scaleBytes)
            }
    }

    /// - Precondition: called under the lock of the table.
    func apply() {
        for (directory, name, edit) in edits { directory.edits[name] = edit }
        for (inode, content) in contents { inode.content = content }
    }
}

extension NameEdit {
    /// The directory that the last attempt has had under the name.
    fileprivate var attempted: Inode? {
        guard let staged, !staged.isReplaced, staged.entry?.type == .directory,
            inode?.content.entry.type == .directory
        else { return nil }
        return inode
    }
}

extension InodeContent {
    /// A directory's, where an attempt has made this of it.
    ///
    /// - Parameter own: where others had made it, too, what it was here then: the attempt has left it theirs.
    fileprivate func standing(on made: Entry, own: Entry? = nil) -> InodeContent {
        var content = self
        content.base = own == nil ? base.map { entry.changes(since: $0, made: made) } ?? made : made
        if let own { content.entry = entry.mergingAttributes(with: made, since: own) }
        // Else what others give it from now on would lie below these.
        if own != nil || attributes.map(made.attributes.holds) ?? false {
            (content.attributes, content.entry.attributes) = (nil, made.attributes)
            content.base?.attributes = made.attributes
        }
        content.staged = nil
        return content
    }
}

extension Attributes {
    /// Whether they are these. Of those that do not stand in an entry nobody knows.
    fileprivate func holds(_ list: [Attribute]) -> Bool {
        switch self {
        case .none: list.isEmpty
        case .inline(let own): AttributeList(list) == own
        case .blob: false
        }
    }
}

extension Entry {
    /// What an attempt has made of the attributes that are not those of `old` here; and the others of `old`.
    fileprivate func changes(since old: Entry, made: Entry) -> Entry {
        var base = old
        if mode != old.mode { base.mode = made.mode }
        if owner != old.owner { base.owner = made.owner }
        if group != old.group { base.group = made.group }
        if modified != old.modified { base.modified = made.modified }
        if changed != old.changed { base.changed = made.changed }
        if attributes != old.attributes { base.attributes = made.attributes }
        return base
    }
}
