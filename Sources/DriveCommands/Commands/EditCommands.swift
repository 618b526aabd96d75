import ArgumentParser
import Drive

/// `cessdrive mkdir`: makes directories.
struct MakeDirectoryCommand: ChangingCommand {
    static let configuration = CommandConfiguration(commandName: "mkdir", abstract: "Make directories.")

    @Flag(name: .shortAndLong, help: "Those above, too; and do not mind what exists.") var parents = false
    @Argument(help: "Directories of the drive.") var paths: [PathArgument]
    @OptionGroup var changing: ChangingOptions
    @OptionGroup var shared: SharedOptions

    func run(on open: OpenDrive, console: Console) async throws {
        let targets = try paths.map { try DrivePath($0) }
        let result = try await open.change("mkdir \(paths.joined(separator: " "))", changing, console) { options in
            try await open.drive.makeDirectories(targets, parents: parents, options: options)
        }
        try console.finish(ChangeSummary(done: "made \(paths.joined(separator: ", "))", result: result))
    }
}

/// `cessdrive rm`: removes names; the history keeps what they named.
struct RemoveCommand: ChangingCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove files and directories; earlier commits keep them.",
        discussion: """
            Examples:
              cessdrive rm /notes.txt
              cessdrive rm -r /old
              cessdrive get --at head~1 /notes.txt .       # and it is back
            """)

    @Flag(name: .shortAndLong, help: "Directories, too, with everything in them.") var recursive = false
    @Argument(help: "Paths of the drive.") var paths: [PathArgument]
    @OptionGroup var changing: ChangingOptions
    @OptionGroup var shared: SharedOptions

    func run(on open: OpenDrive, console: Console) async throws {
        let targets = try paths.map { try DrivePath($0) }
        let result = try await open.change("rm \(paths.joined(separator: " "))", changing, console) { options in
            try await open.drive.remove(targets, recursive: recursive, options: options)
        }
        try console.finish(ChangeSummary(done: "removed \(paths.joined(separator: ", "))", result: result))
    }
}

/// `cessdrive mv`: renames or moves.
struct MoveCommand: ChangingCommand {
    static let configuration = CommandConfiguration(
        commandName: "mv", abstract: "Rename or move; into the destination where that is a directory.")

    @Argument(help: "What to move.") var source: PathArgument
    @Argument(help: "Where to.") var destination: PathArgument
    @OptionGroup var changing: ChangingOptions
    @OptionGroup var shared: SharedOptions

    func run(on open: OpenDrive, console: Console) async throws {
        let (from, to) = (try DrivePath(source), try DrivePath(destination))
        let result = try await open.change("mv \(source) \(destination)", changing, console) { options in
            try await open.drive.move(from, to: to, options: options)
        }
        try console.finish(ChangeSummary(done: "moved \(source) to \(destination)", result: result))
    }
}
