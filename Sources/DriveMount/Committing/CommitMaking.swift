internal import Drive
internal import DriveFormat
internal import LocalCache

/// Makes what was changed in a mount into a state of the drive.
///
/// Design: Docs/Design.md, section 10.
struct CommitMaking {
    let staging: Staging
    let tree: FrozenTree
    let snapshot: Snapshot

    /// What was written and cannot be read from the cache any more is left out, and stays changed.
    ///
    /// - Throws: what staging throws.
    func change() async throws -> StagedChange {
        var (inodes, bases): ([LinkGroup: Entry], [LinkGroup: Entry]) = ([:], [:])
        var kept: [LinkGroup: KeptFile] = [:]
        for (group, inode) in tree.linked {
            guard let made = try await entry(of: inode) else { continue }
            let now = try await snapshot.inode(of: Entry(made.type, in: group))?.entry
            let staged = inode.content.staged?.entry
            inode.before = now != nil && now == staged ? now : inode.content.base
            inodes[group] = made
            // Another machine may have taken all of its names away: what was written stays.
            if inode.before.map({ !made.isUnchanged(since: $0) }) ?? true {
                kept[group] = KeptFile(
                    path: inode.paths.first ?? [], former: [inode.content.base, staged].compactMap(\.self))
            }
            // As with names: what another machine has made of it meanwhile is a conflict, and what this one has is none.
            // A new one that an attempt has brought into the drive may have been changed there since.
            guard let before = inode.before ?? (now == nil ? nil : staged) else { continue }
            if now != before { bases[group] = before }
        }
        let (base, root) = try await directory(tree.root, now: snapshot.root)
        return StagedChange(
            base: base, baseLinks: try await staging.links(snapshot.links, replacing: bases),
            snapshot: snapshot.root, root: root, inodes: inodes, kept: kept,
            bringsBack: tree.bringsBack)
    }

    /// A directory as the changes were made on, and as it is to be.
    ///
    /// - Parameter now: as the drive has it; nil for a new one.
    private func directory(_ frozen: FrozenInode, now: Entry?) async throws -> (base: Entry, new: Entry) {
        var new = frozen.content.entry
        if let attributes = frozen.content.attributes { new.attributes = try await staging.attributes(attributes) }
        // Of one that both have made, theirs was there first.
        if let now, frozen.content.isNew { new = new.mergingAttributes(with: now, since: new) }
        if let now, let base = frozen.content.base {
            new = new.mergingAttributes(with: now, since: base, frozen.content.staged)
        }
        if let now { new.content = now.content } else if frozen.content.isNew { new.content = .none }
        var (edits, baseEdits): ([(name: [UInt8], entry: Entry?)], [(name: [UInt8], entry: Entry?)]) = ([], [])
        var unread: [FrozenName] = []
        for name in frozen.names {
            if let group = name.group, let inode = tree.linked[group], inode.result == nil {
                unread.append(name)
                continue
            }
            let current = new.content == .none ? nil : try await staging.entry(named: name.name, in: new)
            var before = name.edit.base
            var after: Entry?
            var (isShared, isCompared) = (false, false)
            if let group = name.group, let type = name.edit.inode?.content.entry.type {
                after = Entry(type, in: group)
            } else if let child = name.child {
                // Made here and elsewhere, or here by a commit that others have built on: name by name, each is compared with what it was.
                isShared =
                    !name.edit.isSame && child.content.isNew && before == nil && current?.type == .directory
                    && (name.edit.staged?.isShared == true || current != name.edit.staged?.entry)
                // Others may have put a directory where a file was changed here.
                if name.edit.isSame || isShared, let current, current.type == .directory,
                    child.content.entry.type == .directory
                {
                    let (base, made) = try await directory(child, now: current)
                    (after, isCompared) = (made, true)
                    before = base.content == current.content ? current : base
                    if isShared { child.taken = try await staging.names(in: current) }
                } else if child.content.entry.type == .directory {
                    let tree = child.content.isNew ? nil : child.content.entry
                    child.isPutBack = tree != nil
                    let (base, made) = try await directory(child, now: tree)
                    after = made
                    // Others have changed it before they have taken it away: that is no change of this mount's.
                    if name.edit.isSame, tree != nil, var former = child.content.base {
                        former.content = base.content
                        before = former
                    }
                } else {
                    after = try await entry(of: child)
                    if after == nil {
                        unread.append(name)
                        continue
                    }
                }
            }
            // An attempt that did not come to its end has stored it: what is there is this mount's own. In a directory each name tells that itself.
            if !isCompared, let staged = name.edit.staged, staged.entry == current { before = current }
            (name.before, name.made, name.isShared) = (before, after, isShared)
            if !name.edit.isSame, !isShared, case .directory(let tree)? = current?.content { name.replaced = tree }
            edits.append((name.name, after))
            // Another machine has changed it, too: the merge has to see what both began with.
            if before != current { baseEdits.append((name.name, before)) }
        }
        frozen.leaveOut(unread)
        new = try await staging.directory(new, applying: edits)
        frozen.result = new
        guard let now else { return (new, new) }
        return (baseEdits.isEmpty ? now : try await staging.directory(now, applying: baseEdits), new)
    }

    /// What is no directory; nil for a file whose bytes cannot be read.
    private func entry(of frozen: FrozenInode) async throws -> Entry? {
        let content = frozen.content
        var entry = content.entry
        if let attributes = content.attributes { entry.attributes = try await staging.attributes(attributes) }
        // A copy has no bytes of its own, and may be of a part only.
        if frozen.bytes != nil || content.size != entry.size || content.baseLimit < entry.size {
            let extents = frozen.bytes?.extents(in: 0..<content.size) ?? []
            let changes = extents.compactMap { range, kind in
                kind.isDirty ? FileDraft.Change(range, isHole: kind == .dirtyHole) : nil
            }
            let draft = FileDraft(
                size: content.size, base: content.entry, baseLimit: content.baseLimit, changes: changes
            ) { [bytes = frozen.bytes] range in
                try await MountedDrive.onThread { try bytes?.bytes(range) ?? [] }
            }
            do { (entry.content, entry.size) = try await staging.content(of: draft) } catch is CacheError { return nil }
        }
        frozen.result = entry
        return entry
    }
}

extension FrozenFile {
    fileprivate func bytes(_ range: Range<UInt64>) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        var span = bytes.mutableSpan
        let filled = try read(range, into: &span)
        guard range.without(filled).isEmpty else { throw CacheError.damaged(file, range) }
        return bytes
    }
}
