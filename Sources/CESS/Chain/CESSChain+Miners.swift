public import Primitives
internal import SCALE
public import Substrate

/// A storage node as the chain knows it. What it says of itself is not checked, and a node that is `positive` may be dead.
public struct Miner: Hashable, Sendable {
    public let account: AccountID
    /// Who is paid for its work.
    public let beneficiary: AccountID
    /// Who has staked for it.
    public let stakingAccount: AccountID
    /// As the operator set it, up to the first NUL: `http://host:port`, `host:port`, anything.
    public let endpoint: String
    public let state: MinerState
    /// Bytes left for deals.
    public let idleSpace: UInt128
    public let serviceSpace: UInt128
    /// Bytes of deals that are not complete.
    public let lockSpace: UInt128
    public let declarationSpace: UInt128

    public init(account: AccountID, info: MinerInfo) {
        self.account = account
        beneficiary = info.beneficiary
        stakingAccount = info.stakingAccount
        endpoint = String(decoding: info.endpoint.prefix { $0 != 0 }, as: UTF8.self)
        state = info.state
        idleSpace = info.idleSpace
        serviceSpace = info.serviceSpace
        lockSpace = info.lockSpace
        declarationSpace = info.declarationSpace
    }

    /// Whether it may take rows of new deals.
    public var isPositive: Bool { state == .positive }
}

/// Storage nodes.
extension CESSChain {
    /// All nodes that are registered and have not left, by account. A list and one request for every 128 of them.
    public func miners(at block: Bytes32) async throws -> [Miner] {
        let accounts: [AccountID] =
            try await value(.allMiners, at: block) { (decoder) throws(ScaleError) in
                try decoder.vector(limit: CESSLimits.maximumNodeCount)
            } ?? []
        return try await miners(accounts, at: block).values.sorted { $0.account < $1.account }
    }

    /// The registered nodes among these accounts.
    public func miners(
        _ accounts: some Sequence<AccountID>, at block: Bytes32
    ) async throws -> [AccountID: Miner] {
        let found = try await values(
            .miner, accounts, at: block, batch: 128, key: ChainItem.miner.prefix.appending(account:), as: MinerInfo.self
        )
        return Dictionary(uniqueKeysWithValues: found.map { ($0, Miner(account: $0, info: $1)) })
    }

    /// All that the chain has of a node.
    public func minerInfo(_ account: AccountID, at block: Bytes32) async throws -> MinerInfo? {
        try await value(.miner, ChainItem.miner.prefix.appending(account), at: block) {
            (decoder) throws(ScaleError) in try MinerInfo(from: &decoder)
        }
    }
}

extension StorageKey {
    fileprivate func appending(account: AccountID) -> StorageKey { appending(account) }
}
