import ArgumentParser
import Foundation
import Glibc
import LocalNetwork
import SystemPackage

/// `cessdrive localnet`: a whole network on this machine.
struct LocalnetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "localnet",
        abstract: "A whole network on this machine: one chain, fifteen storage nodes.",
        discussion: """
            Examples:
              cessdrive localnet start
              cessdrive localnet node kill 1 2 3
              cessdrive localnet fault 4 corrupting
              cessdrive localnet status --json
            """,
        subcommands: [
            LocalnetStart.self, LocalnetStop.self, LocalnetReset.self, LocalnetStatusCommand.self,
            LocalnetNodeCommand.self, LocalnetFault.self,
        ])
}

/// Which local network a command is about.
struct LocalnetOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Where the network keeps its state.", valueName: "directory"), completion: .directory)
    var dir: FilePath?

    @OptionGroup var output: OutputOptions

    func validate() throws { try dir?.checkIsText("--dir") }

    var localnet: Localnet {
        Localnet(directory: dir, paths: Paths(environment: ByteText.environment))
    }
}

struct LocalnetStart: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Start the network, or what of it does not run.",
        discussion: """
            Prints the network's status. A network keeps the settings that it was made with. '--network local' is the one that
            was started last; while it runs, no other one is started.
            """)

    @Option(help: "How many nodes there are to be at least (15).") var nodes: Int?
    @Option(help: "The time between two blocks (1s).") var blockTime: DurationArgument?
    @Option(help: "How many blocks a day has, for leases (as many as it has time for).") var dayBlocks: Int?
    @Flag(help: "The pace of the real network: blocks of 6 s, finality 3 blocks later, reports every 30 s.")
    var faithful = false
    @Flag(help: "Nodes as cess-miner is, without the extensions.") var stock = false
    @Flag(help: "Stay, and stop the network at the end.") var foreground = false
    @OptionGroup var options: LocalnetOptions

    var output: OutputOptions { options.output }

    func validate() throws {
        if let nodes, !(1...1000 ~= nodes) { throw ValidationError("--nodes is a number from 1 to 1000.") }
        let limit = Int(LocalChainConfiguration.maximumDayBlocks)
        if let dayBlocks, !(1...limit ~= dayBlocks) {
            throw ValidationError("--day-blocks is a number from 1 to \(limit).")
        }
        if let blockTime, !(.milliseconds(50)...(.seconds(3600)) ~= blockTime.duration) {
            throw ValidationError("--block-time is a time from 50ms to 1h.")
        }
    }

    func run(console: Console) async throws {
        let localnet = options.localnet
        var isUp = false
        do {
            try await localnet.start(settings: settings, nodeCount: nodes)
            try console.show(try localnet.status())
            guard foreground else { return }
            isUp = true
            console.note("cessdrive: the network runs until Ctrl-C")
            // Nothing to do but to wait for the signal, which cancels the sleep.
            while true { try await Task.sleep(for: .seconds(3600)) }
        } catch {
            guard foreground, Task.isCancelled else { throw error }
            // A task of its own, since this one is cancelled and its waits would end at once; awaited here.
            try await Task { try await localnet.stop() }.value
            if !isUp { throw error }
        }
    }

    /// Nil if nothing was asked for.
    private var settings: LocalnetSettings? {
        guard faithful || stock || blockTime != nil || dayBlocks != nil else { return nil }
        var settings = faithful ? LocalnetSettings.faithful : LocalnetSettings()
        if let blockTime {
            settings.blockTimeMilliseconds = Int(blockTime.duration / .milliseconds(1))
            if !faithful { settings.reportIntervalMilliseconds = settings.blockTimeMilliseconds }
        }
        settings.dayBlocks = dayBlocks
        settings.stock = stock
        return settings
    }
}

struct LocalnetStop: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop the network; 'start' brings it back as it was.")

    @OptionGroup var options: LocalnetOptions
    var output: OutputOptions { options.output }

    func run(console: Console) async throws {
        try await options.localnet.stop()
        if console.json { try console.show(try options.localnet.status()) }
    }
}

struct LocalnetReset: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset", abstract: "Stop the network and delete it with all that it holds.")

    @Flag(help: "Do not ask.") var yes = false
    @OptionGroup var options: LocalnetOptions
    var output: OutputOptions { options.output }

    func run(console: Console) async throws {
        let localnet = options.localnet
        if !yes {
            guard console.mayPrompt else { throw ConsoleError.cannotAsk("the deletion; --yes answers in advance") }
            guard try await console.confirms("Delete the local network in \(localnet.directory) and all it holds?")
            else {
                throw ConsoleError.refused
            }
        }
        try await localnet.reset()
    }
}

struct LocalnetStatusCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show the network's address, its nodes, and what runs.")

    @OptionGroup var options: LocalnetOptions
    var output: OutputOptions { options.output }

    func run(console: Console) throws { try console.show(try options.localnet.status()) }
}
