import BlobStore
import CESS
import Primitives
import Substrate
import Synchronization

/// The network in memory behind a connection that can be cut: at the nth question the process "dies", before or after
/// the question took effect, and every later one fails. It may lie about files, too.
final class FaultyNetwork: Sendable {
    struct Cut: Error {}

    private let network: MemoryNetwork
    private let cutAt: Mutex<Int>
    private let hasEffect: Bool
    private let count = Mutex(0)
    /// What it shows in a file's place.
    private let shown: @Sendable (FileInfo) -> FileInfo
    /// Extrinsics that another machine is faster than: their nonces are used, and they are never included.
    private let outrun = Mutex((left: 0, bytes: Set<[UInt8]>()))

    init(
        _ network: MemoryNetwork, cutAt: Int = .max, hasEffect: Bool = false,
        showing shown: @escaping @Sendable (FileInfo) -> FileInfo = { $0 }
    ) {
        self.network = network
        self.shown = shown
        self.cutAt = Mutex(cutAt)
        self.hasEffect = hasEffect
    }

    /// How many questions were asked.
    var asked: Int { count.withLock { $0 } }

    /// Dies so many questions from now.
    func cut(after steps: Int) { cutAt.withLock { $0 = asked + steps } }

    /// The next so many extrinsics use a nonce that is another one's when they arrive.
    func outrun(_ count: Int) { outrun.withLock { $0.left = count } }

    private func isOutrun(_ signed: SignedExtrinsic) -> Bool { outrun.withLock { $0.bytes.contains(signed.bytes) } }

    private func step<R>(_ body: () async throws -> R) async throws -> R {
        let number = count.withLock { count in
            count += 1
            return count
        }
        let cutAt = cutAt.withLock { $0 }
        guard number >= cutAt else { return try await body() }
        if number == cutAt, hasEffect { _ = try await body() }
        throw Cut()
    }
}

extension FaultyNetwork: StorageChain, FragmentNodes {
    var genesis: Bytes32 { network.genesis }
    var blockTime: Duration { network.blockTime }
    var dayLength: UInt32 { network.dayLength }

    func finalizedBlock() async throws -> BlockRef { try await step { try await network.finalizedBlock() } }
    func finalizedBlocks() async throws -> [BlockRef] { try await step { try await network.finalizedBlocks() } }
    func bestBlock() async throws -> BlockRef { try await step { try await network.bestBlock() } }

    func files(_ fids: [FID], at block: Bytes32) async throws -> [FID: ChainValue<FileInfo>] {
        try await step { try await network.files(fids, at: block) }.mapValues { value in
            value.value.map { .readable(shown($0)) } ?? value
        }
    }

    func deals(_ fids: [FID], at block: Bytes32) async throws -> [FID: ChainValue<DealInfo>] {
        try await step { try await network.deals(fids, at: block) }
    }

    func heldFiles(of account: AccountID, at block: Bytes32) async throws -> [UserFileSliceInfo] {
        try await step { try await network.heldFiles(of: account, at: block) }
    }

    func territory(of account: AccountID, named name: [UInt8], at block: Bytes32) async throws -> TerritoryInfo? {
        try await step { try await network.territory(of: account, named: name, at: block) }
    }

    func nodes(at block: Bytes32) async throws -> [Miner] { try await step { try await network.nodes(at: block) } }

    func nodes(_ accounts: [AccountID], at block: Bytes32) async throws -> [AccountID: Miner] {
        try await step { try await network.nodes(accounts, at: block) }
    }

    func spendableBalance(of account: AccountID, at block: Bytes32) async throws -> UInt128 {
        try await step { try await network.spendableBalance(of: account, at: block) }
    }

    func signDeclaration(
        of volumes: [VolumeDeclaration], territory: [UInt8], signer: KeyPair
    ) async throws -> SignedExtrinsic {
        try await step { try await network.signDeclaration(of: volumes, territory: territory, signer: signer) }
    }

    func signDeletion(of fids: [FID], owner: AccountID, signer: KeyPair) async throws -> SignedExtrinsic {
        try await step { try await network.signDeletion(of: fids, owner: owner, signer: signer) }
    }

    func send(_ signed: SignedExtrinsic) async throws {
        outrun.withLock { outrun in
            guard outrun.left > 0 else { return }
            outrun.left -= 1
            outrun.bytes.insert(signed.bytes)
        }
        if isOutrun(signed) { throw SubmissionError.refused(.stale, message: "Transaction is outdated") }
        try await step { try await network.send(signed) }
    }

    func submit(_ signed: SignedExtrinsic) async throws -> BlockNumber? {
        if isOutrun(signed) { return nil }
        return try await step { try await network.submit(signed) }
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
