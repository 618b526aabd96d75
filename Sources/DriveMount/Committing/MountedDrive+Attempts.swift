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
                    if frozen.result != nil { content.base = frozen.before }
                    content.staged = frozen.result.map { StagedInode(entry: $0) }
                    remembered.contents.append((frozen.inode, content))
                }
                // One that is remembered as changed: the root may be as in the drive.
                if frozen.content.entry.type == .directory, frozen.inode.content.revision != nil,
                    let result = frozen.result
                {
                    var content = frozen.inode.content
                    var own = frozen.content.entry
                    own.content = result.content
                    content.staged = StagedInode(
                        entry: result, own: own == result ? nil : own, base: frozen.content.base)
                    remembered.contents.append((frozen.inode, content))
                }
                for name in frozen.names {
                    guard var edit = frozen.inode.edits[name.name] else { continue }
                    // Where an earlier attempt was found in the drive, this one stands on that.
                    edit.base = name.isShared ? nil : name.before
                    let staged = StagedName(entry: name.made, isShared: name.isShared)
                    edit.staged = edit.inode === name.edit.inode ? staged : staged.replaced
                    remembered.edits.append((frozen.inode, name.name, edit))
                }
                // An earlier attempt that had them has come to nothing.
                for name in frozen.leftOut {
                    guard var edit = frozen.inode.edits[name.name], edit.staged != nil else { continue }
                    edit.staged = nil
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
                (content.base, content.staged) = (staged.entry, nil)
                standing.contents.append((inode, content))
            }
            var next = state.table[.root].map { [Attempted(directory: $0, isThere: true)] } ?? []
            while let attempted = next.popLast() { next += stand(attempted, &standing) }
            return standing
        }
    }

    /// - Returns: changed directories below it.
    private func stand(_ attempted: Attempted, _ standing: inout Standing) -> [Attempted] {
        let directory = attempted.directory
        var content = directory.content
        if content.staged != nil {
            if attempted.isThere { content.stand(isShared: attempted.isShared) } else { content.staged = nil }
            // One that was the drive's before may be laid over something newer already.
            if let made = attempted.made {
                content.entry.content = made.content
                content.base?.content = made.content
            }
            standing.contents.append((directory, content))
        }
        var below: [Attempted] = []
        for (name, edit) in directory.edits {
            let child = edit.inode.flatMap { $0.content.entry.type == .directory ? $0 : nil }
            let isThere = attempted.isThere && (edit.isSame || edit.attempted != nil)
            let isGrounded = isThere && !edit.isSame
            if let child {
                below.append(
                    Attempted(
                        directory: child, isThere: isThere, isShared: edit.staged?.isShared ?? false,
                        made: isGrounded ? edit.staged?.entry : nil))
            }
            guard let staged = edit.staged else { continue }
            // A new one that has been moved since is new where it is.
            let isNew = !attempted.isThere && directory.content.isNew
            standing.edits.append(
                (
                    directory, name,
                    NameEdit(
                        inode: edit.inode, base: isNew ? nil : staged.entry,
                        inDrive: attempted.made == nil ? edit.inDrive : NameInDrive(staged.entry),
                        isSame: edit.isSame || isGrounded, revision: edit.revision)
                ))
        }
        return below
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
        // Mostly nothing: what was seen to be in the drive has been settled.
        let hasAny = with { state in
            state.changedDirectories.contains { directory, _ in
                directory.edits.values.contains { !$0.isSame && $0.attempted != nil }
            }
        }
        guard hasAny else { return }
        typealias Found = (name: [UInt8], number: InodeNumber, entry: Entry, isSame: Bool)
        var next = [(number: InodeNumber.root, their: new.root)]
        while let (number, their) = next.popLast() {
            let directories = with { state -> [Found] in
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
                // What others have taken away of what the attempt has put into it.
                for name in with({ Array(($0.table[directory.number]?.edits ?? [:]).keys) })
                where try await new.lookUp(name, in: found) == nil {
                    changes.append(.name(Place(parent: directory.number, name: name), nil))
                }
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

/// A changed directory, as the last attempt has it.
private struct Attempted {
    let directory: Inode
    /// Whether it is where the attempt had it.
    let isThere: Bool
    var isShared = false
    /// What the attempt has made of it, where it has made it or moved it there.
    var made: Entry?
}
