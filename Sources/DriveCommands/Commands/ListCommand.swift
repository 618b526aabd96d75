import ArgumentParser
import Drive
import DriveFormat
import Primitives

/// `cessdrive ls`: lists directories.
struct ListCommand: DriveCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List a directory.",
        discussion: """
            Examples:
              cessdrive ls -l /
              cessdrive ls -R --at head~3 /home
              cessdrive ls --json /home
            """)

    @Flag(name: .customShort("l"), help: "Modes, owners, sizes, times.") var long = false
    @Flag(name: .customShort("R"), help: "Everything below, too.") var recursive = false
    @Argument(help: "A path of the drive.") var path = PathArgument.root
    @OptionGroup var reading: ReadingOptions
    @OptionGroup var shared: SharedOptions

    func run(on open: OpenDrive, console: Console) async throws {
        let (path, snapshot) = (try DrivePath(path), try await reading.snapshot(of: open.drive))
        let writer = ListWriter(console: console, long: long)
        try writer.begin(at: path)
        let entry = try await snapshot.entry(at: path)
        if entry.type == .directory {
            try await list(entry, below: [], snapshot, writer)
        } else {
            try await writer.write(path.last ?? [], entry, snapshot)
        }
        try writer.end()
    }

    /// - Parameter prefix: the names from the directory that was asked for down to this one, each with a slash.
    private func list(
        _ directory: Entry, below prefix: [UInt8], _ snapshot: Snapshot, _ writer: ListWriter
    ) async throws {
        try await snapshot.list(directory) { name, entry in
            try await writer.write(prefix + name, entry, snapshot)
            if recursive, entry.type == .directory {
                try await list(entry, below: prefix + name + [UInt8(ascii: "/")], snapshot, writer)
            }
        }
    }
}

/// Writes a listing as it comes, so that a directory of a million entries takes no memory.
private final class ListWriter {
    private let console: Console
    private let long: Bool
    private let output: OutputBuffer
    private var elements = JSONElements()

    init(console: Console, long: Bool) {
        self.console = console
        self.long = long
        output = OutputBuffer(console: console)
    }

    func begin(at path: DrivePath) throws {
        guard console.json else { return }
        let members = JSONText.object(JSONText.name(path.bytes, as: "path")).description
        try output.write(members.dropLast() + ",\"entries\":[")
    }

    func write(_ name: [UInt8], _ entry: Entry, _ snapshot: Snapshot) async throws {
        if console.json {
            let shown = try await EntryPresentation(name: name, entry, in: snapshot)
            return try output.write(elements.separator() + JSONText.object(shown.members).description)
        }
        var line = EntryPresentation.shown(name, raw: output.isRaw)
        if long {
            line = try await EntryPresentation(name: name, entry, in: snapshot).line(raw: output.isRaw)
        } else if entry.type == .directory {
            line.append(UInt8(ascii: "/"))
        }
        try output.write(line + [UInt8(ascii: "\n")])
    }

    func end() throws {
        if console.json { try output.write("]}\n") }
        try output.flush()
    }
}

/// `cessdrive stat`: what the drive knows of a path.
struct StatCommand: DriveCommand {
    static let configuration = CommandConfiguration(
        commandName: "stat", abstract: "Show what the drive knows of a path.")

    @Argument(help: "A path of the drive.") var path: PathArgument
    @OptionGroup var reading: ReadingOptions
    @OptionGroup var shared: SharedOptions

    func run(on open: OpenDrive, console: Console) async throws {
        let path = try DrivePath(path)
        let snapshot = try await reading.snapshot(of: open.drive)
        let inode = try await snapshot.inode(at: path)
        let shown = EntryPresentation(name: path.last ?? [], entry: inode.entry, links: inode.names)
        try console.show(
            EntryDetails(
                path: path, presentation: shown, attributes: try await snapshot.attributes(of: inode.entry),
                commit: snapshot.id))
    }
}

private struct EntryDetails: Presentable {
    let path: DrivePath
    let presentation: EntryPresentation
    let attributes: [Attribute]
    let commit: String

    private var entry: Entry { presentation.entry }

    var text: String {
        var lines = [
            "path      \(path)", "type      \(presentation.typeName)",
            "mode      \(String(entry.mode, radix: 8)) (\(presentation.permissions))",
            "links     \(presentation.links ?? 1)",
            "owner     \(entry.owner.id) \(String(decoding: entry.owner.name, as: UTF8.self))",
            "group     \(entry.group.id) \(String(decoding: entry.group.name, as: UTF8.self))",
            "modified  \(entry.modified.text)", "changed   \(entry.changed.text)",
        ]
        if entry.type == .file { lines.append("size      \(entry.size)") }
        if let target = presentation.target { lines.append("target    \(String(decoding: target, as: UTF8.self))") }
        for attribute in attributes {
            let name = String(decoding: EntryPresentation.shown(attribute.name, raw: false), as: UTF8.self)
            lines.append("attribute \(name), \(attribute.value.count) bytes")
        }
        lines.append("commit    \(commit)")
        return lines.joined(separator: "\n")
    }

    var json: JSONText {
        let attributes = attributes.map { attribute in
            JSONText.object(JSONText.name(attribute.name) + [("valueBytes", .string(attribute.value.hex))])
        }
        return .object(
            JSONText.name(path.bytes, as: "path") + presentation.members + [
                ("attributes", .array(attributes)), ("commit", .string(commit)),
            ])
    }
}
