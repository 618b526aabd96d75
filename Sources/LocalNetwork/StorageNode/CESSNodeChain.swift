internal import CESS
internal import HTTPClient
internal import Primitives
internal import SCALE
internal import Substrate
internal import Synchronization

/// The chain as a storage node sees it through its RPC server, which may come later than the node.
///
/// A node belongs to one network: to the one that it was started for, or else to the first that it meets. What another
/// one's chain says of its files would have it delete them all.
final class CESSNodeChain: NodeChain {
    private let rpc: RPCClient
    private let httpClient: HTTPClient
    private let key: KeyPair
    private let store: NodeStore
    private let expectedGenesis: Bytes32?
    private let connected = Mutex<CESSChain?>(nil)

    /// - Parameters:
    ///   - store: remembers the network.
    ///   - expectedGenesis: its genesis hash; nil for what is remembered, or that of the first chain that is met.
    /// - Throws: `StorageNodeError.otherNetwork`.
    init(rpcEndpoint: String, key: KeyPair, store: NodeStore, expectedGenesis: Bytes32?) throws {
        let kept = try store.genesis()
        if let kept, let expectedGenesis, kept != expectedGenesis {
            throw StorageNodeError.otherNetwork(directory: store.directory, kept: kept, asked: expectedGenesis)
        }
        self.store = store
        self.expectedGenesis = kept ?? expectedGenesis
        // One request at a time and a few look-ups for uploads: a node needs few connections.
        httpClient = HTTPClient(maximumConnections: 16)
        rpc = RPCClient(endpoint: rpcEndpoint, httpClient: httpClient, deadline: .seconds(10))
        self.key = key
    }

    /// One request once the network is known, without even a block's hash: it is made for every upload.
    func deal(_ fid: FID) async throws -> DealInfo? {
        _ = try await chain()
        let key = StorageKey("FileBank", "DealMap").appending(fid)
        return try await rpc.storage(key.bytes).map { try DealInfo(scaleBytes: $0) }
    }

    func standings(of fids: [FID]) async throws -> NodeStandings {
        let chain = try await chain()
        let block = try await chain.bestBlock()
        let files = try await chain.files(fids, at: block.hash)
        let deals = try await chain.deals(fids.filter { files[$0] == nil }, at: block.hash)
        try await requireSameNetwork(as: chain)
        return NodeStandings(height: block.number, files: files, deals: deals)
    }

    func registration() async throws -> MinerInfo? {
        let chain = try await chain()
        let registration = try await chain.minerInfo(key.accountID, at: try await chain.bestBlock().hash)
        try await requireSameNetwork(as: chain)
        return registration
    }

    func submit(_ call: Call) async throws { _ = try await chain().submit(call, by: key) }

    private func chain() async throws -> CESSChain {
        if let chain = connected.withLock({ $0 }) { return chain }
        let kept = try store.genesis()
        let chain = try await CESSChain.connect(
            to: [rpc.endpoint], expectedGenesis: kept ?? expectedGenesis, httpClient: httpClient)
        if kept == nil { try await store.keep(genesis: chain.genesis) }
        connected.withLock { $0 = chain }
        return chain
    }

    /// Throws if the server has another chain by now. Asked after what is to be believed was read.
    private func requireSameNetwork(as chain: CESSChain) async throws {
        let found = try await rpc.blockHash(0)
        guard found != chain.genesis else { return }
        connected.withLock { $0 = nil }
        throw ChainError.wrongGenesis(endpoint: rpc.endpoint, expected: chain.genesis, found: found)
    }
}
