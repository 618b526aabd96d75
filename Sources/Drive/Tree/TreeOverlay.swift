internal import DriveFormat
internal import SCALE

/// Lays what is copied over what is there, by the rules of `put`: directories merge, everything else is replaced, and no
/// directory makes way for what is none. Subtrees that are equal, or in nobody's place, are not read.
struct TreeOverlay: Sendable {
    let trees: DriveTrees

    /// Edits that are applied at a time: directories may be huge.
    private static let batch = 5000

    /// - Parameter old: nil where nothing is there.
    /// - Throws: `DriveError.directoryInTheWay`.
    func lay(_ new: Entry, over old: Entry?, at path: DrivePath) async throws -> Entry {
        guard let old, case .directory(let oldTree) = old.content else { return new }
        guard case .directory(let newTree) = new.content else { throw DriveError.directoryInTheWay(path) }
        var merged = new
        merged.content = .directory(try await lay(newTree, over: oldTree, at: path))
        return merged
    }

    private func lay(_ new: TreeRoot, over old: TreeRoot, at path: DrivePath) async throws -> TreeRoot {
        var merged = old
        var edits: [ProllyEdit] = []
        try await trees.directories.forEachDifference(from: old, to: new) { change in
            guard let value = change.new else { return true }
            guard Entry.isValidName(change.key) else {
                throw DriveError.invalidPath("\(path)", reason: "a directory of the drive holds a forbidden name")
            }
            let entry = try Entry(scaleBytes: value)
            let there = try change.old.map { try Entry(scaleBytes: $0) }
            let result = try await lay(entry, over: there, at: path.appending(change.key))
            edits.append(ProllyEdit(key: change.key, value: result.scaleBytes))
            if edits.count == Self.batch {
                merged = try await trees.directories.apply(edits, to: merged)
                edits = []
            }
            return true
        }
        return edits.isEmpty ? merged : try await trees.directories.apply(edits, to: merged)
    }
}
