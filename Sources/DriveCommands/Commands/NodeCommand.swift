import ArgumentParser
import Foundation
import LocalNetwork
import Logging
import Primitives
import Substrate
import SystemPackage

/// `cessdrive node`: one storage node of a local network, by itself.
struct NodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node", abstract: "Run one storage node of a local network.", subcommands: [NodeRun.self])
}

struct NodeRun: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a storage node until it is told to stop.",
        discussion: """
            'cessdrive localnet' starts its nodes with this command; by itself it puts nodes on other disks and machines.
            Its account is //Node//N of the development phrase, so it is of use on local networks only.

            Example:
              cessdrive node run --dir /disk2/node --rpc http://192.0.2.1:9944 --number 16 --host 0.0.0.0 \\
                --port 15001 --endpoint http://192.0.2.2:15001
            """)

    @Option(help: ArgumentHelp("Where the node keeps its data.", valueName: "directory"), completion: .directory)
    var dir: FilePath
    @Option(help: ArgumentHelp("The chain's RPC URL.", valueName: "url")) var rpc: String
    @Option(
        help: ArgumentHelp("The network's genesis hash (that of the first chain the node meets).", valueName: "hash"))
    var genesis: String?
    @Option(help: "The node's number, which gives its account.") var number: Int
    @Option(help: "The address to listen at.") var host = "127.0.0.1"
    @Option(help: "The port to listen at; 0 for any.") var port = 0
    @Option(help: ArgumentHelp("What is registered on the chain (http://HOST:PORT).", valueName: "url"))
    var endpoint: String?
    @Option(help: ArgumentHelp("The time between two looks for what can be reported.", valueName: "time"))
    var reportInterval = DurationArgument(.seconds(1))
    @Flag(help: "As cess-miner is, without the extensions.") var stock = false
    @OptionGroup var output: OutputOptions

    var label: String { "node.\(number)" }

    func validate() throws {
        try dir.checkIsText("--dir")
        guard 0...65_535 ~= port else { throw ValidationError("--port is a number from 0 to 65535.") }
        guard genesis.map({ Bytes32(hex: $0) != nil }) ?? true else {
            throw ValidationError("--genesis is 64 hexadecimal digits, with or without 0x.")
        }
        guard endpoint != nil || !["0.0.0.0", "::"].contains(host) else {
            throw ValidationError("--host \(host) needs --endpoint, the URL at which others reach the node.")
        }
        guard number > 0 else { throw ValidationError("--number is at least 1.") }
        guard reportInterval.duration > .zero else { throw ValidationError("--report-interval is more than nothing.") }
    }

    func serve(console: Console, logger: Logger) async throws {
        let process = try ServerProcess(directory: dir, console: console)
        var node = StorageNode.Configuration(
            directory: process.directory.string, rpcEndpoint: rpc, key: try KeyPair(suri: "//Node//\(number)"))
        node.genesis = genesis.flatMap { Bytes32(hex: $0) }
        node.host = host
        node.port = port
        node.endpoint = endpoint
        node.isStock = stock
        node.reportInterval = reportInterval.duration
        let address = endpoint
        try await process.serve {
            try await StorageNode.run(node, logger: logger) { [host] port in
                process.isReady(url: address ?? "http://\(host):\(port)", logger: logger)
            }
        }
    }
}
