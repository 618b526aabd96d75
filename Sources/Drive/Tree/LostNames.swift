internal import DriveFormat
internal import SCALE

/// Names of link groups that nobody knows any more: a directory that is put back after others have removed it has them still, and
/// what they stood for is gone.
struct LostNames: Sendable {
    private let links: TreeRoot?
    private let trees: DriveTrees

    /// - Parameter links: all groups that are known.
    init(_ links: TreeRoot?, _ trees: DriveTrees) {
        self.links = links
        self.trees = trees
    }

    /// The directory without them.
    ///
    /// - Parameter old: what need not be looked at, where it is the same; nil where there was nothing.
    /// - Throws: what reading directories throws; `StoreError`.
    func removed(from directory: Entry, since old: Entry?) async throws -> Entry {
        try Task.checkCancellation()
        guard directory != old, let tree = directory.directory else { return directory }
        var edits: [ProllyEdit] = []
        func look(_ name: [UInt8], _ old: [UInt8]?, _ new: [UInt8]) async throws {
            let entry = try Entry(scaleBytes: new)
            if entry.linkGroup != nil {
                if try await trees.inode(of: entry, in: links) == nil {
                    edits.append(ProllyEdit(key: name, value: nil))
                }
            } else if entry.type == .directory {
                let rest = try await removed(from: entry, since: old.map { try Entry(scaleBytes: $0) })
                if rest != entry { edits.append(ProllyEdit(key: name, value: rest.scaleBytes)) }
            }
        }
        if let oldTree = old?.directory {
            try await trees.directories.forEachDifference(from: oldTree, to: tree) { change in
                if let new = change.new { try await look(change.key, change.old, new) }
                return true
            }
        } else {
            for try await item in trees.directories.entries(of: tree) { try await look(item.key, nil, item.value) }
        }
        guard !edits.isEmpty else { return directory }
        var result = directory
        result.content = .directory(try await trees.directories.apply(edits, to: tree))
        return result
    }
}
