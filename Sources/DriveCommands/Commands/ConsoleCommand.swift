import ArgumentParser
import Foundation

/// A command that speaks: its arguments, and one call of the library.
protocol ConsoleCommand: AsyncParsableCommand {
    var output: OutputOptions { get }

    func run(console: Console) async throws
}

extension ConsoleCommand {
    mutating func run() async throws {
        Logs.setUp(verbosity: output.verbose)
        try await run(console: output.console(environment: ByteText.environment))
    }
}
