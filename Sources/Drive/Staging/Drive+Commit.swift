internal import BlobStore
public import DriveFormat
internal import Sealing

/// What a change that was collected elsewhere makes of the drive.
public struct StagedChange: Sendable {
    /// The root directory that the changes were made on: mostly a snapshot's `root`. Where another machine has changed a name that
    /// was changed here, too, the name may have here what it had when its change began (`Staging.directory`): so it is a conflict,
    /// and both are kept.
    public var base: Entry
    /// The link groups of the same snapshot.
    public var baseLinks: TreeRoot?
    /// The snapshot's root directory itself: its names are those that `baseLinks` counts.
    public var snapshot: Entry
    /// The root directory as it is to be.
    public var root: Entry
    /// Inodes with several names that are new, or changed. In directories they stand as `Entry(type, in: group)`; how many names
    /// they have is counted.
    public var inodes: [LinkGroup: Entry]
    /// Of these, those that stay as files of one name where no name is left of them.
    public var kept: [LinkGroup: KeptFile]
    /// Whether it has directories that others have removed: what is in them may be names of link groups that are gone, which are left
    /// out then.
    public var bringsBack: Bool

    /// - Parameter snapshot: nil where it is `base`.
    public init(
        base: Entry, baseLinks: TreeRoot?, snapshot: Entry? = nil, root: Entry, inodes: [LinkGroup: Entry] = [:],
        kept: [LinkGroup: KeptFile] = [:], bringsBack: Bool = false
    ) {
        self.base = base
        self.baseLinks = baseLinks
        self.snapshot = snapshot ?? base
        self.root = root
        self.inodes = inodes
        self.kept = kept
        self.bringsBack = bringsBack
    }

    /// What it makes of what the drive is now.
    func applied(in context: ChangeContext) async throws -> DriveState {
        let base = DriveState(root: base, links: baseLinks).named
        var ours = DriveState(root: root)
        if baseLinks != nil || !inodes.isEmpty {
            var counts = LinkCounts(context.trees)
            try await counts.count(from: snapshot, to: root)
            ours.links = try await counts.applied(to: base.links, updates: inodes) { _ in nil }
        }
        ours = ours.named
        let (now, trees) = (context.state.named, context.trees)
        let mark = Drive.conflictMark(DeviceIdentity.hostName, .now)
        var result = context.state
        if now == base {
            result = ours
        } else if ours != base {
            let merge = TreeMerge(
                trees: trees, mark: mark, base: base, ours: ours, theirs: now, expendable: Set(inodes.keys),
                formerPaths: kept.mapValues(\.path))
            result = try await merge.merged()
        }
        if bringsBack {
            result.root = try await LostNames(result.links, trees).removed(from: result.root, since: now.root)
        }
        for (group, file) in kept.sorted(by: { $0.key.value < $1.key.value }) {
            guard let inode = inodes[group] else { continue }
            guard try await trees.inode(of: Entry(inode.type, in: group), in: result.links) == nil else { continue }
            result.root = try await FileKeeping(trees: trees, mark: mark).keep(inode, as: file, in: result.root)
        }
        return result
    }
}

extension Drive {
    /// Commits changes that were collected elsewhere. Everything else is as for any change: what was left undone is carried on
    /// first, what other processes and machines have committed meanwhile is merged with it, and of a name that both have changed
    /// both versions are kept.
    ///
    /// - Parameter body: called once, with the spool to put new contents and directories into; nil for no change. A state that is
    ///   the present one makes no commit either.
    /// - Throws: what `body` throws: then nothing is committed; what changing throws.
    public func commit(
        _ options: ChangeOptions, _ body: (Staging) async throws -> StagedChange?
    ) async throws -> ChangeResult {
        try await change(options) { context in
            let staging = Staging(context, keys: keys.drive, observer: options.observer)
            guard let change = try await body(staging) else { return context.state }
            return try await change.applied(in: context)
        }
    }
}
