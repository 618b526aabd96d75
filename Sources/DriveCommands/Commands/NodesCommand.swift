import ArgumentParser
import CESS
import Foundation
import HTTPClient
import Primitives
import Substrate
import SystemPackage

/// `cessdrive nodes`: the storage nodes of the network, and whether they answer.
struct NodesCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "nodes", abstract: "List the network's storage nodes and whether they answer.",
        discussion: """
            Examples:
              cessdrive nodes
              cessdrive nodes --network local --json
            """)

    @Flag(help: "What the chain says only; ask no node.") var offline = false
    @OptionGroup var shared: SharedOptions
    var output: OutputOptions { shared.output }

    func run(console: Console) async throws {
        let environment = ByteText.environment
        let configuration = try shared.configuration(environment: environment)
        let http = HTTPClient()
        let chain = try await connect(configuration.chosenNetwork(), configuration, http)
        let miners = try await chain.miners(at: chain.bestBlock().hash)
        let rows = try await NodeRow.probe(miners, offline ? nil : NodeClient(httpClient: http))
        try console.show(NodeList(rows: rows))
    }
}

/// Connects to a network, keeping its metadata between runs.
func connect(_ target: NetworkTarget, _ configuration: Configuration, _ http: HTTPClient) async throws -> CESSChain {
    let metadata = configuration.paths.cache.appending("metadata").string
    return try await CESSChain.connect(
        to: target.endpoints, expectedGenesis: target.genesis, httpClient: http,
        options: CESSChain.Options(metadataDirectory: metadata))
}

/// A node as the chain has it, and as it answered.
struct NodeRow: Sendable {
    let miner: Miner
    let url: String?
    /// Nil where it was not asked.
    let answer: Result<NodeStatus, NodeError>?
    let latency: Duration

    /// How many nodes are asked at a time.
    private static let probeLimit = 32

    /// Asks every node for its status; in the chain's order.
    static func probe(_ miners: [Miner], _ client: NodeClient?) async throws -> [NodeRow] {
        var rows: [Int: NodeRow] = [:]
        try await withThrowingTaskGroup(of: (Int, NodeRow).self) { group in
            for (index, miner) in miners.enumerated() {
                if index >= probeLimit, let (done, row) = try await group.next() { rows[done] = row }
                group.addTask { (index, await NodeRow(miner, client)) }
            }
            for try await (done, row) in group { rows[done] = row }
        }
        return miners.indices.compactMap { rows[$0] }
    }

    private init(_ miner: Miner, _ client: NodeClient?) async {
        self.miner = miner
        url = NodeEndpoint.url(miner.endpoint)
        let start = ContinuousClock.now
        if let client, let url {
            do throws(NodeError) {
                answer = .success(try await client.status(of: url))
            } catch {
                answer = .failure(error)
            }
        } else {
            answer = nil
        }
        latency = .now - start
    }

    var answers: Bool {
        if case .success = answer { true } else { false }
    }
}

/// What `nodes` shows.
struct NodeList: Presentable {
    let rows: [NodeRow]

    var text: String {
        let lines = rows.map { row in
            let word =
                switch row.answer {
                case nil: "not asked"
                case .success(let status)?:
                    "answers in \(Quantities.text(row.latency))"
                        + (status.extensions.isEmpty ? "" : " (\(status.extensions.joined(separator: ", ")))")
                case .failure(let error)?: "\(error)"
                }
            let idle = Quantities.text(bytes: Int(clamping: row.miner.idleSpace))
            return "\(row.url ?? "no address")  \(row.miner.state)  \(idle) idle  \(word)"
        }
        return (lines + ["\(rows.filter(\.answers).count) of \(rows.count) nodes answer"]).joined(separator: "\n")
    }

    var json: JSONText {
        .object([
            (
                "nodes",
                .array(
                    rows.map { row in
                        var members: [(String, JSONText)] = [
                            ("account", .string(row.miner.account.bytes.hex)),
                            ("url", row.url.map(JSONText.string) ?? .null),
                            ("state", .string("\(row.miner.state)")),
                            ("idleBytes", .digits("\(row.miner.idleSpace)")),
                        ]
                        switch row.answer {
                        case nil: break
                        case .success(let status)?:
                            members.append(("answers", .bool(true)))
                            members.append(("latencySeconds", .real(row.latency / .seconds(1))))
                            members.append(("extensions", .array(status.extensions.map(JSONText.string))))
                        case .failure(let error)?:
                            members.append(("answers", .bool(false)))
                            members.append(("problem", .string("\(error)")))
                        }
                        return .object(members)
                    })
            )
        ])
    }
}
