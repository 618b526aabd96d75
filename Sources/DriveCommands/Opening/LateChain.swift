import BlobStore
import CESS
import Primitives
import Substrate
import Synchronization

/// The chain of a mount: connected to when somebody asks for it first, and anew where no server could be reached: its address may be
/// another one by then. A drive that is mounted where there is no network shows what this machine has of it, and goes on when the
/// network is back.
final class LateChain: StorageChain {
    let genesis: Bytes32
    private let connect: @Sendable () async throws -> CESSChain
    private let state = Mutex(State())

    private struct State {
        var chain: CESSChain?
        /// Whether its servers could not be reached.
        var isLost = false
        /// The last attempt that led to nothing, and until when that is believed.
        var failure: (error: any Error, until: ContinuousClock.Instant)?
    }

    /// So long nobody is asked again at most: several things are looked up in a row, and each would wait for servers that are away.
    /// Those that say so at once may be asked sooner.
    private static let pause: Duration = .seconds(3)

    /// - Parameter genesis: of the drive's network.
    init(genesis: Bytes32, connect: @escaping @Sendable () async throws -> CESSChain) {
        self.genesis = genesis
        self.connect = connect
    }

    /// - Throws: what connecting throws.
    func chain() async throws -> CESSChain {
        let (known, failure) = state.withLock { ($0.isLost ? nil : $0.chain, $0.failure) }
        if let known { return known }
        if let failure, .now < failure.until { throw failure.error }
        let start = ContinuousClock.now
        do {
            let chain = try await connect()
            return state.withLock { state in
                // Another task may have been faster; there is one for all.
                if let first = state.chain, !state.isLost { return first }
                (state.chain, state.isLost) = (chain, false)
                return chain
            }
        } catch {
            let end = ContinuousClock.now
            if !(error is CancellationError) {
                state.withLock { $0.failure = (error, end + min(Self.pause, end - start)) }
            }
            throw error
        }
    }

    /// - Parameter isRepeatable: whether it may be asked once more where the chain was, and is not where it was.
    private func ask<R>(isRepeatable: Bool = true, _ question: (CESSChain) async throws -> R) async throws -> R {
        let wasKnown = state.withLock { $0.chain != nil && !$0.isLost }
        let chain = try await chain()
        do { return try await question(chain) } catch let error as RPCError {
            guard case .unreachable = error else { throw error }
            state.withLock { $0.isLost = true }
            guard wasKnown, isRepeatable else { throw error }
            return try await question(self.chain())
        }
    }

    // Nothing waits for a block before there is a chain.
    var blockTime: Duration { state.withLock { $0.chain?.blockTime } ?? .seconds(6) }
    var dayLength: UInt32 { state.withLock { $0.chain?.dayLength } ?? 14_400 }

    func finalizedBlock() async throws -> BlockRef { try await ask { try await $0.finalizedBlock() } }
    func bestBlock() async throws -> BlockRef { try await ask { try await $0.bestBlock() } }
    func finalizedBlocks() async throws -> [BlockRef] { try await ask { try await $0.finalizedBlocks() } }

    func files(_ fids: [FID], at block: Bytes32) async throws -> [FID: ChainValue<FileInfo>] {
        try await ask { try await $0.files(fids, at: block) }
    }

    func deals(_ fids: [FID], at block: Bytes32) async throws -> [FID: ChainValue<DealInfo>] {
        try await ask { try await $0.deals(fids, at: block) }
    }

    func heldFiles(of account: AccountID, at block: Bytes32) async throws -> [UserFileSliceInfo] {
        try await ask { try await $0.heldFiles(of: account, at: block) }
    }

    func territory(of account: AccountID, named name: [UInt8], at block: Bytes32) async throws -> TerritoryInfo? {
        try await ask { try await $0.territory(of: account, named: name, at: block) }
    }

    func nodes(at block: Bytes32) async throws -> [Miner] { try await ask { try await $0.nodes(at: block) } }

    func nodes(_ accounts: [AccountID], at block: Bytes32) async throws -> [AccountID: Miner] {
        try await ask { try await $0.nodes(accounts, at: block) }
    }

    func spendableBalance(of account: AccountID, at block: Bytes32) async throws -> UInt128 {
        try await ask { try await $0.spendableBalance(of: account, at: block) }
    }

    func signDeclaration(
        of volumes: [VolumeDeclaration], territory: [UInt8], signer: KeyPair
    ) async throws -> SignedExtrinsic {
        try await ask { try await $0.signDeclaration(of: volumes, territory: territory, signer: signer) }
    }

    func signDeletion(of fids: [FID], owner: AccountID, signer: KeyPair) async throws -> SignedExtrinsic {
        try await ask { try await $0.signDeletion(of: fids, owner: owner, signer: signer) }
    }

    func send(_ signed: SignedExtrinsic) async throws {
        try await ask(isRepeatable: false) { try await $0.send(signed) }
    }

    func submit(_ signed: SignedExtrinsic) async throws -> BlockNumber? {
        try await ask(isRepeatable: false) { try await $0.submit(signed) }
    }
}
