internal import BlobStore
internal import Primitives
public import DriveFormat
internal import SCALE
internal import Sealing
internal import Synchronization

/// Makes new contents and directories in the spool, for a commit to be. It is lent: of no use after the call that gave it. What is
/// made and not used in the end is given up again with the next commit.
///
/// One call at a time.
public struct Staging: Sendable {
    /// The root directory of the drive as it is: with what an earlier change of this machine had left undone, and with what others
    /// have committed since, or staged beside.
    public let root: Entry
    /// The link groups of the same state.
    public let links: TreeRoot?

    let store: ContentWriter.Store
    private let progress: StagingProgress

    var trees: DriveTrees { store.trees }

    init(_ context: ChangeContext, keys: DriveKeys, observer: @escaping StoreObserver) {
        root = context.root
        links = context.state.links
        store = ContentWriter.Store(trees: context.trees, spool: context.spool, keys: keys)
        progress = StagingProgress(observer)
    }

    /// Stores what a file is to hold: as `put` would, but of a base only what the changes touch is read, and some chunks around it.
    ///
    /// - Returns: what goes into the file's entry.
    /// - Throws: what the draft's `read` throws, and `DriveError.unreadable` where that gives too few bytes; `stateDamaged` where the
    ///   drive has lost chunks of the base; what reading the base throws; `StoreError`.
    /// - Complexity: all of the base's list of chunks is read, 42 bytes for each of them, and all of the changed data.
    public func content(of draft: FileDraft) async throws -> (content: Content, size: UInt64) {
        precondition(draft.isValid, "changes ascend within the size, and a base is a file's inode")
        if draft.isBase, let base = draft.base { return (base.content, base.size) }
        let (progress, spool) = (progress, store.spool)
        var staging = DraftStaging(draft, store) { progress.note($0, sealed: await spool.sealedBytes) }
        return try await staging.content()
    }

    /// Extended attributes as they stand in an entry: none, a few, or the name of a blob with them.
    ///
    /// - Parameter attributes: in any order; of two with one name the first stays.
    /// - Throws: `DriveError.unwritable` for more than a file may have, or for longer ones; `StoreError`.
    public func attributes(_ attributes: [Attribute]) async throws -> Attributes {
        guard !attributes.isEmpty else { return .none }
        guard let list = AttributeList(attributes) else {
            throw DriveError.unwritable(
                path: "extended attributes", reason: "they are more or longer than those of a file of the drive can be")
        }
        return try await BlobWriter(spool: store.spool, keys: store.keys).store(list)
    }

    /// A directory with some of its names changed. Of its tree only the leaves with changes are written anew, and what is above
    /// them.
    ///
    /// - Parameters:
    ///   - entry: a directory; one without a tree (`Content.none`) is new, and gets one.
    ///   - edits: each name once, in any order; nil takes a name out.
    /// - Throws: `DriveError.invalidPath` for a name that no directory can hold; what reading throws; `StoreError`.
    public func directory(
        _ entry: Entry, applying edits: [(name: [UInt8], entry: Entry?)] = []
    ) async throws -> Entry {
        precondition(entry.type == .directory, "only a directory has names in it")
        for edit in edits where !Entry.isValidName(edit.name) {
            throw DriveError.invalidPath(
                String(decoding: edit.name, as: UTF8.self), reason: "it cannot be a name in a directory")
        }
        let sorted = edits.sorted { $0.name.lexicographicallyPrecedes($1.name) }
        let changes = sorted.map { ProllyEdit(key: $0.name, value: $0.entry?.scaleBytes) }
        var changed = entry
        if let tree = entry.directory {
            changed.content = .directory(try await trees.directories.apply(changes, to: tree))
        } else {
            let entries = changes.compactMap { edit in edit.value.map { ProllyEntry(key: edit.key, value: $0) } }
            changed.content = .directory(try await trees.directories.build(entries))
        }
        return changed
    }

    /// What stands at a place; nil for nothing.
    public func entry(at names: [[UInt8]], in root: Entry) async throws -> Entry? {
        try await trees.entry(at: DrivePath(names: names), from: root)
    }

    /// All names in a directory.
    public func names(in directory: Entry) async throws -> [[UInt8]] {
        guard let tree = directory.directory else { return [] }
        return try await trees.directories.entries(of: tree).reduce(into: []) { $0.append($1.key) }
    }

    /// What stands under a name in a directory: of one of several names of an inode, hardly more than the link group.
    ///
    /// - Returns: nil if the directory has no such name, or is none.
    public func entry(named name: [UInt8], in directory: Entry) async throws -> Entry? {
        guard let tree = directory.directory else { return nil }
        return try await trees.recentEntries.value(of: name, in: tree).map { try Entry(scaleBytes: $0) }
    }

    /// A tree of link groups with other inodes in some of them: each with as many names as it has there, or else one.
    public func links(_ links: TreeRoot?, replacing inodes: [LinkGroup: Entry]) async throws -> TreeRoot? {
        var edits: [ProllyEdit] = []
        for (group, inode) in inodes.sorted(by: { $0.key.value < $1.key.value }) {
            let name = Entry(inode.type, in: group)
            let names = try await trees.inode(of: name, in: links)?.names ?? 1
            edits.append(ProllyEdit(key: group.value.bytes, value: LinkedInode(names: names, entry: inode).scaleBytes))
        }
        guard !edits.isEmpty else { return links }
        guard let links else {
            return try await trees.links.build(
                edits.compactMap { edit in edit.value.map { ProllyEntry(key: edit.key, value: $0) } })
        }
        return try await trees.links.apply(edits, to: links)
    }

    /// What a name stands for in the drive as it is; nil where its link group is not in it.
    public func inode(of entry: Entry) async throws -> LinkedInode? { try await trees.inode(of: entry, in: links) }
}

/// Tells how much has been staged.
private final class StagingProgress: Sendable {
    private let observer: StoreObserver
    private let byteCount = Mutex(0)

    init(_ observer: @escaping StoreObserver) { self.observer = observer }

    func note(_ count: Int, sealed: Int) {
        let read = byteCount.withLock { total in
            total += count
            return total
        }
        observer(.staging(read: read, sealed: sealed))
    }
}
