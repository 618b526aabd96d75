import ArgumentParser
import Foundation
import LocalNetwork
import Logging
import Primitives
import SystemPackage

/// `cessdrive chain`: the chain of a local network, by itself.
struct ChainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chain", abstract: "Run the chain of a local network.", subcommands: [ChainRun.self])
}

struct ChainRun: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a chain of one author until it is told to stop.",
        discussion: """
            'cessdrive localnet' starts its chain with this command; by itself it serves nodes on other machines. It speaks
            Substrate's JSON-RPC over HTTP and WebSocket. A chain keeps the timing that it was started with first.

            Example:
              cessdrive chain run --dir /srv/chain --host 0.0.0.0 --port 9944
            """)

    @Option(help: ArgumentHelp("Where the chain keeps its state.", valueName: "directory"), completion: .directory)
    var dir: FilePath
    @Option(help: "The address to listen at.") var host = "127.0.0.1"
    @Option(help: "The port to listen at; 0 for any.") var port = 0
    @Option(help: ArgumentHelp("The time between two blocks.", valueName: "time"))
    var blockTime = DurationArgument(.seconds(1))
    @Option(help: "How many blocks the finalized one lies behind the best.") var finalityLag: UInt32 = 1
    @Option(help: "How many blocks a day has, for leases (as many as it has time for).") var dayBlocks: UInt32?
    @OptionGroup var output: OutputOptions

    var label: String { "chain" }

    func validate() throws {
        try dir.checkIsText("--dir")
        guard 0...65_535 ~= port else { throw ValidationError("--port is a number from 0 to 65535.") }
        guard .milliseconds(50)...(.seconds(3600)) ~= blockTime.duration else {
            throw ValidationError("--block-time is a time from 50ms to 1h.")
        }
        guard 0...1000 ~= finalityLag else { throw ValidationError("--finality-lag is a number from 0 to 1000.") }
        let limit = LocalChainConfiguration.maximumDayBlocks
        if let dayBlocks, !(1...limit ~= dayBlocks) {
            throw ValidationError("--day-blocks is a number from 1 to \(limit).")
        }
    }

    func serve(console: Console, logger: Logger) async throws {
        let process = try ServerProcess(directory: dir, console: console)
        var chain = LocalChainConfiguration(directory: process.directory.string)
        chain.host = host
        chain.port = port
        chain.blockTime = blockTime.duration
        chain.finalityLag = finalityLag
        chain.dayBlocks = dayBlocks
        try await process.serve {
            try await LocalChain.run(chain, logger: logger) { [host] port, genesis in
                process.isReady(url: "http://\(host):\(port)", genesis: "0x" + genesis.hex, logger: logger)
            }
        }
    }
}
