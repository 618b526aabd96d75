import BlobStore
import CESS
import Primitives
import Substrate
import Synchronization

/// A device's connection to the network in memory: every question to the chain waits for its turn. It can be cut, and the
/// server behind it may be behind the others, or hide files.
final class DeviceLine: Sendable {
    struct Cut: Error {}

    enum Fault: Sendable {
        case none
        /// The process dies at the nth question, which takes effect or does not.
        case cut(at: Int, hasEffect: Bool)
        /// For so many questions the server shows an old block as the newest.
        case lag(BlockRef, questions: Int)
        /// The list leaves these out; the charge of the territory and the files themselves fit that, or do not.
        case hide(Set<FID>, isConsistent: Bool)
        /// Nothing is deleted.
        case refuseDeletion
    }

    private struct State {
        var fault = Fault.none
        var asked = 0
        var declared: Set<FID> = []
    }

    private let network: MemoryNetwork
    private let turns: Turns
    private let device: Int
    private let state = Mutex(State())

    init(_ network: MemoryNetwork, _ turns: Turns, device: Int) {
        self.network = network
        self.turns = turns
        self.device = device
    }

    func set(_ fault: Fault) {
        state.withLock {
            $0.fault = fault
            $0.asked = 0
        }
    }

    /// What was declared through it since the device began.
    var declared: Set<FID> { state.withLock { $0.declared } }

    /// The newest block that the server knows; nil where it is up to date.
    private var lag: BlockRef? {
        state.withLock { state in
            guard case .lag(let block, let questions) = state.fault, state.asked < questions else { return nil }
            return block
        }
    }

    private var hidden: (fids: Set<FID>, isConsistent: Bool) {
        state.withLock { state in
            guard case .hide(let fids, let isConsistent) = state.fault else { return ([], false) }
            return (fids, isConsistent)
        }
    }

    private func step<R>(_ body: () async throws -> R) async throws -> R {
        let (fault, number) = state.withLock { state in
            state.asked += 1
            return (state.fault, state.asked)
        }
        if case .cut(let step, let hasEffect) = fault, number >= step {
            if number == step, hasEffect { _ = try await body() }
            throw Cut()
        }
        return try await body()
    }

    private func turn<R>(_ body: () async throws -> R) async throws -> R {
        await turns.take(device)
        return try await step(body)
    }
}

extension DeviceLine: StorageChain, FragmentNodes {
    var genesis: Bytes32 { network.genesis }
    var blockTime: Duration { network.blockTime }
    var dayLength: UInt32 { network.dayLength }

    func finalizedBlock() async throws -> BlockRef {
        try await turn {
            let block = try await network.finalizedBlock()
            guard let lag, lag.number < block.number else { return block }
            return BlockRef(number: lag.number, hash: lag.hash, milliseconds: block.milliseconds)
        }
    }

    func finalizedBlocks() async throws -> [BlockRef] { [try await finalizedBlock()] }

    func bestBlock() async throws -> BlockRef {
        try await turn {
            if let lag { return lag }
            return try await network.bestBlock()
        }
    }

    func files(_ fids: [FID], at block: Bytes32) async throws -> [FID: ChainValue<FileInfo>] {
        let hidden = hidden
        return try await step { try await network.files(fids, at: block) }
            .filter { !(hidden.isConsistent && hidden.fids.contains($0.key)) }
    }

    func deals(_ fids: [FID], at block: Bytes32) async throws -> [FID: ChainValue<DealInfo>] {
        try await step { try await network.deals(fids, at: block) }
    }

    func heldFiles(of account: AccountID, at block: Bytes32) async throws -> [UserFileSliceInfo] {
        let hidden = hidden
        return try await turn { try await network.heldFiles(of: account, at: block) }
            .filter { !hidden.fids.contains($0.fid) }
    }

    func territory(of account: AccountID, named name: [UInt8], at block: Bytes32) async throws -> TerritoryInfo? {
        let hidden = hidden
        return try await step {
            var found = try await network.territory(of: account, named: name, at: block)
            guard hidden.isConsistent else { return found }
            let there = try await network.heldFiles(of: account, at: block).filter { hidden.fids.contains($0.fid) }
            found?.usedSpace -= there.reduce(0) { $0 + $1.chargedByteCount }
            return found
        }
    }

    func nodes(at block: Bytes32) async throws -> [Miner] { try await step { try await network.nodes(at: block) } }

    func nodes(_ accounts: [AccountID], at block: Bytes32) async throws -> [AccountID: Miner] {
        try await step { try await network.nodes(accounts, at: block) }
    }

    func spendableBalance(of account: AccountID, at block: Bytes32) async throws -> UInt128 { 1 << 80 }

    func signDeclaration(
        of volumes: [VolumeDeclaration], territory: [UInt8], signer: KeyPair
    ) async throws -> SignedExtrinsic {
        state.withLock { $0.declared.formUnion(volumes.map(\.fid)) }
        return try await step {
            try await network.signDeclaration(of: volumes, territory: territory, signer: signer)
        }
    }

    func signDeletion(of fids: [FID], owner: AccountID, signer: KeyPair) async throws -> SignedExtrinsic {
        if state.withLock({ if case .refuseDeletion = $0.fault { true } else { false } }) { throw Cut() }
        return try await turn { try await network.signDeletion(of: fids, owner: owner, signer: signer) }
    }

    func send(_ signed: SignedExtrinsic) async throws { try await turn { try await network.send(signed) } }

    func submit(_ signed: SignedExtrinsic) async throws -> BlockNumber? {
        try await turn { try await network.submit(signed) }
    }

    func probe(_ endpoint: String) async throws -> NodeCapabilities {
        try await step { try await network.probe(endpoint) }
    }

    func put(
        _ content: FragmentContent, hash: FragmentHash, fid: FID, to endpoint: String, capabilities: NodeCapabilities
    ) async throws {
        try await step {
            try await network.put(content, hash: hash, fid: fid, to: endpoint, capabilities: capabilities)
        }
    }

    func fragment(_ hash: FragmentHash, fid: FID, range: Range<Int>, from endpoint: String) async throws -> [UInt8] {
        try await step { try await network.fragment(hash, fid: fid, range: range, from: endpoint) }
    }
}
