public import BlobStore
internal import DriveFormat
internal import SystemPackage

extension Snapshot {
    /// Restores files and directories to this machine.
    ///
    /// One source gets the target's name, or goes into it where that is written with a trailing slash or exists as a
    /// directory and the source is a file; several go into it. The directory that they go into is made where it is missing.
    /// Directories merge with what is there.
    ///
    /// - Parameters:
    ///   - target: a path of this machine, as raw bytes.
    ///   - into: whether the target was named as a directory.
    ///   - replacing: whether files of this machine may be replaced.
    /// - Throws: `DriveError.notFound`, `targetExists` for a single file that may not be replaced, `unwritable`,
    ///   `diskFull`; what reading throws. Nothing half-written is left behind.
    public func get(
        _ sources: [DrivePath], to target: [UInt8], into: Bool, replacing: Bool,
        observer: @escaping StoreObserver = { _ in }
    ) async throws -> TransferReport {
        let exporter = Exporter(trees: trees, groups: commit.links, replacing: replacing, observer: observer)
        for source in sources {
            let entry = try await entry(at: source)
            let existing = try? LocalFile.status(of: target, followingLinks: true)
            let goesInto =
                into || sources.count > 1 || (existing?.type == .directory && entry.type != .directory)
            let (directory, name) = Self.place(of: source, target: target, goesInto: goesInto)
            let path = directory + [UInt8(ascii: "/")] + name
            let parent: LocalFile
            do {
                if goesInto, existing == nil { try LocalFile.makeDirectories(directory) }
                parent = try LocalFile.openDirectory(directory)
                if entry.type != .directory, !replacing, (try? parent.status(of: name)) != nil {
                    throw DriveError.targetExists(path: String(decoding: path, as: UTF8.self))
                }
            } catch let error as Errno {
                throw DriveError.unwritable(path: String(decoding: directory, as: UTF8.self), reason: error.description)
            }
            try await exporter.export(entry, to: name, in: parent, path: path)
        }
        return await exporter.report
    }

    /// The directory of this machine that a source goes into, and its name there.
    private static func place(
        of source: DrivePath, target: [UInt8], goesInto: Bool
    ) -> (directory: [UInt8], name: [UInt8]) {
        // The root has no name: its contents go where the target says.
        guard goesInto, let name = source.last else { return Importer.split(target) }
        return (target, name)
    }
}
