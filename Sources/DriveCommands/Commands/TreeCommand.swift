import ArgumentParser
import Drive
import DriveFormat

/// `cessdrive tree`: draws directories.
struct TreeCommand: DriveCommand {
    static let configuration = CommandConfiguration(
        commandName: "tree", abstract: "Draw a directory and what is in it as a tree.",
        discussion: """
            The last line counts what was drawn; the directory itself is not counted, and what is no directory is a file.

            Examples:
              cessdrive tree /home
              cessdrive tree -L 2 -d --at 2026-11-22 /
            """)

    @Option(
        name: [.customShort("L"), .long], help: ArgumentHelp("No deeper than so many levels.", valueName: "levels"))
    var depth: Int?
    @Flag(name: [.customShort("d"), .customLong("directories")], help: "Directories only.") var directoriesOnly = false
    @Argument(help: "A directory of the drive.") var path = PathArgument.root
    @OptionGroup var reading: ReadingOptions
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        if let depth, depth < 1 { throw ValidationError("-L is a number from 1 on.") }
    }

    func run(on open: OpenDrive, console: Console) async throws {
        let (path, snapshot) = (try DrivePath(path), try await reading.snapshot(of: open.drive))
        let entry = try await snapshot.entry(at: path)
        guard entry.type == .directory else { throw DriveError.notADirectory(path) }
        let drawing = TreeDrawing(
            snapshot: snapshot, limit: depth ?? .max, directoriesOnly: directoriesOnly, json: console.json,
            output: OutputBuffer(console: console))
        try await drawing.draw(path, entry)
    }
}

/// A tree on its way to standard output: one entry of each directory on the way is remembered, since the last one of a
/// directory is drawn otherwise.
private final class TreeDrawing {
    private let snapshot: Snapshot
    private let limit: Int
    private let directoriesOnly: Bool
    private let json: Bool
    private let output: OutputBuffer
    private var directories = 0
    private var files = 0

    init(snapshot: Snapshot, limit: Int, directoriesOnly: Bool, json: Bool, output: OutputBuffer) {
        self.snapshot = snapshot
        self.limit = limit
        self.directoriesOnly = directoriesOnly
        self.json = json
        self.output = output
    }

    func draw(_ path: DrivePath, _ entry: Entry) async throws {
        if json {
            try output.write(
                JSONText.object(JSONText.name(path.bytes, as: "path")).description.dropLast() + ",\"entries\":[")
            try await writeEntries(of: entry, level: 1)
            try output.write("],\"directories\":\(directories),\"files\":\(files)}\n")
        } else {
            try output.write(EntryPresentation.shown(path.bytes, raw: output.isRaw) + [UInt8(ascii: "\n")])
            try await drawEntries(of: entry, level: 1, margin: "")
            let count = "\(directories) \(directories == 1 ? "directory" : "directories")"
            try output.write(
                "\n" + count + (directoriesOnly ? "\n" : ", \(files) \(files == 1 ? "file" : "files")\n"))
        }
        try output.flush()
    }

    /// Hands over what is to be seen of a directory, and counts it.
    private func list(_ directory: Entry, _ body: ([UInt8], Entry) async throws -> Void) async throws {
        try await snapshot.list(directory) { name, entry in
            if entry.type == .directory { directories += 1 } else { files += 1 }
            if !directoriesOnly || entry.type == .directory { try await body(name, entry) }
        }
    }

    private func drawEntries(of directory: Entry, level: Int, margin: String) async throws {
        var last: (name: [UInt8], entry: Entry)?
        try await list(directory) { name, entry in
            if let last { try await draw(last.name, last.entry, level: level, margin: margin, isLast: false) }
            last = (name, entry)
        }
        if let last { try await draw(last.name, last.entry, level: level, margin: margin, isLast: true) }
    }

    private func draw(
        _ name: [UInt8], _ entry: Entry, level: Int, margin: String, isLast: Bool
    ) async throws {
        var line = Array((margin + (isLast ? "└── " : "├── ")).utf8) + EntryPresentation.shown(name, raw: output.isRaw)
        if let target = try await EntryPresentation(name: name, entry, in: snapshot).target {
            line += Array(" -> ".utf8) + EntryPresentation.shown(target, raw: output.isRaw)
        }
        try output.write(line + [UInt8(ascii: "\n")])
        guard entry.type == .directory, level < limit else { return }
        try await drawEntries(of: entry, level: level + 1, margin: margin + (isLast ? "    " : "│   "))
    }

    private func writeEntries(of directory: Entry, level: Int) async throws {
        var elements = JSONElements()
        try await list(directory) { name, entry in
            let members = JSONText.object(try await EntryPresentation(name: name, entry, in: snapshot).members)
                .description
            guard entry.type == .directory, level < limit else {
                return try output.write(elements.separator() + members)
            }
            try output.write(elements.separator() + members.dropLast() + ",\"entries\":[")
            try await writeEntries(of: entry, level: level + 1)
            try output.write("]}")
        }
    }
}
