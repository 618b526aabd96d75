internal import CESS
internal import Substrate

/// What a storage node needs of the chain. Everything may throw when the RPC server is away; nothing is retried here.
protocol NodeChain: Sendable {
    /// The open deal of this FID at the best block.
    func deal(_ fid: FID) async throws -> DealInfo?

    /// What has become of these FIDs, all at one best block.
    func standings(of fids: [FID]) async throws -> NodeStandings

    /// The node as it is registered at the best block; nil if it is not.
    func registration() async throws -> MinerInfo?

    /// Puts a call into the pool, signed by the node. That it was taken says nothing about its success.
    func submit(_ call: Call) async throws
}

/// What the chain knows of some FIDs at one block.
struct NodeStandings: Sendable {
    let height: BlockNumber
    let files: [FID: ChainValue<FileInfo>]
    let deals: [FID: ChainValue<DealInfo>]
}
