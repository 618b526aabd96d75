internal import BlobStore
internal import DriveFormat

extension Drive {
    /// Makes directories.
    ///
    /// - Parameter parents: whether to make those above as well, and not to mind ones that exist.
    /// - Throws: `DriveError.exists`, `notFound`, `notADirectory`.
    public func makeDirectories(
        _ paths: [DrivePath], parents: Bool, options: ChangeOptions
    ) async throws -> ChangeResult {
        try await change(options) { context in
            var root = context.root
            for path in paths {
                if parents {
                    root = try await context.editor.makeDirectories(
                        path, in: root, attributes: Self.newDirectory(now: .now))
                    continue
                }
                guard try await context.trees.entry(at: path, from: root) == nil else { throw DriveError.exists(path) }
                let directory = try await context.editor.emptyDirectory(Self.newDirectory(now: .now))
                root = try await context.editor.set(directory, at: path, in: root)
            }
            return DriveState(root: root, links: context.state.links)
        }
    }

    /// Takes names out of the tree; earlier commits keep what they named.
    ///
    /// - Parameter recursive: whether directories may go with everything in them.
    /// - Throws: `DriveError.notFound`, `isADirectory`.
    public func remove(
        _ paths: [DrivePath], recursive: Bool, options: ChangeOptions
    ) async throws -> ChangeResult {
        var options = options
        options.mayUseReserve = true
        return try await change(options) { context in
            var root = context.root
            for path in paths {
                guard !path.isRoot else { throw DriveError.invalidPath("/", reason: "the root cannot be removed") }
                guard let entry = try await context.trees.entry(at: path, from: root) else {
                    throw DriveError.notFound(path)
                }
                guard recursive || entry.type != .directory else { throw DriveError.isADirectory(path) }
                root = try await context.editor.set(nil, at: path, in: root)
            }
            return try await context.state(root)
        }
    }

    /// Renames or moves; into the destination where that is a directory. A file that is in the way is replaced.
    ///
    /// - Throws: `DriveError.notFound`, `isADirectory`, `notADirectory`, `directoryNotEmpty`, `invalidPath` for a move of
    ///   a directory below itself.
    public func move(_ source: DrivePath, to destination: DrivePath, options: ChangeOptions) async throws
        -> ChangeResult
    {
        try await change(options) { context in
            guard let name = source.last else {
                throw DriveError.invalidPath("/", reason: "the root cannot be moved")
            }
            guard let entry = try await context.trees.entry(at: source, from: context.root) else {
                throw DriveError.notFound(source)
            }
            var target = destination
            if try await context.trees.entry(at: target, from: context.root)?.type == .directory {
                target = target.appending(name)
            }
            guard target != source else { return context.state }
            guard !target.isWithin(source) else {
                throw DriveError.invalidPath("\(destination)", reason: "a directory cannot be moved below itself")
            }
            // What moves keeps its names, however many are below it; only what is replaced loses one.
            var counts = LinkCounts(context.trees)
            if let existing = try await context.trees.entry(at: target, from: context.root) {
                try Self.checkReplacing(existing, with: entry, at: target)
                counts.replace(existing, by: nil)
            }
            let without = try await context.editor.set(nil, at: source, in: context.root)
            return DriveState(
                root: try await context.editor.set(entry, at: target, in: without),
                links: try await counts.applied(to: context.state.links) { _ in nil })
        }
    }

    private static func checkReplacing(_ existing: Entry, with entry: Entry, at path: DrivePath) throws(DriveError) {
        guard case .directory(let tree) = existing.content else {
            if entry.type == .directory { throw .notADirectory(path) }
            return
        }
        guard entry.type == .directory else { throw .isADirectory(path) }
        guard tree.count == 0 else { throw .directoryNotEmpty(path) }
    }
}
