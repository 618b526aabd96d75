import ArgumentParser
import Drive
import DriveFormat

/// `cessdrive du`: how many bytes are below directories.
struct UsageCommand: DriveCommand {
    static let configuration = CommandConfiguration(
        commandName: "du", abstract: "Show how many bytes of files directories hold.",
        discussion: """
            Counted are the lengths of files as 'ls -l' shows them, holes included. Directories, links and devices count nothing,
            and neither do files with several names. What is stored is another number: equal contents are stored once and
            compressed, and take three times their bytes on the network ('cessdrive df').

            A directory knows the sum of all below it: -s reads nothing else, however much there is.

            Examples:
              cessdrive du -sh /home /photos
              cessdrive du --depth 1 --at head~10 /
            """,
        helpNames: .long)

    @Flag(name: [.customShort("s"), .long], help: "Only the sum of each path.") var summarize = false
    @Flag(name: [.customShort("h"), .customLong("human-readable")], help: "Sizes such as 1.5 MiB.") var human = false
    @Option(
        name: [.customShort("d"), .long],
        help: ArgumentHelp("Show directories no deeper than so many levels below each path.", valueName: "levels"))
    var depth: Int?
    @Argument(help: "Paths of the drive.") var paths = [PathArgument.root]
    @OptionGroup var reading: ReadingOptions
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        if let depth, depth < 0 { throw ValidationError("--depth is a number from 0 on.") }
        if summarize, depth ?? 0 > 0 { throw ValidationError("-s is --depth 0.") }
    }

    func run(on open: OpenDrive, console: Console) async throws {
        let snapshot = try await reading.snapshot(of: open.drive)
        var found: [(DrivePath, Entry)] = []
        for path in try paths.map({ try DrivePath($0) }) { found.append((path, try await snapshot.entry(at: path))) }
        let listing = UsageListing(
            snapshot: snapshot, limit: summarize ? 0 : depth ?? .max, human: human, json: console.json,
            output: OutputBuffer(console: console))
        try await listing.show(found)
    }
}

private final class UsageListing {
    private let snapshot: Snapshot
    private let limit: Int
    private let human: Bool
    private let json: Bool
    private let output: OutputBuffer
    private var elements = JSONElements()

    init(snapshot: Snapshot, limit: Int, human: Bool, json: Bool, output: OutputBuffer) {
        self.snapshot = snapshot
        self.limit = limit
        self.human = human
        self.json = json
        self.output = output
    }

    func show(_ found: [(DrivePath, Entry)]) async throws {
        if json { try output.write("{\"paths\":[") }
        for (path, entry) in found { try await show(path, entry, level: 0) }
        if json { try output.write("]}\n") }
        try output.flush()
    }

    /// What is below comes first, as `du` has it.
    private func show(_ path: DrivePath, _ entry: Entry, level: Int) async throws {
        if level < limit {
            try await snapshot.list(entry) { name, child in
                if child.type == .directory { try await show(path.appending(name), child, level: level + 1) }
            }
        }
        if json {
            let members =
                JSONText.name(path.bytes, as: "path") + [("bytes", .integer(Int64(clamping: entry.byteCount)))]
            return try output.write(elements.separator() + JSONText.object(members).description)
        }
        let size = human ? Quantities.text(bytes: Int(clamping: entry.byteCount)) : "\(entry.byteCount)"
        try output.write(
            Array((size + "\t").utf8) + EntryPresentation.shown(path.bytes, raw: output.isRaw) + [UInt8(ascii: "\n")])
    }
}

extension Entry {
    /// The bytes of a file, and of all files below a directory.
    var byteCount: UInt64 {
        if case .directory(let tree) = content { tree.bytes } else { size }
    }
}
