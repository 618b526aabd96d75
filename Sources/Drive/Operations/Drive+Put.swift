internal import BlobStore
internal import DriveFormat
internal import Sealing
internal import Synchronization

extension Drive {
    /// Stores files and directories of this machine.
    ///
    /// One source gets the destination's name, or goes into it where it is written with a trailing slash or is a
    /// directory and the source is not one; several go into it. Directories merge with what is there: equal names are
    /// replaced (the former stay in the history), nothing is deleted. Files of which several names are stored at once stay one
    /// file; one of which only one name is stored becomes a file of its own.
    ///
    /// - Parameters:
    ///   - sources: paths of this machine, as raw bytes. A link is stored as a link; with a trailing slash, what it leads to is.
    ///   - into: whether the destination was named as a directory.
    /// - Throws: `DriveError.unreadable` if none of the sources can be read; what reading and changing throw.
    /// - Returns: what was read, every source that could not be named, and the commit.
    public func put(
        _ sources: [[UInt8]], to destination: DrivePath, into: Bool, options: ChangeOptions
    ) async throws -> (report: TransferReport, result: ChangeResult) {
        let report = Mutex(TransferReport())
        let result = try await change(options) { context in
            let importer = Importer(
                trees: context.trees, groups: context.state.links, spool: context.spool, keys: self.keys.drive,
                observer: options.observer)
            var root = context.root
            var found = 0
            for source in sources {
                let name = Importer.split(source).name
                let target = try await self.target(
                    of: source, named: name, destination, into: into || sources.count > 1, context, root)
                root = try await context.editor.makeDirectories(
                    target.parent, in: root, attributes: Self.newDirectory(now: .now))
                let existing = target.isRoot ? root : try await context.trees.entry(at: target, from: root)
                guard let entry = try await importer.entry(at: source, to: target, replacing: existing) else {
                    continue
                }
                found += 1
                if let existing, existing.type == .directory, entry.type != .directory {
                    throw DriveError.directoryInTheWay(target)
                }
                guard entry != existing else { continue }
                root = try await context.editor.set(entry, at: target, in: root)
            }
            let read = await importer.report
            report.withLock { $0 = read }
            if found == 0, let failure = read.failures.first {
                throw DriveError.unreadable(
                    path: String(decoding: failure.path, as: UTF8.self), reason: failure.reason)
            }
            let links = await importer.links
            var counts = await importer.counts
            root = try await context.editor.join(links.firstNames, in: root, counting: &counts)
            let groups = try await counts.applied(to: context.state.links) { try links.inode(of: $0) }
            try await context.spool.barrier()
            return DriveState(root: root, links: groups)
        }
        return (report.withLock { $0 }, result)
    }

    /// Stores a stream of bytes as one file. `read` returns at most as many bytes as it is asked for, and none at the end.
    public func put(
        stream read: @escaping @Sendable (Int) async throws -> [UInt8], to destination: DrivePath,
        options: ChangeOptions
    ) async throws -> (report: TransferReport, result: ChangeResult) {
        guard !destination.isRoot else { throw DriveError.directoryInTheWay(destination) }
        let report = Mutex(TransferReport())
        let result = try await change(options) { context in
            let importer = Importer(
                trees: context.trees, groups: context.state.links, spool: context.spool, keys: self.keys.drive,
                observer: options.observer)
            var root = try await context.editor.makeDirectories(
                destination.parent, in: context.root, attributes: Self.newDirectory(now: .now))
            if let existing = try await context.trees.entry(at: destination, from: root), existing.type == .directory {
                throw DriveError.directoryInTheWay(destination)
            }
            let entry = try await importer.entry(ofStream: read, mode: 0o644)
            root = try await context.editor.set(entry, at: destination, in: root)
            let found = await importer.report
            report.withLock { $0 = found }
            let state = try await context.state(root)
            try await context.spool.barrier()
            return state
        }
        return (report.withLock { $0 }, result)
    }

    /// Where a source goes.
    private func target(
        of source: [UInt8], named name: [UInt8], _ destination: DrivePath, into: Bool, _ context: ChangeContext,
        _ root: Entry
    ) async throws -> DrivePath {
        let isDirectory = (try? LocalFile.status(of: source, followingLinks: false))?.type == .directory
        let existing = try await context.trees.entry(at: destination, from: root)
        let goesInto = into || (existing?.type == .directory && !isDirectory) || (destination.isRoot && !isDirectory)
        guard goesInto else { return destination }
        // `put dir/. /dest/` means the contents of dir.
        guard Entry.isValidName(name) else { return destination }
        return destination.appending(name)
    }

    static func newDirectory(now: Timestamp) -> Entry {
        Entry(type: .directory, mode: 0o755, owner: .current, group: .currentGroup, modified: now, changed: now)
    }
}
