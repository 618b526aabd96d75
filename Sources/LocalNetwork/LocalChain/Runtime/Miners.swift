internal import CESS
internal import SCALE
internal import Substrate

// The Sminer pallet: storage nodes.
extension BlockExecution {
    private static let tebibyte: UInt128 = 1 << 40

    /// Registers a node. What a TEE worker would have to certify is granted: the node is `positive` at once, and all the
    /// space it declares counts as idle.
    func register(
        _ node: AccountID, beneficiary: AccountID, endpoint: [UInt8], staking: UInt128, tib: UInt32
    ) throws {
        guard try !state.exists(Keys.miner(node)) else { throw DispatchFailure.sminer(.alreadyRegistered) }
        guard tib > 0 else { throw DispatchFailure.sminer(.countError) }
        guard staking >= UInt128(tib) * RuntimeParameters.stakingPerTiB else {
            throw DispatchFailure.sminer(.collateralNotUp)
        }
        try reserve(staking, of: node)
        var all: [AccountID] = try state.list(Keys.allMiners)
        guard all.count < CESSLimits.maximumNodeCount else { throw DispatchFailure.sminer(.storageLimitReached) }
        all.append(node)
        state.put(Keys.allMiners, list: all)
        let space = UInt128(tib) * Self.tebibyte
        state.put(
            Keys.miner(node),
            MinerInfo(
                beneficiary: beneficiary, stakingAccount: node, endpoint: endpoint, collaterals: staking,
                state: .positive, declarationSpace: space, idleSpace: space))
        state.put(Keys.minerCount, integer: try state.integer(Keys.minerCount, as: UInt32.self) + 1)
        state.put(Keys.stakingStart(node), integer: number)
        let idle: UInt128 = try state.integer(Keys.totalIdleSpace)
        state.put(Keys.totalIdleSpace, integer: idle + space)
        deposit(PalletIndex.sminer, 0) { $0.encode(node) }
    }

    func updateEndpoint(of node: AccountID, to endpoint: [UInt8]) throws {
        guard var miner = try state.value(Keys.miner(node), as: MinerInfo.self) else {
            throw DispatchFailure.sminer(.notMiner)
        }
        let old = miner.endpoint
        miner.endpoint = endpoint
        state.put(Keys.miner(node), miner)
        deposit(PalletIndex.sminer, 9) {
            $0.encode(node)
            $0.byteVector(old)
            $0.byteVector(endpoint)
        }
    }
}
