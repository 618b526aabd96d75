internal import DriveFormat
internal import SCALE

/// The values that a map has in the drive, asked for in the ascending order of their keys, as a directory of this machine is
/// read: each node of the tree is loaded once, and not once for every key.
struct FormerValues {
    private let tree: ProllyTree
    private let root: TreeRoot?
    private var entries: ProllyEntries.Iterator?
    private var next: ProllyEntry?

    /// So many entries are passed over before the tree is searched again: a few files may go into a huge directory.
    private static let stride = 64

    /// - Parameter root: nil for a map that is new.
    init(of root: TreeRoot?, in tree: ProllyTree) {
        self.root = root
        self.tree = tree
    }

    /// - Parameter key: not before the one asked for last.
    /// - Throws: `ProllyError` and what loading nodes throws.
    mutating func value(of key: [UInt8]) async throws -> [UInt8]? {
        guard let root else { return nil }
        var passed = 0
        while let candidate = next, candidate.key.lexicographicallyPrecedes(key), passed < Self.stride {
            next = try await entries?.next()
            passed += 1
        }
        if entries == nil || next?.key.lexicographicallyPrecedes(key) == true {
            entries = tree.entries(of: root, from: key).makeAsyncIterator()
            next = try await entries?.next()
        }
        guard let next, next.key == key else { return nil }
        return next.value
    }
}

/// The entries that a directory has in the drive, asked for in the ascending order of their names.
struct FormerEntries {
    private var values: FormerValues

    /// - Parameter root: nil for a directory that is new.
    init(of root: TreeRoot?, in tree: ProllyTree) { values = FormerValues(of: root, in: tree) }

    /// - Parameter name: not before the one asked for last.
    /// - Throws: `ProllyError` and what loading nodes throws; `ScaleError` for what is no entry.
    mutating func entry(named name: [UInt8]) async throws -> Entry? {
        try await values.value(of: name).map { try Entry(scaleBytes: $0) }
    }
}
