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
            var edits: [(Inode, [UInt8], NameEdit)] = []
            var contents: [(Inode, InodeContent)] = []
            for frozen in tree.inodes where self.owns(frozen.inode) {
                // One that has joined a group since was not committed as such.
                if frozen.content.group != nil {
                    var content = frozen.inode.content
                    // As with names below.
                    (content.base, content.staged) = (frozen.before, frozen.result)
                    contents.append((frozen.inode, content))
                }
                // Which no name stands for.
                if frozen.inode.number == .root, frozen.inode.content.revision != nil {
                    var content = frozen.inode.content
                    content.staged = frozen.result
                    contents.append((frozen.inode, content))
                }
                for name in frozen.names {
                    guard var edit = frozen.inode.edits[name.name] else { continue }
                    // Where an earlier attempt was found in the drive, this one stands on that.
                    edit.base = name.isShared ? nil : name.before
                    edit.staged = name.isShared ? nil : StagedName(entry: name.made)
                    edits.append((frozen.inode, name.name, edit))
                }
            }
            try self.remember(contents, edits, [.put(key: OverlayKey.attempt.bytes, value: attempt.scaleBytes)])
            self.with { $0.attempt = attempt }
        }
        // What is on its way may be carried on after a loss of power. Nobody has to wait for the disk who writes meanwhile.
        do { try await Self.onThread { try self.cache.sync() } } catch CacheError.unsynced {
            // All the more it has to come into the drive.
            logger.error("the cache could not be synced before a commit")
        }
    }

    /// The last attempt is in the drive, whatever was said of it: what was changed stands on what it has made. Else what others have made of that
    /// since, or deleted, would come back.
    func standOnLastAttempt() async throws {
        try await Self.onThread {
            self.changing.lock()
            defer { self.changing.unlock() }
            var edits: [(Inode, [UInt8], NameEdit)] = []
            var contents: [(Inode, InodeContent)] = []
            self.with { state in
                func stand(_ inode: Inode, on staged: Entry?) {
                    guard let staged else { return }
                    var content = inode.content
                    // A directory may have been laid over something newer already.
                    let isDirectory = content.entry.type == .directory
                    let base = isDirectory ? content.base.map { content.entry.changes(since: $0, made: staged) } : nil
                    (content.base, content.staged) = (base ?? staged, nil)
                    contents.append((inode, content))
                }
                for inode in state.changedGroups.values { stand(inode, on: inode.content.staged) }
                if let root = state.table[.root] { stand(root, on: root.content.staged) }
                for (directory, _) in state.changedDirectories {
                    for (name, edit) in directory.edits {
                        guard let staged = edit.staged else { continue }
                        var edit = edit
                        (edit.base, edit.staged) = (staged.entry, nil)
                        edits.append((directory, name, edit))
                        guard let child = edit.inode, child.content.entry.type == .directory else { continue }
                        if staged.entry?.type == .directory { stand(child, on: staged.entry) }
                    }
                }
            }
            try self.remember(contents, edits)
        }
    }

    /// - Precondition: called with the right to change.
    private func remember(
        _ contents: [(Inode, InodeContent)], _ edits: [(Inode, [UInt8], NameEdit)], _ first: [RecordChange] = []
    ) throws {
        // Each stands alone.
        let inodes = contents.map { inode, content -> RecordChange in
            .put(key: OverlayKey.inode(inode.number).bytes, value: InodeRecord(content).scaleBytes)
        }
        let names = edits.map { directory, name, edit -> RecordChange in
            let key = OverlayKey.name(Place(parent: directory.number, name: name)).bytes
            return .put(key: key, value: NameRecord(edit).scaleBytes)
        }
        try journal(first + inodes + names)
        with { _ in
            for (directory, name, edit) in edits { directory.edits[name] = edit }
            for (inode, content) in contents { inode.content = content }
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
