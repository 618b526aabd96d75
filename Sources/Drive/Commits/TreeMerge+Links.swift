internal import DriveFormat
internal import Primitives
internal import SCALE

/// What has several names is changed by its names, which `merge` compares, and by its inode, which stands in no directory.
///
/// Format: Docs/Format/Entries.md, "Link groups".
extension TreeMerge {
    /// Whether a value of a directory is a name of one of these groups, or a directory with one below it.
    func holds(_ value: [UInt8]?, any groups: Set<LinkGroup>) async throws -> Bool {
        guard !groups.isEmpty, let value else { return false }
        let entry = try Entry(scaleBytes: value)
        if let group = entry.linkGroup { return groups.contains(group) }
        guard let tree = entry.directory else { return false }
        for try await item in trees.directories.entries(of: tree) {
            if try await holds(item.value, any: groups) { return true }
        }
        return false
    }

    /// Whether two names stand for equal inodes: machines that store the same links at once give them different groups.
    func isSameInode(_ our: [UInt8], _ their: [UInt8]) async throws -> Bool {
        let (our, their) = (try Entry(scaleBytes: our), try Entry(scaleBytes: their))
        guard our.linkGroup != their.linkGroup,
            let ourInode = try await trees.inode(of: our, in: ours.links)?.entry,
            let theirInode = try await trees.inode(of: their, in: theirs.links)?.entry
        else { return false }
        return ourInode == theirInode
    }

    /// The state with a merged root directory: its names are counted from theirs on, and inodes that one side has changed
    /// are that side's. Where both have changed one, theirs stays and ours is kept beside one of its names; where they have taken all names away
    /// of one that we have changed, it is kept under one of them.
    func merged(_ root: Entry) async throws -> DriveState {
        guard ours.links != nil || theirs.links != nil else { return DriveState(root: root) }
        var (root, updates) = (root, [LinkGroup: Entry]())
        let (changed, keeping) = (try await changedInodes(of: ours), FileKeeping(trees: trees, mark: mark))
        for (group, old, new) in changed {
            let name = Entry(new.type, in: group)
            let their = try await trees.inode(of: name, in: theirs.links)?.entry
            if their?.isUnchanged(since: old) == true {
                updates[group] = new
            } else if their != nil, their != new {
                let path = try await path(of: name) ?? formerPaths[group] ?? []
                // Of what somebody goes on writing there is one copy, and not one for each commit.
                root = try await keeping.keepBeside(new, as: KeptFile(path: path, former: [old]), in: root)
            }
        }
        var counts = LinkCounts(trees)
        try await counts.count(from: theirs.root, to: root)
        let links = try await counts.applied(to: theirs.links, updates: updates) { group in
            guard let links = ours.links, let value = try await trees.links.lookup(group.value.bytes, in: links) else {
                return nil
            }
            return try LinkedInode(scaleBytes: value).entry
        }
        // They have taken away what names we had left of it.
        for (group, _, new) in changed where !expendable.contains(group) {
            let name = Entry(new.type, in: group)
            guard try await trees.inode(of: name, in: links) == nil, let path = try await path(of: name) else {
                continue
            }
            root = try await keeping.keep(new, as: KeptFile(path: path, former: []), in: root)
        }
        return DriveState(root: root, links: links)
    }

    /// Inodes that one side has changed and that kept names, not those that only got more names or fewer.
    func changedInodes(of side: DriveState) async throws -> [(group: LinkGroup, old: Entry, new: Entry)] {
        guard let old = base.links, let new = side.links else { return [] }
        var changed: [(group: LinkGroup, old: Entry, new: Entry)] = []
        try await trees.links.forEachDifference(from: old, to: new) { change in
            guard let old = change.old, let new = change.new else { return true }
            let (before, after) = (try LinkedInode(scaleBytes: old).entry, try LinkedInode(scaleBytes: new).entry)
            guard !after.isUnchanged(since: before) else { return true }
            changed.append((try LinkGroup(scaleBytes: change.key), before, after))
            return true
        }
        return changed
    }

    /// The first of our names of an inode.
    private func path(of name: Entry) async throws -> [[UInt8]]? {
        try await firstPath(of: name, in: ours.root, names: [])
    }

    private func firstPath(of name: Entry, in directory: Entry, names: [[UInt8]]) async throws -> [[UInt8]]? {
        guard let tree = directory.directory else { return nil }
        for try await item in trees.directories.entries(of: tree) {
            let entry = try Entry(scaleBytes: item.value)
            if entry.linkGroup == name.linkGroup { return names + [item.key] }
            if let found = try await firstPath(of: name, in: entry, names: names + [item.key]) { return found }
        }
        return nil
    }
}
