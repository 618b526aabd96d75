import ArgumentParser
import Foundation
import SystemPackage

/// What every command takes, whether or not it opens a drive.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON (see Docs/Scripting.md).")
    var json = false

    @Flag(help: "Never ask anything.")
    var noInput = false

    @Flag(name: [.customShort("v"), .long], help: "Say more; twice, still more.")
    var verbose: Int

    func console(environment: [String: String]) -> Console {
        Console(json: json, noInput: noInput, environment: environment)
    }
}

/// What every command that opens a drive takes.
struct SharedOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The drive to use.", valueName: "name"))
    var drive: String?

    @Option(help: ArgumentHelp("'local', a configured name, or an RPC URL.", valueName: "network"))
    var network: String?

    @Option(help: ArgumentHelp("The network's genesis hash; needed with a URL.", valueName: "hash"))
    var genesis: String?

    @Option(help: ArgumentHelp("Read the passphrase from a file.", valueName: "file"), completion: .file())
    var passphraseFile: String?

    @Option(help: ArgumentHelp("Read the passphrase from a command's output.", valueName: "command"))
    var passphraseCommand: String?

    @Option(
        name: .customLong("passphrase-fd"),
        help: ArgumentHelp("Read the passphrase from an open descriptor.", valueName: "number"))
    var passphraseDescriptor: Int32?

    @Option(help: ArgumentHelp("The profile of the configuration file to use.", valueName: "name"))
    var profile: String?

    @OptionGroup var output: OutputOptions

    /// - Parameter more: flags of the command itself that are settings too.
    func configuration(environment: [String: String], more: [Setting: String] = [:]) throws -> Configuration {
        var flags = more
        flags[.drive] = drive
        flags[.network] = network
        flags[.genesis] = genesis
        flags[.passphraseFile] = passphraseFile
        flags[.passphraseCommand] = passphraseCommand
        let paths = Paths(environment: environment)
        return try Configuration(
            flags: flags, profile: profile, environment: environment,
            file: .read(paths.configurationFile), paths: paths)
    }

    /// Where the passphrase comes from: options before anything configured, and the terminal last.
    ///
    /// - Throws: `PassphraseError.severalSources` or `.noSource`.
    func passphraseSource(_ configuration: Configuration) throws -> PassphraseSource {
        let given = [passphraseFile, passphraseCommand, passphraseDescriptor.map(String.init)].compactMap { $0 }
        guard given.count <= 1 else { throw PassphraseError.severalSources }
        if let passphraseDescriptor { return .descriptor(passphraseDescriptor) }
        if let passphraseFile { return .file(FilePath(byteText: passphraseFile)) }
        if let passphraseCommand { return .command(passphraseCommand) }
        if let path = configuration[.passphraseFile]?.value { return .file(FilePath(byteText: path)) }
        if let command = configuration[.passphraseCommand]?.value { return .command(command) }
        guard !output.noInput else { throw PassphraseError.noSource(option: PassphraseSource.standardOption) }
        return .terminal
    }
}
