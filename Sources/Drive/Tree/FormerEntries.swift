internal import DriveFormat
internal import SCALE

/// The entries that a directory has in the drive, asked for in the ascending order of their names, as a directory of this
/// machine is read: each node of the tree is loaded once, and not once for every name.
struct FormerEntries {
    private let tree: ProllyTree
    private let root: TreeRoot?
    private var entries: ProllyEntries.Iterator?
    private var next: ProllyEntry?

    /// So many entries are passed over before the tree is searched again: a few files may go into a huge directory.
    private static let stride = 64

    /// - Parameter root: nil for a directory that is new.
    init(of root: TreeRoot?, in tree: ProllyTree) {
        self.root = root
        self.tree = tree
    }

    /// - Parameter name: not before the one asked for last.
    /// - Throws: `ProllyError` and what loading nodes throws; `ScaleError` for what is no entry.
    mutating func entry(named name: [UInt8]) async throws -> Entry? {
        guard let root else { return nil }
        var passed = 0
        while let candidate = next, candidate.key.lexicographicallyPrecedes(name), passed < Self.stride {
            next = try await entries?.next()
            passed += 1
        }
        if entries == nil || next?.key.lexicographicallyPrecedes(name) == true {
            entries = tree.entries(of: root, from: name).makeAsyncIterator()
            next = try await entries?.next()
        }
        guard let next, next.key == name else { return nil }
        return try Entry(scaleBytes: next.value)
    }
}
