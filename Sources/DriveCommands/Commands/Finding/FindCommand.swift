import ArgumentParser
import Drive
import DriveFormat

/// `cessdrive find`: names what fits.
struct FindCommand: DriveCommand {
    static let configuration = CommandConfiguration(
        commandName: "find", abstract: "Find files and directories by name, type, size and time.",
        discussion: """
            Names each path itself and everything below it for which all of the tests hold; of an option that is given several
            times with patterns, one has to fit. In patterns, '*' stands for any characters, '?' for one, '[a-z]' for one of some.
            Sizes are in bytes, or with K, M, G, T; times as for --at, or how long ago (7d, 12h). With a day or a minute its
            beginning is meant.

            Examples:
              cessdrive find /photos --iname '*.jpg' --size +5M --newer 7d
              cessdrive find / --type f --older 2026-01-01 --path '*/cache/*'
              cessdrive find /src --at head~5 --name '*.swift' -0 | xargs -0 -n 1 echo
            """)

    @Argument(help: "Where to look.") var paths = [PathArgument.root]
    @Option(help: ArgumentHelp("The last name fits a pattern.", valueName: "pattern")) var name: [String] = []
    @Option(help: ArgumentHelp("The same, in upper or lower case.", valueName: "pattern")) var iname: [String] = []
    @Option(
        name: .customLong("path"), help: ArgumentHelp("The whole path fits a pattern.", valueName: "pattern"))
    var pathPattern: [String] = []
    @Option(help: ArgumentHelp("f, d, l, p, c, b, s, or several as in 'f,l'.", valueName: "type"))
    var type: TypesArgument?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("A file of more (+10M), fewer (-10M) or exactly so many bytes.", valueName: "size"))
    var size: SizeTest?
    @Option(help: ArgumentHelp("Modified then or later.", valueName: "time-or-age")) var newer: MomentArgument?
    @Option(help: ArgumentHelp("Modified before then.", valueName: "time-or-age")) var older: MomentArgument?
    @Option(help: ArgumentHelp("No deeper than so many levels below each path.", valueName: "levels"))
    var maxDepth: Int?
    @Flag(name: [.customShort("0"), .long], help: "End names with a zero byte, not with a line break.")
    var print0 = false
    @OptionGroup var reading: ReadingOptions
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        if let maxDepth, maxDepth < 0 { throw ValidationError("--max-depth is a number from 0 on.") }
        if print0, shared.output.json { throw ValidationError("--print0 and --json exclude each other.") }
    }

    private var tests: FindTests {
        FindTests(
            names: name.map { Glob($0) }, foldedNames: iname.map { Glob($0, foldsCase: true) },
            paths: pathPattern.map { Glob($0) }, types: type?.types, size: size, newer: newer?.moment,
            older: older?.moment)
    }

    func run(on open: OpenDrive, console: Console) async throws {
        let snapshot = try await reading.snapshot(of: open.drive)
        var starts: [(DrivePath, Entry)] = []
        for path in try paths.map({ try DrivePath($0) }) { starts.append((path, try await snapshot.entry(at: path))) }
        let search = FindSearch(
            snapshot: snapshot, tests: tests, limit: maxDepth ?? .max, end: print0 ? 0 : UInt8(ascii: "\n"),
            json: console.json, output: OutputBuffer(console: console))
        try await search.run(from: starts)
    }
}

private final class FindSearch {
    private let snapshot: Snapshot
    private let tests: FindTests
    private let limit: Int
    private let end: UInt8
    private let json: Bool
    private let output: OutputBuffer
    private var elements = JSONElements()

    init(snapshot: Snapshot, tests: FindTests, limit: Int, end: UInt8, json: Bool, output: OutputBuffer) {
        self.snapshot = snapshot
        self.tests = tests
        self.limit = limit
        self.end = end
        self.json = json
        self.output = output
    }

    func run(from starts: [(DrivePath, Entry)]) async throws {
        if json { try output.write("{\"entries\":[") }
        for (path, entry) in starts { try await visit(path, entry, level: 0) }
        if json { try output.write("]}\n") }
        try output.flush()
    }

    private func visit(_ path: DrivePath, _ entry: Entry, level: Int) async throws {
        if tests.hold(for: path, entry) { try await show(path, entry) }
        guard level < limit else { return }
        try await snapshot.list(entry) { name, child in
            try await visit(path.appending(name), child, level: level + 1)
        }
    }

    private func show(_ path: DrivePath, _ entry: Entry) async throws {
        guard !json else {
            let members = try await EntryPresentation(name: path.last ?? [], entry, in: snapshot).members
            return try output.write(
                elements.separator()
                    + JSONText.object(JSONText.name(path.bytes, as: "path") + members).description)
        }
        try output.write(EntryPresentation.shown(path.bytes, raw: output.isRaw || end == 0) + [end])
    }
}
