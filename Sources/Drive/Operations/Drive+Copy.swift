internal import BlobStore
internal import DriveFormat

extension Drive {
    /// Copies files and directories within the drive, attributes and times with them. Contents are shared, and so is a whole
    /// directory where nothing is in its place: then it costs what its name costs, whatever is in it.
    ///
    /// One source gets the destination's name, or goes into it where it is written with a trailing slash or is a directory;
    /// several go into it. Directories above are made where they are missing. Directories merge with what is there: equal
    /// names are replaced (the former stay in the history), nothing is deleted.
    ///
    /// - Parameters:
    ///   - which: the state that the sources are taken from, as `snapshot(at:)` has it; nil for the present one.
    ///   - into: whether the destination was named as a directory.
    ///   - recursive: whether directories may be copied.
    /// - Throws: `DriveError.notFound`, `isADirectory`, `notADirectory`, `directoryInTheWay`, `invalidPath` for a copy onto or
    ///   below itself; what `snapshot(at:)` and changing throw.
    public func copy(
        _ sources: [DrivePath], at which: String? = nil, to destination: DrivePath, into: Bool, recursive: Bool,
        options: ChangeOptions
    ) async throws -> ChangeResult {
        let earlier: Snapshot? = if let which { try await snapshot(at: which) } else { nil }
        return try await change(options) { context in
            var root = context.root
            for source in sources {
                let entry = try await Self.source(source, earlier, context)
                guard recursive || entry.type != .directory else { throw DriveError.isADirectory(source) }
                let existing = try await context.trees.entry(at: destination, from: root)
                var target = destination
                // The root has no name: what is in it goes where the destination says.
                if into || sources.count > 1 || existing?.type == .directory, let name = source.last {
                    target = destination.appending(name)
                }
                if earlier == nil { try Self.checkDistinct(source, target) }
                root = try await Self.place(entry, at: target, in: root, context)
            }
            return try await context.state(root)
        }
    }

    /// An entry as another one may have it in its directory.
    private static func source(_ path: DrivePath, _ earlier: Snapshot?, _ context: ChangeContext) async throws -> Entry
    {
        let found: Entry?
        if let earlier {
            // The root of a commit by its name, as it would stand in a directory.
            found = path.isRoot ? earlier.commit.rootAttributes : try await earlier.entry(at: path)
        } else {
            found = try await context.trees.entry(at: path, from: context.root)
        }
        guard let found else { throw DriveError.notFound(path) }
        try TreeOverlay.checkHasOneName(found)
        return found
    }

    private static func checkDistinct(_ source: DrivePath, _ target: DrivePath) throws(DriveError) {
        guard target.isWithin(source) else { return }
        throw .invalidPath(
            "\(target)",
            reason: target == source ? "nothing is copied onto itself" : "a directory cannot be copied below itself")
    }

    private static func place(
        _ entry: Entry, at target: DrivePath, in root: Entry, _ context: ChangeContext
    ) async throws -> Entry {
        let root = try await context.editor.makeDirectories(
            target.parent, in: root, attributes: newDirectory(now: .now))
        let existing = target.isRoot ? root : try await context.trees.entry(at: target, from: root)
        let merged = try await TreeOverlay(trees: context.trees).lay(entry, over: existing, at: target)
        return merged == existing ? root : try await context.editor.set(merged, at: target, in: root)
    }
}
