public import CESS
public import Primitives
public import SCALE
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

    func finalizedBlock() async throws -> ChainBlock
    func bestBlock() async throws -> ChainBlock

    func files(_ fids: [FID], at block: Bytes32) async throws -> [FID: FileInfo]
    func deals(_ fids: [FID], at block: Bytes32) async throws -> [FID: DealInfo]
    func heldFiles(of account: AccountID, at block: Bytes32) async throws -> [UserFileSliceInfo]
    func territory(of account: AccountID, named name: [UInt8], at block: Bytes32) async throws -> TerritoryInfo?
    /// All registered nodes.
    func nodes(at block: Bytes32) async throws -> [StorageNodeInfo]
    /// The nodes among `accounts` that are registered.
    func nodes(_ accounts: [AccountID], at block: Bytes32) async throws -> [AccountID: StorageNodeInfo]
    func spendableBalance(of account: AccountID, at block: Bytes32) async throws -> UInt128

    /// Signs one extrinsic that declares all of these, or none; nothing is sent yet.
    ///
    /// - Throws: what is known without sending: unreachable, a balance that does not cover the fee.
    func signDeclaration(
        of volumes: [VolumeDeclaration], territory: [UInt8], signer: Sr25519KeyPair
    ) async throws -> SignedSubmission
    /// Signs one `delete_file` for each.
    func signDeletion(of fids: [FID], owner: AccountID, signer: Sr25519KeyPair) async throws -> SignedSubmission

    /// Sends a signed extrinsic and returns when it is in a block. Sending the same one again is harmless: it is found
    /// where it is, or goes in once.
    ///
    /// - Returns: the height of that block; nil if it was never included and no longer can be.
    /// - Throws: the dispatch error by name if the chain refused it.
    func submit(_ submission: SignedSubmission) async throws -> UInt32?
}

/// A signed extrinsic that is kept on disk before it is sent, so that after a crash the same one is sent again, never a
/// second one like it.
public struct SignedSubmission: Hashable, Sendable, ScaleCodable {
    public let extrinsic: [UInt8]
    /// From this height on it can never be included.
    public let death: UInt32
    /// The best height when it was signed: where to begin to look for it.
    public let signedAt: UInt32

    public init(extrinsic: [UInt8], death: UInt32, signedAt: UInt32) {
        self.extrinsic = extrinsic
        self.death = death
        self.signedAt = signedAt
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        extrinsic = try decoder.byteVector()
        death = try decoder.integer()
        signedAt = try decoder.integer()
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.byteVector(extrinsic)
        encoder.integer(death)
        encoder.integer(signedAt)
    }
}

/// A block by number and hash, with the time that its inherent names.
public struct ChainBlock: Hashable, Sendable {
    public let number: UInt32
    public let hash: Bytes32
    /// Milliseconds since 1970-01-01T00:00:00Z (`Timestamp.Now`).
    public let milliseconds: UInt64

    public init(number: UInt32, hash: Bytes32, milliseconds: UInt64) {
        self.number = number
        self.hash = hash
        self.milliseconds = milliseconds
    }
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

/// A storage node as the chain knows it.
public struct StorageNodeInfo: Hashable, Sendable {
    public let account: AccountID
    /// As the operator set it: `http://host:port`, `host:port`, anything.
    public let endpoint: String
    /// Its state is `positive`: it may take deals.
    public let isPositive: Bool
    /// Bytes that it has left for deals.
    public let idleSpace: UInt128

    public init(account: AccountID, endpoint: String, isPositive: Bool, idleSpace: UInt128) {
        self.account = account
        self.endpoint = endpoint
        self.isPositive = isPositive
        self.idleSpace = idleSpace
    }
}
