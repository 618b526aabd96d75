internal import CESS
internal import HTTPClient
internal import SCALE
internal import Substrate
internal import Synchronization

/// The chain as a storage node sees it through its RPC server, which may come later than the node.
final class CESSNodeChain: NodeChain {
    private let rpc: RPCClient
    private let httpClient: HTTPClient
    private let key: KeyPair
    private let connected = Mutex<CESSChain?>(nil)

    init(rpcEndpoint: String, key: KeyPair) {
        // One request at a time and a few look-ups for uploads: a node needs few connections.
        httpClient = HTTPClient(maximumConnections: 16)
        rpc = RPCClient(endpoint: rpcEndpoint, httpClient: httpClient, deadline: .seconds(10))
        self.key = key
    }

    /// One request, without even a block's hash: it is made for every upload.
    func deal(_ fid: FID) async throws -> DealInfo? {
        let key = StorageKey("FileBank", "DealMap").appending(fid)
        return try await rpc.storage(key.bytes).map { try DealInfo(scaleBytes: $0) }
    }

    func standings(of fids: [FID]) async throws -> NodeStandings {
        let chain = try await chain()
        let block = try await chain.bestBlock()
        let files = try await chain.files(fids, at: block.hash)
        let deals = try await chain.deals(fids.filter { files[$0] == nil }, at: block.hash)
        return NodeStandings(height: block.number, files: files, deals: deals)
    }

    func registration() async throws -> MinerInfo? {
        let chain = try await chain()
        return try await chain.minerInfo(key.accountID, at: try await chain.bestBlock().hash)
    }

    func submit(_ call: Call) async throws { _ = try await chain().submit(call, by: key) }

    private func chain() async throws -> CESSChain {
        if let chain = connected.withLock({ $0 }) { return chain }
        let chain = try await CESSChain.connect(to: [rpc.endpoint], expectedGenesis: nil, httpClient: httpClient)
        connected.withLock { $0 = chain }
        return chain
    }
}
