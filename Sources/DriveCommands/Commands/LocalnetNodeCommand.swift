import ArgumentParser
import Glibc
import SystemPackage

/// `cessdrive localnet node`: single nodes of the local network.
struct LocalnetNodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node", abstract: "Stop, start, kill and add nodes.",
        subcommands: [LocalnetNodeStop.self, LocalnetNodeStart.self, LocalnetNodeKill.self, LocalnetNodeAdd.self])
}

/// Which nodes a command is about.
struct NodeNumbers: ParsableArguments {
    @Argument(help: "Their numbers, as 'localnet status' shows them.") var numbers: [Int]
}

struct LocalnetNodeStop: ConsoleCommand {
    static let configuration = CommandConfiguration(commandName: "stop", abstract: "Let nodes finish, then stop them.")

    @OptionGroup var nodes: NodeNumbers
    @OptionGroup var options: LocalnetOptions
    var output: OutputOptions { options.output }

    func run(console: Console) async throws {
        try await options.localnet.stopNodes(nodes.numbers, signal: SIGTERM)
        if console.json { try console.show(try options.localnet.status()) }
    }
}

struct LocalnetNodeKill: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill", abstract: "End nodes at once, as a power cut would (SIGKILL).")

    @OptionGroup var nodes: NodeNumbers
    @OptionGroup var options: LocalnetOptions
    var output: OutputOptions { options.output }

    func run(console: Console) async throws {
        try await options.localnet.stopNodes(nodes.numbers, signal: SIGKILL)
        if console.json { try console.show(try options.localnet.status()) }
    }
}

struct LocalnetNodeStart: ConsoleCommand {
    static let configuration = CommandConfiguration(commandName: "start", abstract: "Start nodes that were stopped.")

    @OptionGroup var nodes: NodeNumbers
    @OptionGroup var options: LocalnetOptions
    var output: OutputOptions { options.output }

    func run(console: Console) async throws {
        try await options.localnet.startNodes(nodes.numbers)
        if console.json { try console.show(try options.localnet.status()) }
    }
}

struct LocalnetNodeAdd: ConsoleCommand {
    static let configuration = CommandConfiguration(commandName: "add", abstract: "Add a node to the running network.")

    @Argument(help: "Its number (the next free one).") var number: Int?
    @Option(help: ArgumentHelp("A directory, on another disk perhaps, to keep its data in.", valueName: "directory"))
    var nodeDir: FilePath?
    @Flag(help: "A node as cess-miner is, without the extensions.") var stock = false
    @OptionGroup var options: LocalnetOptions
    var output: OutputOptions { options.output }

    func validate() throws {
        try nodeDir?.checkIsText("--node-dir")
        if let number, !(1...1_000_000 ~= number) { throw ValidationError("A node's number is at least 1.") }
    }

    func run(console: Console) async throws {
        let number = try await options.localnet.addNode(number, in: nodeDir, stock: stock)
        if console.json { return try console.show(try options.localnet.status()) }
        try console.write("node \(number) added")
    }
}
