import ArgumentParser
import Drive
import Foundation
import Glibc
import SystemPackage

/// `cessdrive put`: stores files and directories.
struct PutCommand: ChangingCommand {
    static let configuration = CommandConfiguration(
        commandName: "put", abstract: "Store files and directories in the drive.",
        discussion: """
            One source gets the destination's name; it goes into it where that ends in '/', or is a directory and the source
            is a file. Directories merge with what is there; nothing is deleted, and older versions stay in the history.
            A link is stored as a link; written with a trailing slash, the directory that it leads to is stored. Hard links
            among what is stored at once stay links. Modes, owners, times, extended attributes and ACLs are stored, too.

            Examples:
              cessdrive put notes.txt /notes.txt
              cessdrive put -r ~/Documents ~/Pictures /home/
              tar c src | cessdrive put - /backups/src.tar
            """)

    @Flag(name: .shortAndLong, help: "Directories, too, with everything in them.") var recursive = false
    @Argument(help: "What to store ('-' for standard input), and where in the drive.", completion: .file())
    var paths: [PathArgument]
    @OptionGroup var changing: ChangingOptions
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard paths.count >= 2 else { throw ValidationError("Say what to store, and where in the drive.") }
        if paths.dropLast().contains(.stream), paths.count != 2 {
            throw ValidationError("Standard input is stored alone.")
        }
        if sources == [.stream], shared.passphraseDescriptor == 0 {
            throw ValidationError("Standard input cannot be both the passphrase and what is stored.")
        }
    }

    private var sources: [PathArgument] { Array(paths.dropLast()) }
    private var destination: PathArgument { paths.last ?? .root }

    func run(on open: OpenDrive, console: Console) async throws {
        let target = try DrivePath(destination)
        let message = "put \(sources.joined(separator: " ")) \(destination)"
        let stored: (report: TransferReport, result: ChangeResult)
        if sources == [.stream] {
            guard !destination.namesDirectory else { throw PutError.nameless }
            stored = try await open.change(message, changing, console) { options in
                try await open.drive.put(stream: Self.readInput, to: target, options: options)
            }
        } else {
            try checkSources(console)
            stored = try await open.change(message, changing, console) { [sources, destination] options in
                try await open.drive.put(
                    sources.map(\.bytes), to: target, into: destination.namesDirectory, options: options)
            }
        }
        try console.finish(TransferSummary(stored.report, verb: "stored", result: stored.result))
    }

    /// What can be known to be wrong before anything is opened.
    private func checkSources(_ console: Console) throws {
        var missing: [PathArgument] = []
        for source in sources {
            var status = stat()
            guard unsafe lstat((source.bytes + [0]).map { CChar(bitPattern: $0) }, &status) == 0 else {
                missing.append(source)
                continue
            }
            if !recursive, status.st_mode & S_IFMT == S_IFDIR { throw PutError.directory(source) }
            // Whoever means what it leads to would find nothing stored.
            if status.st_mode & S_IFMT == S_IFLNK {
                console.warn("\(source) is a link and is stored as one; '\(source)/' is the directory that it leads to")
            }
        }
        if missing.count == sources.count { throw PutError.missing(missing) }
    }

    @Sendable private static func readInput(limit: Int) async throws -> [UInt8] {
        try await onThread { cancelled in
            // A pipe may be idle for long.
            try FileDescriptor.standardInput.waitForInput(unless: cancelled)
            var bytes = [UInt8](repeating: 0, count: limit)
            let count: Int
            do {
                count = try unsafe bytes.withUnsafeMutableBytes {
                    try unsafe FileDescriptor.standardInput.read(into: $0)
                }
            } catch Errno.badFileDescriptor { throw PutError.noInput }
            bytes.removeLast(limit - count)
            return bytes
        }
    }
}

enum PutError: Reportable, Equatable, CustomStringConvertible {
    case directory(PathArgument)
    case missing([PathArgument])
    case nameless
    case noInput

    var description: String {
        switch self {
        case .directory(let path): "\(path) is a directory"
        case .missing(let paths): "\(paths.joined(separator: ", ")): there is no such file"
        case .noInput: "there is no standard input"
        case .nameless: "what comes from standard input needs a name"
        }
    }

    var hint: String? {
        switch self {
        case .directory: "add -r to store it with everything in it"
        case .missing, .noInput: nil
        case .nameless: "write it after the directory, as in 'put - /directory/name'"
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .directory, .nameless: .usage
        case .missing: .notFound
        case .noInput: .failed
        }
    }
}
