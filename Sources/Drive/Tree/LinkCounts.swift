internal import DriveFormat
internal import Primitives
internal import SCALE

/// How many names of each link group a change adds to the directories, or takes away.
///
/// Memory: some 50 bytes for each group that the change touches.
struct LinkCounts: Sendable {
    private let trees: DriveTrees
    private var changes: [LinkGroup: Int] = [:]

    init(_ trees: DriveTrees) { self.trees = trees }

    /// Counts one name, which is no directory with something in it.
    mutating func replace(_ old: Entry?, by new: Entry?) {
        if let group = old?.linkGroup { changes[group, default: 0] -= 1 }
        if let group = new?.linkGroup { changes[group, default: 0] += 1 }
    }

    /// Counts what is below `new` and not below `old`, and the other way round. Equal directories are not looked at, and neither
    /// are those that only have another name now.
    ///
    /// - Parameters:
    ///   - old: nil where there was nothing.
    ///   - new: nil where nothing is left.
    /// - Throws: what reading directories throws.
    mutating func count(from old: Entry?, to new: Entry?) async throws {
        var moved: [TreeRoot: Int] = [:]
        try await compare(old, new, &moved)
        for (tree, times) in moved where times != 0 {
            try await count(times, namesBelow: tree)
        }
    }

    /// - Parameter moved: how often more than before there is a directory, of those that have no counterpart of their name.
    private mutating func compare(_ old: Entry?, _ new: Entry?, _ moved: inout [TreeRoot: Int]) async throws {
        try Task.checkCancellation()
        guard old != new else { return }
        replace(old, by: new)
        guard let oldTree = old?.directory, let newTree = new?.directory else {
            if let tree = old?.directory { moved[tree, default: 0] -= 1 }
            if let tree = new?.directory { moved[tree, default: 0] += 1 }
            return
        }
        try await trees.directories.forEachDifference(from: oldTree, to: newTree) { change in
            try await compare(
                change.old.map { try Entry(scaleBytes: $0) }, change.new.map { try Entry(scaleBytes: $0) }, &moved)
            return true
        }
    }

    private mutating func count(_ times: Int, namesBelow tree: TreeRoot) async throws {
        try Task.checkCancellation()
        for try await item in trees.directories.entries(of: tree) {
            let entry = try Entry(scaleBytes: item.value)
            if let group = entry.linkGroup { changes[group, default: 0] += times }
            if let below = entry.directory { try await count(times, namesBelow: below) }
        }
    }

    /// The tree of link groups with these counts: a group without names is taken out.
    ///
    /// - Parameters:
    ///   - links: the tree as it was.
    ///   - updates: what groups of it hold from now on.
    ///   - inode: what a group holds that is not in it; nil where nobody knows.
    func applied(
        to links: TreeRoot?, updates: [LinkGroup: Entry] = [:], inode: (LinkGroup) async throws -> Entry?
    ) async throws -> TreeRoot? {
        var former = FormerValues(of: links, in: trees.links)
        var edits: [ProllyEdit] = []
        for group in Set(changes.keys).union(updates.keys).sorted(by: { $0.value < $1.value }) {
            let key = group.value.bytes
            let (change, value) = (changes[group] ?? 0, try await former.value(of: key))
            let old = try value.map { try LinkedInode(scaleBytes: $0) }
            let names = Int(old?.names ?? 0) + change
            var entry = updates[group] ?? old?.entry
            if entry == nil, names > 0 { entry = try await inode(group) }
            // Of a group that is missing no more is known than that it is.
            let new = names > 0 ? entry.map { LinkedInode(names: UInt32(clamping: names), entry: $0).scaleBytes } : nil
            if new != value { edits.append(ProllyEdit(key: key, value: new)) }
        }
        guard let links else {
            let entries = edits.compactMap { edit in edit.value.map { ProllyEntry(key: edit.key, value: $0) } }
            return entries.isEmpty ? nil : try await trees.links.build(entries)
        }
        let changed = edits.isEmpty ? links : try await trees.links.apply(edits, to: links)
        return changed.count == 0 ? nil : changed
    }
}

extension Entry {
    /// A directory's tree.
    var directory: TreeRoot? {
        guard case .directory(let tree) = content else { return nil }
        return tree
    }
}
