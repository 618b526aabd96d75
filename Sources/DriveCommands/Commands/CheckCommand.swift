import ArgumentParser
import BlobStore
import Drive
import Foundation
import SystemPackage

/// `cessdrive check`: whether everything of the drive is there.
struct CheckCommand: ChangingCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Verify that everything of the drive is there.",
        discussion: """
            Looked at are all directories, lists of chunks, runs of the index and volumes of a commit, as a machine sees them that
            knows nothing but the keys: everything opens, the index knows every blob that is named, and the network has every volume.
            With --read the contents of all files are read and opened as well, or --sample of them, and every segment's table. What is wrong is named, by
            its path where it has one. Nothing is changed.

            It ends with 6 if something is damaged, and with 3 if too few nodes answered to look at everything. While it runs it keeps
            about 600 bytes for each chunk of the drive in the cache directory, and memory does not grow with the drive.

            --rebuild-index first makes the index again from the tables of all segments, and commits it: for a drive whose index is
            damaged. That changes nothing else, and reads two small pieces of each segment.

            Examples:
              cessdrive check
              cessdrive check --read --sample 5%
              cessdrive check --rebuild-index
            """)

    @Flag(help: "Read and open the contents of files, too.") var read = false
    @Option(help: ArgumentHelp("With --read, so much of the contents, drawn anew each time.", valueName: "percent"))
    var sample: SampleSize?
    @Flag(help: "Make the index again from the segments' own tables, first.") var rebuildIndex = false
    @OptionGroup var reading: ReadingOptions
    @OptionGroup var changing: ChangingOptions
    @OptionGroup var shared: SharedOptions

    var settings: [Setting: String] {
        var settings = changing.settings
        // What is looked at afterwards is the new commit.
        settings[.wait] = Stage.complete.description
        return settings
    }

    func validate() throws {
        if sample != nil, !read { throw ValidationError("--sample is of what --read reads.") }
        if rebuildIndex, reading.at != nil {
            throw ValidationError("The index is that of the newest state, not of --at.")
        }
        if changing.wait != nil {
            throw ValidationError("A new index is carried until it is complete: there is no --wait.")
        }
    }

    func run(on open: OpenDrive, console: Console) async throws {
        let scratch = open.configuration.paths.cache.appending("check-\(UUID().uuidString)")
        try makePrivateDirectory(scratch)
        defer { try? FileManager.default.removeItem(atPath: scratch.string) }
        let writer = CheckWriter(console: console)
        if rebuildIndex {
            let (result, report) = try await open.change("rebuild the index", changing, console) {
                try await open.drive.rebuildIndex(scratch: scratch, options: $0)
            }
            writer.rebuilt = report
            console.note(
                "the index has \(report.blobs) blobs of \(report.segments) segments; commit "
                    + "\((result.commit ?? "").prefix(12)) \(result.stage)")
            for (segment, reason) in report.unreadable { console.warn("\(segment) cannot be read: \(reason)") }
        }
        try writer.begin()
        let report = try await console.withProgress { meter in
            var options = CheckOptions()
            options.readsContents = read
            options.sample = sample?.share ?? 1
            options.progress = { stage, done, total in
                meter.update { $0 = ProgressState(stage: stage, doneByteCount: done, totalByteCount: total) }
            }
            return try await open.drive.check(at: reading.at, scratch: scratch, options: options) {
                try writer.write($0)
            }
        }
        try writer.end(report)
        try conclude(report, writer.rebuilt, console)
    }

    private func conclude(_ report: CheckReport, _ rebuilt: RebuildReport?, _ console: Console) throws {
        let status: ExitStatus
        let message: String
        if report.damaged > 0 {
            status = .damaged
            message = "\(report.damaged) things are damaged"
        } else if report.unreachable > 0 || rebuilt?.unreadable.isEmpty == false {
            status = .incomplete
            message = "too few nodes answered to look at everything"
        } else {
            return
        }
        let hint = report.isIndexDamaged ? "'cessdrive check --rebuild-index' makes the index again" : nil
        if !console.json { console.report(ErrorReport(message: message, hint: hint, status: status)) }
        throw ExitCode(status.rawValue)
    }
}

/// `5%`, or `5`.
struct SampleSize: ExpressibleByArgument {
    let share: Double

    init?(argument: String) {
        let digits = argument.hasSuffix("%") ? argument.dropLast() : argument[...]
        guard let percent = Double(digits), percent > 0, percent <= 100 else { return nil }
        share = percent / 100
    }
}

/// Writes what is wrong as it is found, and then what was looked at.
private final class CheckWriter {
    private let console: Console
    private let output: OutputBuffer
    private var elements = JSONElements()
    var rebuilt: RebuildReport?

    init(console: Console) {
        self.console = console
        output = OutputBuffer(console: console)
    }

    func begin() throws {
        if console.json { try output.write("{\"findings\":[") }
    }

    func write(_ finding: CheckFinding) throws {
        let state = finding.isDamaged ? "damaged" : "unreachable"
        if console.json {
            let members = finding.subject.members + [("state", .string(state)), ("reason", .string(finding.reason))]
            return try output.write(elements.separator() + JSONText.object(members).description)
        }
        try output.write(
            Array("\(state)  ".utf8) + finding.subject.shown(raw: output.isRaw) + Array(": \(finding.reason)\n".utf8))
        try output.flush()
    }

    func end(_ report: CheckReport) throws {
        if console.json {
            var members = report.members
            if let rebuilt { members.append(("rebuilt", rebuilt.json)) }
            try output.write("]," + JSONText.object(members).description.dropFirst() + "\n")
        } else {
            try output.write(report.text + "\n")
        }
        try output.flush()
    }
}

extension CheckFinding.Subject {
    fileprivate func shown(raw: Bool) -> [UInt8] {
        switch self {
        case .path(let path): EntryPresentation.shown(path.bytes, raw: raw)
        case .volume(let id): Array("volume \(id)".utf8)
        case .commit: Array("the commit".utf8)
        case .index: Array("the index".utf8)
        case .volumeSet: Array("the set of volumes".utf8)
        case .links: Array("a file of several names".utf8)
        }
    }

    fileprivate var members: [(String, JSONText)] {
        switch self {
        case .path(let path): [("subject", .string("path"))] + JSONText.name(path.bytes, as: "path")
        case .volume(let id): [("subject", .string("volume")), ("volume", .string(id))]
        case .commit: [("subject", .string("commit"))]
        case .index: [("subject", .string("index"))]
        case .volumeSet: [("subject", .string("volumes"))]
        case .links: [("subject", .string("links"))]
        }
    }
}

extension CheckReport {
    fileprivate var text: String {
        var lines = [
            "commit       \(commit.prefix(12))", "volumes      \(volumes), \(segments) segments",
            "index        \(indexEntries) entries", "directories  \(directories)", "files        \(files)",
            "nodes        \(nodes)", "chunks       \(chunks)",
        ]
        if chunksRead > 0 {
            lines.append("read         \(chunksRead) chunks, \(Quantities.text(bytes: Int(clamping: bytesRead)))")
        }
        return lines.joined(separator: "\n")
    }

    fileprivate var members: [(String, JSONText)] {
        let counts = [
            ("volumes", volumes), ("segments", segments), ("indexEntries", indexEntries), ("directories", directories),
            ("files", files), ("nodes", nodes), ("chunks", chunks), ("chunksRead", chunksRead),
            ("bytesRead", Int(clamping: bytesRead)), ("damaged", damaged), ("unreachable", unreachable),
        ]
        return [("commit", .string(commit))] + counts.map { ($0.0, .integer(Int64($0.1))) }
    }
}

extension RebuildReport {
    fileprivate var json: JSONText {
        .object([
            ("segments", .integer(Int64(segments))), ("blobs", .integer(Int64(blobs))),
            (
                "unreadable",
                .array(unreadable.map { .object([("segment", .string($0.segment)), ("reason", .string($0.reason))]) })
            ),
        ])
    }
}
