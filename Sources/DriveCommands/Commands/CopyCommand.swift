import ArgumentParser
import Drive

/// `cessdrive cp`: copies within the drive.
struct CopyCommand: ChangingCommand {
    static let configuration = CommandConfiguration(
        commandName: "cp", abstract: "Copy within the drive, also from an earlier state.",
        discussion: """
            Contents are shared, so that a copy of a directory costs no more than one of a file. One source gets the
            destination's name; it goes into it where that ends in '/' or is a directory. Directories merge with what is there:
            equal names are replaced, nothing is deleted, and older versions stay in the history. Attributes and times are
            copied, too.

            Examples:
              cessdrive cp /notes.txt /notes-before.txt
              cessdrive cp -r /photos /albums/
              cessdrive cp --at head~1 /notes.txt /notes.txt     # and it is as it was
              cessdrive cp -r --at 2026-11-22 /photos /          # the whole directory, into '/'
            """)

    @Flag(name: .shortAndLong, help: "Directories, too, with everything in them.") var recursive = false
    @Argument(help: "What to copy, and where to in the drive.") var paths: [PathArgument]
    @OptionGroup var reading: ReadingOptions
    @OptionGroup var changing: ChangingOptions
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard paths.count >= 2 else { throw ValidationError("Say what to copy, and where to.") }
    }

    func run(on open: OpenDrive, console: Console) async throws {
        let (sources, destination) = (Array(paths.dropLast()), paths.last ?? .root)
        let (from, to) = (try sources.map { try DrivePath($0) }, try DrivePath(destination))
        let state = reading.at.map { "--at \(ByteText.shown($0)) " } ?? ""
        let message = "cp \(state)\(sources.joined(separator: " ")) \(destination)"
        let result = try await open.change(message, changing, console) { options in
            try await open.drive.copy(
                from, at: reading.at, to: to, into: destination.namesDirectory, recursive: recursive, options: options)
        }
        try console.finish(
            ChangeSummary(done: "copied \(sources.joined(separator: ", ")) to \(destination)", result: result))
    }
}
