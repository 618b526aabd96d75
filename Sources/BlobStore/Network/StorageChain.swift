public import CESS
public import Primitives
public import Substrate

/// The chain as the store needs it: `CESSChain` in earnest, an actor in memory in tests, and either wrapped in faults.
///
/// Every read is made at the block that the caller names, so that several reads see one state. Reads may be repeated;
/// submissions are idempotent only through the checks that the caller makes before them (a deal must never be declared
/// twice: protocol reference §12, 7). Cancellation ends a wait at once and undoes nothing that was submitted.
public protocol StorageChain: Sendable {
    /// The hash of block 0: which network this is.
    var genesis: Bytes32 { get }
    /// The time between blocks.
    var blockTime: Duration { get }
    /// Blocks in a day, by the chain's own constant.
    var dayLength: UInt32 { get }

    /// Both come with their time.
    func finalizedBlock() async throws -> BlockRef
    func bestBlock() async throws -> BlockRef
    /// The newest finalized block as each server that answers has it.
    func finalizedBlocks() async throws -> [BlockRef]

    func files(_ fids: [FID], at block: Bytes32) async throws -> [FID: ChainValue<FileInfo>]
    func deals(_ fids: [FID], at block: Bytes32) async throws -> [FID: ChainValue<DealInfo>]
    func heldFiles(of account: AccountID, at block: Bytes32) async throws -> [UserFileSliceInfo]
    func territory(of account: AccountID, named name: [UInt8], at block: Bytes32) async throws -> TerritoryInfo?
    /// All registered nodes.
    func nodes(at block: Bytes32) async throws -> [Miner]
    /// The nodes among `accounts` that are registered.
    func nodes(_ accounts: [AccountID], at block: Bytes32) async throws -> [AccountID: Miner]
    func spendableBalance(of account: AccountID, at block: Bytes32) async throws -> UInt128

    /// Signs one extrinsic that declares all of these, or none; nothing is sent yet: the caller writes it down first.
    ///
    /// - Throws: what is known without sending: unreachable, a balance that does not cover the fee.
    func signDeclaration(
        of volumes: [VolumeDeclaration], territory: [UInt8], signer: KeyPair
    ) async throws -> SignedExtrinsic
    /// Signs one `delete_file` for each.
    func signDeletion(of fids: [FID], owner: AccountID, signer: KeyPair) async throws -> SignedExtrinsic

    /// Sends a signed extrinsic and returns when a server has taken it. `submit` may follow, and finds it.
    ///
    /// - Throws: `SubmissionError.refused`.
    func send(_ signed: SignedExtrinsic) async throws
    /// Sends a signed extrinsic and returns when it is in a block. Sending the same one again is harmless: it is found
    /// where it is, or goes in once.
    ///
    /// - Returns: the height of that block; nil if it was never included and no longer can be.
    /// - Throws: `SubmissionError` if the chain refused it, `failed` with the error by name if it took the fee for that.
    func submit(_ signed: SignedExtrinsic) async throws -> BlockNumber?
}

/// A volume as it is declared to the chain.
public struct VolumeDeclaration: Hashable, Sendable {
    public let fid: FID
    public let segments: [SegmentList]
    /// The on-chain name, 3…63 bytes.
    public let name: [UInt8]
    /// In bytes; at most 32 MiB a segment.
    public let fileSize: UInt64

    public init(fid: FID, segments: [SegmentList], name: [UInt8], fileSize: UInt64) {
        self.fid = fid
        self.segments = segments
        self.name = name
        self.fileSize = fileSize
    }
}

extension StorageChain {
    /// The block in which a volume became a file; nil if it is none at the newest finalized block.
    public func completion(of fid: Bytes32) async throws -> BlockNumber? {
        let block = try await finalizedBlock()
        return try await files([FID(fid)], at: block.hash)[FID(fid)]?.value?.completion
    }
}
