import ArgumentParser
import Drive
import DriveFormat
import Foundation

/// What every command that reads takes.
struct ReadingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "An earlier state: the beginning of a commit's id, its number, head~N, or a time (2026-11-22, '2026-11-22 14:03', 14:03, 2026-11-22T14:03:05Z).",
            valueName: "commit-or-time"))
    var at: String?

    func snapshot(of drive: Drive) async throws -> Snapshot {
        if let at { try await drive.snapshot(at: at) } else { try await drive.head() }
    }
}

/// `cessdrive get`: restores files and directories.
struct GetCommand: DriveCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Restore files and directories to this machine.",
        discussion: """
            One source gets the target's name; it goes into it where that ends in '/', or is a directory and the source is a
            file. Directories merge with what is there; files are replaced with --overwrite only. Modes, times, hard links,
            extended attributes and ACLs come back, and owners for root; what is refused is named.

            Examples:
              cessdrive get /notes.txt notes.txt
              cessdrive get -r --at '2026-11-22 14:00' /home /tmp/home-then
              cessdrive get /backups/src.tar - | tar t
            """)

    @Flag(name: .shortAndLong, help: "Directories, too, with everything in them.") var recursive = false
    @Flag(help: "Replace files that are there.") var overwrite = false
    @Argument(help: "What to restore, and where to ('-' for standard output).", completion: .file())
    var paths: [PathArgument]
    @OptionGroup var reading: ReadingOptions
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard paths.count >= 2 else { throw ValidationError("Say what to restore, and where to.") }
    }

    func run(on open: OpenDrive, console: Console) async throws {
        let (sources, target) = (try paths.dropLast().map { try DrivePath($0) }, paths.last ?? .stream)
        let snapshot = try await reading.snapshot(of: open.drive)
        if target == .stream { return try await snapshot.write(sources, to: console) }
        if !recursive {
            for source in sources where try await snapshot.entry(at: source).type == .directory {
                throw DriveError.isADirectory(source)
            }
        }
        let report = try await console.withProgress { meter in
            let total = try await snapshot.byteCount(of: sources)
            meter.update { $0 = ProgressState(stage: "receiving", totalByteCount: Int(clamping: total)) }
            return try await snapshot.get(
                sources, to: target.bytes, into: target.namesDirectory, replacing: overwrite,
                observer: { meter.note($0) })
        }
        try console.finish(TransferSummary(report, verb: "restored"))
    }
}

extension Snapshot {
    /// The bytes of files, and of all files below directories.
    fileprivate func byteCount(of sources: [DrivePath]) async throws -> UInt64 {
        var total: UInt64 = 0
        for source in sources {
            let name = try await entry(at: source)
            // One that is damaged is named when it is its turn.
            let sum = total.addingReportingOverflow((try await inode(of: name)?.entry ?? name).byteCount)
            total = sum.overflow ? .max : sum.partialValue
        }
        return total
    }

    /// Writes files to standard output, one after the other.
    fileprivate func write(_ sources: [DrivePath], to console: Console) async throws {
        for source in sources {
            try await read(source) { bytes in try await onThread { try console.write(bytes) } }
        }
    }
}

/// `cessdrive cat`: prints files.
struct CatCommand: DriveCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat", abstract: "Print files.",
        discussion: """
            Example:
              cessdrive cat /notes.txt
            """)

    @Argument(help: "Files of the drive.") var paths: [PathArgument]
    @OptionGroup var reading: ReadingOptions
    @OptionGroup var shared: SharedOptions

    func run(on open: OpenDrive, console: Console) async throws {
        let sources = try paths.map { try DrivePath($0) }
        try await reading.snapshot(of: open.drive).write(sources, to: console)
    }
}
