internal import DriveFormat
internal import Primitives
internal import SCALE

/// Link groups of copies: what was one file of several names becomes another one, so that a change of the first does not
/// change its copy.
///
/// Memory: some hundred bytes for each group that is copied.
struct CopiedLinks: Sendable {
    private let trees: DriveTrees
    private let links: TreeRoot?
    /// Of the state that is copied from → of the copies.
    private var groups: [LinkGroup: LinkGroup] = [:]
    /// What the new groups hold.
    private(set) var inodes: [LinkGroup: Entry] = [:]

    /// Edits that are applied at a time: directories may be huge.
    private static let batch = 5000

    /// - Parameter state: what is copied from.
    init(trees: DriveTrees, links state: DriveState) {
        self.trees = trees
        links = state.links
    }

    /// The entry as its copy has it. A directory is looked through only if the state has files of several names.
    ///
    /// A name whose group is lost stays what it is: damaged.
    mutating func copy(of entry: Entry) async throws -> Entry {
        guard links != nil else { return entry }
        if entry.linkGroup != nil { return try await trees.inode(of: entry, in: links)?.entry ?? entry }
        return try await below(entry)
    }

    private mutating func below(_ entry: Entry) async throws -> Entry {
        try Task.checkCancellation()
        if let group = entry.linkGroup { return try await named(entry, group) }
        guard let tree = entry.directory else { return entry }
        var (changed, edits): (TreeRoot, [ProllyEdit]) = (tree, [])
        for try await item in trees.directories.entries(of: tree) {
            let child = try Entry(scaleBytes: item.value)
            let copy = try await below(child)
            if copy != child { edits.append(ProllyEdit(key: item.key, value: copy.scaleBytes)) }
            if edits.count == Self.batch {
                changed = try await trees.directories.apply(edits, to: changed)
                edits = []
            }
        }
        guard changed != tree || !edits.isEmpty else { return entry }
        var copy = entry
        copy.content = .directory(try await trees.directories.apply(edits, to: changed))
        return copy
    }

    private mutating func named(_ entry: Entry, _ group: LinkGroup) async throws -> Entry {
        var copy = entry
        if let known = groups[group] {
            copy.linkGroup = known
        } else if let inode = try await trees.inode(of: entry, in: links) {
            let new = LinkGroup(.random())
            groups[group] = new
            inodes[new] = inode.entry
            copy.linkGroup = new
        }
        return copy
    }
}
