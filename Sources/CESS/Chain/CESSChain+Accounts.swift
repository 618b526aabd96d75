public import Primitives
internal import SCALE
public import Substrate

/// Accounts, their operators, and gateways.
extension CESSChain {
    /// Nonce and balance; `AccountInfo.absent` for an account that the chain does not know.
    public func account(_ id: AccountID, at block: Bytes32) async throws -> AccountInfo {
        try await value(.account, ChainItem.account.prefix.appending(id), at: block) {
            (decoder) throws(ScaleError) in try AccountInfo(from: &decoder)
        } ?? .absent
    }

    /// What an account can pay and stay alive.
    public func spendableBalance(of id: AccountID, at block: Bytes32) async throws -> UInt128 {
        try await account(id, at: block).spendable(existentialDeposit: constants.existentialDeposit)
    }

    /// The next nonce of an account, with what waits in the server's pool.
    public func nextNonce(of id: AccountID) async throws -> UInt32 {
        try await servers.read { try await $0.accountNextIndex(id) }
    }

    /// Who may declare and delete files for an account.
    public func operators(of id: AccountID, at block: Bytes32) async throws -> [AccountID] {
        try await value(.operators, ChainItem.operators.prefix.appending(id), at: block) {
            (decoder) throws(ScaleError) in try decoder.vector(limit: CESSLimits.maximumOperatorCount)
        } ?? []
    }

    /// The gateway that an account runs; nil if it runs none.
    public func gateway(_ id: AccountID, at block: Bytes32) async throws -> OssInfo? {
        try await value(.gateway, ChainItem.gateway.prefix.appending(id), at: block) {
            (decoder) throws(ScaleError) in try OssInfo(from: &decoder)
        }
    }
}
