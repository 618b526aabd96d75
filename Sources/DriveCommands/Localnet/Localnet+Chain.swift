import CESS
import HTTPClient
import LocalNetwork
import Primitives
import Substrate

/// What the supervisor asks of the chain, as any client does.
extension Localnet {
    /// Waits until every node stands on the chain with the address at which it answers.
    ///
    /// - Throws: `LocalnetError.unregistered` after a minute and ten blocks.
    func waitUntilRegistered(_ nodes: [(number: Int, url: String)], _ record: LocalnetRecord) async throws {
        let chain = try await connect(record)
        var missing = try nodes.map { ($0.number, try Self.keyPair(of: $0.number).accountID, NodeEndpoint.url($0.url)) }
        let limit = Duration.seconds(60) + .milliseconds(10 * record.settings.blockTimeMilliseconds)
        _ = try await waitFor(limit) {
            let block = try await chain.bestBlock()
            let registered = Dictionary(
                try await chain.miners(at: block.hash).filter(\.isPositive).map {
                    ($0.account, NodeEndpoint.url($0.endpoint))
                }
            ) { $1 }
            missing.removeAll { _, account, url in url != nil && registered[account] == url }
            return missing.isEmpty ? true : nil
        }
        guard missing.isEmpty else { throw LocalnetError.unregistered(missing.map(\.0)) }
    }

    /// The genesis block endows the accounts of nodes up to this number.
    static let endowedNodeCount = 64

    /// Gives the account of a node beyond those that the genesis block endows what it needs to register.
    func endow(node number: Int, _ record: LocalnetRecord) async throws {
        let chain = try await connect(record)
        let account = try Self.keyPair(of: number).accountID
        let block = try await chain.bestBlock()
        let enough = 2 * StorageNode.stakePerTebibyte
        guard try await chain.spendableBalance(of: account, at: block.hash) < enough else { return }
        let alice = try KeyPair(suri: "//Alice")
        _ = try await chain.execute(.transferKeepAlive(to: account, amount: 2 * enough), by: alice)
    }

    private func connect(_ record: LocalnetRecord) async throws -> CESSChain {
        try await CESSChain.connect(
            to: [record.rpc ?? ""], expectedGenesis: record.genesis.flatMap { Bytes32(hex: $0) },
            httpClient: HTTPClient())
    }

    /// The keys that every node of a local network has by its number.
    private static func keyPair(of number: Int) throws -> KeyPair { try KeyPair(suri: "//Node//\(number)") }
}
