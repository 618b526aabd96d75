public import DriveFormat
internal import SCALE

/// A file of several names that has lost all of them by others' doing: what was written to it here stays, as a file of one
/// name.
public struct KeptFile: Sendable {
    /// Where it was; empty where that is not known.
    public let path: [[UInt8]]
    /// Earlier states of it: a copy that was kept before is replaced.
    public let former: [Entry]

    public init(path: [[UInt8]], former: [Entry]) {
        self.path = path
        self.former = former
    }
}

/// Puts files where others have taken away what they were, or have put something else.
struct FileKeeping: Sendable {
    let trees: DriveTrees
    /// As `TreeMerge.mark`.
    let mark: [UInt8]

    private static let unknownName = Array("recovered".utf8)

    /// Puts it into the directory that it was in, or the nearest one that is there still, under its name, if that is free, or beside what has
    /// it.
    ///
    /// - Throws: what reading throws; `StoreError`.
    func keep(_ entry: Entry, as file: KeptFile, in root: Entry) async throws -> Entry {
        let (directory, name) = try await place(file.path, in: root)
        let there = try await trees.entry(at: directory.appending(name), from: root)
        let isOwn = if let there { file.former.contains(there) } else { true }
        if isOwn { return try await TreeEditor(trees: trees).set(entry, at: directory.appending(name), in: root) }
        return try await keepBeside(entry, as: file, in: root)
    }

    /// Puts it beside what has its name.
    func keepBeside(_ entry: Entry, as file: KeptFile, in root: Entry) async throws -> Entry {
        let (directory, name) = try await place(file.path, in: root)
        if let copy = try await copy(of: name, among: file.former, in: directory, root) {
            return try await TreeEditor(trees: trees).set(entry, at: directory.appending(copy), in: root)
        }
        for number in 1... {
            let target = directory.appending(TreeMerge.name(name, mark: mark, number: number))
            if try await trees.entry(at: target, from: root) == nil {
                return try await TreeEditor(trees: trees).set(entry, at: target, in: root)
            }
        }
        preconditionFailure("an endless loop ended")
    }

    private func place(_ path: [[UInt8]], in root: Entry) async throws -> (directory: DrivePath, name: [UInt8]) {
        // They may have taken the directory away, or put something else in its place.
        var directory = DrivePath(names: path.dropLast())
        while try await trees.entry(at: directory, from: root)?.type != .directory { directory = directory.parent }
        return (directory, path.last.flatMap { Entry.isValidName($0) ? $0 : nil } ?? Self.unknownName)
    }

    /// The name of an earlier copy.
    private func copy(
        of name: [UInt8], among former: [Entry], in directory: DrivePath, _ root: Entry
    ) async throws -> [UInt8]? {
        guard let tree = try await trees.entry(at: directory, from: root)?.directory else { return nil }
        let prefix = TreeMerge.stem(of: name) + Array(Drive.conflictPrefix.utf8)
        for try await item in trees.directories.entries(of: tree, from: prefix) {
            guard item.key.starts(with: prefix) else { break }
            if former.contains(try Entry(scaleBytes: item.value)) { return item.key }
        }
        return nil
    }
}
