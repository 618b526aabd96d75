import ArgumentParser
import CLinux
import Foundation
import Glibc

/// The whole program: arguments in, an exit status out.
public enum CommandLineProgram {
    /// Runs what the process was asked for and ends the process.
    public static func main() async {
        occupyStandardDescriptors()
        ignoreSIGPIPE()
        cessdrive_forbid_cores()
        cessdrive_keep_freed_memory()
        let status = await run(arguments, environment: ByteText.environment)
        exit(status.rawValue)
    }

    /// What this process was asked for; called as mount(8) calls its helpers, in the words of `cessdrive mount`.
    static var arguments: [String] {
        let name = ByteText.programName.split(separator: "/").last.map(String.init)
        return name == FstabArguments.programName
            ? FstabArguments.mountArguments(ByteText.arguments) : ByteText.arguments
    }

    /// The one place where errors are reported.
    ///
    /// - Parameters: both as `ByteText`.
    static func run(_ arguments: [String], environment: [String: String]) async -> ExitStatus {
        let console = console(for: arguments, environment)
        do {
            var command = try Cessdrive.parseAsRoot(arguments)
            try Paths(environment: environment).checkAreText()
            if let asynchronous = command as? any AsyncParsableCommand {
                let handed = HandedOver(asynchronous)
                try await Interruption.guarding {
                    var command = handed.command
                    try await command.run()
                }
            } else {
                // It holds its thread, and so could not be cancelled: signals end it as they end any process.
                try command.run()
            }
            return .done
        } catch ConsoleError.closed {
            return .failed
        } catch let status as ExitCode {
            // The command has said everything itself.
            return ExitStatus(rawValue: status.rawValue) ?? .failed
        } catch  where Cessdrive.exitCode(for: error) != .failure {
            return report(parsing: error, arguments, to: console)
        } catch {
            let report = ErrorReport(error)
            console.report(report)
            return report.status
        }
    }

    /// Help and versions are data; usage errors are errors like others.
    private static func report(parsing error: any Error, _ arguments: [String], to console: Console) -> ExitStatus {
        guard Cessdrive.exitCode(for: error) == .success else {
            let hint = "see 'cessdrive help\(Cessdrive.commandPath(of: arguments))'"
            console.report(
                ErrorReport(message: ByteText.shown(Cessdrive.message(for: error)), hint: hint, status: .usage))
            return .usage
        }
        do { try console.write(Cessdrive.fullMessage(for: error)) } catch { return .failed }
        return .done
    }

    /// The console as the arguments ask for it, also where they could not be parsed.
    private static func console(for arguments: [String], _ environment: [String: String]) -> Console {
        let options = arguments.prefix { $0 != "--" }
        return Console(
            json: options.contains("--json"), noInput: options.contains("--no-input"), environment: environment)
    }

    /// A standard descriptor that was closed must not become a file or a socket of ours. Reading from what takes its place
    /// fails, and so does writing to it, but for what is only told.
    private static func occupyStandardDescriptors() {
        for (descriptor, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)]
        where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest free number is this one.
            _ = unsafe open("/dev/null", mode)
        }
    }

    /// A closed pipe is an error of the write that meets it, not the end of the process.
    private static func ignoreSIGPIPE() { _ = signal(SIGPIPE, SIG_IGN) }
}

extension Cessdrive {
    /// The subcommands that the arguments name: ` localnet node`.
    static func commandPath(of arguments: [String]) -> String {
        var command: any ParsableCommand.Type = Cessdrive.self
        var path = ""
        for argument in arguments {
            let next = command.configuration.subcommands.first { $0._commandName == argument }
            guard let next else { break }
            command = next
            path += " " + argument
        }
        return path
    }
}

/// A command on its way into the task that runs it.
private struct HandedOver: @unchecked Sendable {  // whoever made it does not touch it again
    let command: any AsyncParsableCommand

    init(_ command: any AsyncParsableCommand) { self.command = command }
}
