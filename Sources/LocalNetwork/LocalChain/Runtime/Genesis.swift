internal import CESS
internal import Primitives
internal import SCALE
internal import Substrate

/// The state that a local network begins with.
enum Genesis {
    static let developers = ["//Alice", "//Bob", "//Charlie", "//Dave", "//Eve", "//Ferdie"]
    static let endowedNodeCount = 64
    static let unitPrice: UInt128 = 30 * RuntimeParameters.existentialDeposit

    /// Who has money from the beginning: the developers, the nodes, and the account that territories are paid to.
    private static let endowments: [(account: AccountID, amount: UInt128)] = {
        let token = RuntimeParameters.existentialDeposit
        return developers.map { (account($0), 10_000_000_000 * token) }
            + (1...endowedNodeCount).map { (account("//Node//\($0)"), 10_000_000 * token) }
            + [(BlockExecution.treasury, token)]
    }()

    private static func account(_ path: String) -> AccountID {
        guard let pair = try? KeyPair(suri: path) else { preconditionFailure("\(path) is a derivation") }
        return pair.accountID
    }

    /// Block 0. The seed is random, so that no two local networks share a genesis hash.
    static func block(
        parameters: RuntimeParameters, finalityLag: BlockNumber
    ) throws -> (block: StoredBlock, changes: [StateChange]) {
        let execution = BlockExecution(
            parameters: parameters, state: BlockState(on: nil), number: 0, parentHash: .zero)
        let state = execution.state
        state.put(Keys.networkSeed, bytes: Bytes16.random().bytes + Bytes16.random().bytes)
        state.put(Keys.parameters, parameters)
        state.put(Keys.finalityLag, integer: finalityLag)
        for (account, amount) in endowments { try execution.endow(account, amount) }
        state.put(Keys.unitPrice, integer: unitPrice)
        var expenders = ScaleEncoder()
        for value: UInt64 in [80, 1_048_576, 64] { expenders.integer(value) }
        state.put(Keys.expenders, bytes: expenders.bytes)
        state.put(Keys.feeMultiplier, integer: UInt128(1_000_000_000_000_000_000))
        state.put(Keys.paymentVersion, bytes: [1])
        state.put(Keys.number, integer: BlockNumber(0))
        var upgrade = ScaleEncoder()
        upgrade.compact(UInt64(RuntimeParameters.specVersion))
        upgrade.string("cess-node")
        state.put(Keys.lastRuntimeUpgrade, bytes: upgrade.bytes)
        return try execution.finish(parentStateRoot: .zero)
    }
}
