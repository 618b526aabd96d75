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

    /// Counts what is below `new` and not below `old`, and the other way round. Equal directories are not looked at.
    ///
    /// - Parameters:
    ///   - old: nil where there was nothing.
    ///   - new: nil where nothing is left.
    /// - Throws: what reading directories throws.
    mutating func count(from old: Entry?, to new: Entry?) async throws {
        try Task.checkCancellation()
        guard old != new else { return }
        replace(old, by: new)
        switch (old?.directory, new?.directory) {
        case (nil, nil): return
        case (let old?, let new?):
            try await trees.directories.forEachDifference(from: old, to: new) { change in
                try await count(
                    from: change.old.map { try Entry(scaleBytes: $0) }, to: change.new.map { try Entry(scaleBytes: $0) }
                )
                return true
            }
        case (let old?, nil):
            for try await item in trees.directories.entries(of: old) {
                try await count(from: Entry(scaleBytes: item.value), to: nil)
            }
        case (nil, let new?):
            for try await item in trees.directories.entries(of: new) {
                try await count(from: nil, to: Entry(scaleBytes: item.value))
            }
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
