internal import DriveFormat
internal import SCALE

/// Changes single places of a drive's tree: each change gives a new root and rewrites the directories on its way.
struct TreeEditor: Sendable {
    let trees: DriveTrees

    /// An empty directory with these attributes.
    func emptyDirectory(_ attributes: Entry) async throws -> Entry {
        var entry = attributes
        entry.content = .directory(try await trees.directories.build([]))
        return entry
    }

    /// Puts `entry` at `path`, or takes away what is there if it is nil.
    ///
    /// - Throws: `DriveError.notFound` or `notADirectory` for a parent that is not one.
    func set(_ entry: Entry?, at path: DrivePath, in root: Entry) async throws -> Entry {
        try await set(entry, at: path.names[...], below: root, path: path)
    }

    private func set(
        _ entry: Entry?, at names: ArraySlice<[UInt8]>, below directory: Entry, path: DrivePath
    ) async throws -> Entry {
        guard let name = names.first else {
            guard let entry, entry.type == .directory else { throw DriveError.notADirectory(path) }
            return entry
        }
        guard case .directory(let tree) = directory.content else {
            throw DriveError.notADirectory(DrivePath(names: path.names.dropLast(names.count)))
        }
        let replacement: Entry?
        if names.count == 1 {
            replacement = entry
        } else {
            let parent = DrivePath(names: path.names.dropLast(names.count - 1))
            guard let value = try await trees.directories.lookup(name, in: tree) else {
                throw DriveError.notFound(parent)
            }
            replacement = try await set(
                entry, at: names.dropFirst(), below: Entry(scaleBytes: value), path: path)
        }
        var changed = directory
        let edit = ProllyEdit(key: name, value: replacement?.scaleBytes)
        changed.content = .directory(try await trees.directories.apply([edit], to: tree))
        return changed
    }

    /// Makes the directories of `path` that do not exist.
    ///
    /// - Throws: `DriveError.notADirectory` if a name on the way is taken by something else.
    func makeDirectories(_ path: DrivePath, in root: Entry, attributes: Entry) async throws -> Entry {
        var root = root
        for count in 0..<path.names.count {
            let prefix = DrivePath(names: Array(path.names[...count]))
            if let found = try await trees.entry(at: prefix, from: root) {
                guard found.type == .directory else { throw DriveError.notADirectory(prefix) }
                continue
            }
            root = try await set(try await emptyDirectory(attributes), at: prefix, in: root)
        }
        return root
    }

    /// Lets the first names of new link groups join them: each directory is changed once. A name that holds something else
    /// by now stays as it is.
    func join(
        _ names: [HardLinks.FirstName], in root: Entry, counting counts: inout LinkCounts
    ) async throws -> Entry {
        guard !names.isEmpty else { return root }
        let sorted = names.map { (path: $0.place.names, first: $0) }.sorted { a, b in
            a.path.lexicographicallyPrecedes(b.path) { $0.lexicographicallyPrecedes($1) }
        }
        return try await join(sorted[...], depth: 0, in: root, &counts)
    }

    private func join(
        _ names: ArraySlice<(path: [[UInt8]], first: HardLinks.FirstName)>, depth: Int, in directory: Entry,
        _ counts: inout LinkCounts
    ) async throws -> Entry {
        guard let tree = directory.directory else { return directory }
        var former = FormerEntries(of: tree, in: trees.directories)
        var edits: [ProllyEdit] = []
        var rest = names
        while let next = rest.first {
            let key = next.path[depth]
            let group = rest.prefix { $0.path[depth] == key }
            rest = rest.dropFirst(group.count)
            guard let old = try await former.entry(named: key) else { continue }
            var new = old
            if old.type == .directory {
                new = try await join(
                    group.filter { $0.path.count > depth + 1 }[...], depth: depth + 1, in: old, &counts)
            } else if let name = group.first(where: {
                $0.path.count == depth + 1 && $0.first.entry == old.scaleBytes
            }) {
                new = Entry(old.type, in: name.first.group)
                counts.replace(old, by: new)
            }
            if new != old { edits.append(ProllyEdit(key: key, value: new.scaleBytes)) }
        }
        guard !edits.isEmpty else { return directory }
        var changed = directory
        changed.content = .directory(try await trees.directories.apply(edits, to: tree))
        return changed
    }
}
