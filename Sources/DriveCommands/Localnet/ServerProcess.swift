import CLinux
import Foundation
import Glibc
import Logging
import SystemPackage

/// What the processes of the local network have in common: one directory, one process in it, a file that says where it
/// answers, and logs with times.
struct ServerProcess: Sendable {
    let directory: FilePath
    let console: Console

    /// Takes the directory for the rest of this process's life.
    ///
    /// - Throws: `LocalnetError.inUse`.
    init(directory: FilePath, console: Console) throws {
        self.directory = FilePath(URL(fileURLWithPath: directory.string).standardizedFileURL.path)
        self.console = console
        // More connections are taken than a shell usually allows files.
        cessdrive_raise_open_files_limit()
        try makePrivateDirectory(self.directory)
        guard try ProcessLock(of: self.directory).take() != nil else {
            throw LocalnetError.inUse(self.directory)
        }
        try? FileManager.default.removeItem(atPath: ReadyFile.path(in: self.directory).string)
    }

    /// Tells the supervisor, and whoever started this by hand, that the server answers.
    func isReady(url: String, genesis: String? = nil, logger: Logger) {
        let ready = ReadyFile(process: getpid(), url: url, genesis: genesis)
        do {
            try ready.write(in: directory)
            if console.json { try console.write(ready.json) }
        } catch {
            logger.error("cannot tell that the server is ready", metadata: ["cause": "\(error)"])
        }
        logger.notice("ready", metadata: ["url": "\(url)"])
    }

    /// Runs a server until it is told to stop, which is no error.
    func serve(_ work: () async throws -> Void) async throws {
        do { try await work() } catch  where Task.isCancelled {}
    }
}

extension ReadyFile {
    fileprivate var json: JSONText {
        .object(
            [("url", .string(url)), ("process", .integer(Int64(process)))]
                + (genesis.map { [("genesis", .string($0))] } ?? []))
    }
}

/// A command that is a server: its log has times, and says more than that of other commands.
protocol ServerCommand: ConsoleCommand {
    func serve(console: Console, logger: Logger) async throws
    /// What the log is about.
    var label: String { get }
}

extension ServerCommand {
    mutating func run() async throws {
        Logs.setUp(verbosity: output.verbose, base: .info, times: true)
        try await run(console: output.console(environment: ByteText.environment))
    }

    func run(console: Console) async throws { try await serve(console: console, logger: Logger(label: label)) }
}
