public import CESS
public import DriveFormat
public import Logging
public import Primitives
public import Sealing
public import Substrate

/// Finds the commits of an account's drives from nothing but the chain's list of its files and the prelude key.
///
/// All keys are read at one finalized block. Design: Docs/Design.md, "Commits".
public struct Discovery: Sendable {
    private let chain: any StorageChain
    private let preludes: PreludeReader
    let account: AccountID
    let territory: [UInt8]
    let nameTagKey: Secret
    /// The keys of a drive of this phrase; nil for one that is of no interest.
    let driveKeys: @Sendable (DriveID) -> DriveKeys?
    private let logger: Logger

    public init(
        chain: any StorageChain, preludes: PreludeReader, account: AccountID, territory: [UInt8], nameTagKey: Secret,
        driveKeys: @escaping @Sendable (DriveID) -> DriveKeys?, logger: Logger
    ) {
        self.chain = chain
        self.preludes = preludes
        self.account = account
        self.territory = territory
        self.nameTagKey = nameTagKey
        self.driveKeys = driveKeys
        self.logger = logger
    }

    /// The account's volumes at one finalized block.
    public struct View: Sendable {
        public let block: BlockRef
        public let territory: TerritoryInfo?
        /// The files in the drive's territory, the newest first as far as the chain's list tells.
        public let newest: [Bytes32]
        public let fids: Set<Bytes32>
        /// What the territory is charged for beyond the files in the list.
        public let missingBytes: UInt64
    }

    /// Reads the list.
    public func view() async throws -> View {
        let block = try await chain.finalizedBlock()
        let held = try await chain.heldFiles(of: account, at: block.hash).filter { $0.territoryName == territory }
        let found = try await chain.territory(of: account, named: territory, at: block.hash)
        let listed = held.reduce(UInt128(0)) { sum, file in
            let (sum, isTooMuch) = sum.addingReportingOverflow(file.chargedByteCount)
            return isTooMuch ? .max : sum
        }
        let charged = found?.usedSpace ?? 0
        return View(
            block: block, territory: found, newest: held.reversed().map(\.fid.bytes), fids: Set(held.map(\.fid.bytes)),
            missingBytes: UInt64(clamping: charged > listed ? charged - listed : 0))
    }

    /// Those volumes that are not files of this account at the view's block. The list may have lost some that are.
    public func missing(_ fids: Set<Bytes32>, at view: View) async throws -> Set<Bytes32> {
        let unlisted = fids.subtracting(view.fids)
        guard !unlisted.isEmpty else { return [] }
        let files = try await chain.files(unlisted.map { FID($0) }, at: view.block.hash)
        return unlisted.filter { fid in
            files[FID(fid)]?.value?.owners.contains { $0.user == account && $0.territoryName == territory } != true
        }
    }

    /// Those of these files that are the account's, as the view's block has them.
    public func files(_ fids: [FID], at view: View) async throws -> [FID: FileInfo] {
        try await chain.files(fids, at: view.block.hash).compactMapValues(\.value).filter { _, file in
            file.owners.contains { $0.user == account && $0.territoryName == territory }
        }
    }

    /// What files of this account that are not in its list are charged.
    func chargedBytes(of fids: Set<Bytes32>, at view: View) async throws -> UInt64 {
        let files = try await chain.files(fids.map { FID($0) }, at: view.block.hash).values.compactMap(\.value)
        return files.filter { file in file.owners.contains { $0.user == account && $0.territoryName == territory } }
            .reduce(0) { $0 + UInt64(clamping: CESSLimits.chargedByteCount(segmentCount: $1.segments.count)) }
    }

    /// A file whose name says that it holds a commit; nothing of it is believed yet.
    public struct Candidate: Sendable {
        public let fid: FID
        public let file: FileInfo
        let placement: VolumePlacement
        let name: [UInt8]
        public let volumeName: VolumeName
    }

    /// Files that are asked for at once: each may come with a thousand fragments.
    public static let batchCount = 64

    /// Those of the files whose names say that they hold a commit, the newest first; and those of which the chain told
    /// nothing.
    public func candidates(
        among fids: Set<Bytes32>, at view: View
    ) async throws -> (candidates: [Candidate], untold: Set<Bytes32>) {
        guard !fids.isEmpty else { return ([], []) }
        let files = try await chain.files(fids.map { FID($0) }, at: view.block.hash)
        let candidates = files.compactMap { fid, file -> Candidate? in
            guard let file = file.value,
                let brief = file.owners.first(where: { $0.user == account && $0.territoryName == territory }),
                let name = VolumeName(unverified: brief.fileName, key: nameTagKey), name.kind == .commit,
                driveKeys(name.drive) != nil, let placement = VolumePlacement(fid: fid, file: file)
            else { return nil }
            return Candidate(fid: fid, file: file, placement: placement, name: brief.fileName, volumeName: name)
        }
        return (
            candidates.sorted { $0.volumeName.counter > $1.volumeName.counter },
            fids.subtracting(files.keys.map(\.bytes))
        )
    }

    /// Reads and verifies the commit of a candidate; nil if it is none of ours after all. Its volume comes with it, as the
    /// chain has it and its prelude says how full it is.
    ///
    /// - Throws: `ReadError` if its bytes cannot be had: then the drive's state is not known, and that is an error.
    public func commit(of candidate: Candidate) async throws -> (commit: FoundCommit, placement: VolumePlacement)? {
        guard let keys = driveKeys(candidate.volumeName.drive) else { return nil }
        let placement = candidate.placement
        let prelude: Prelude
        do {
            prelude = try await preludes.prelude(of: placement, segment: placement.record.segments.count - 1)
        } catch let error as ReadError {
            guard case .foreignSegment = error else { throw error }
            logger.warning("a file looks like a volume and is none", metadata: ["fid": "\(candidate.fid)"])
            return nil
        }
        guard candidate.volumeName.isOf(prelude.volume, name: candidate.name, key: nameTagKey),
            prelude.drive == candidate.volumeName.drive,
            let found = try await preludes.commit(of: placement, prelude: prelude, keys: keys),
            found.commit.commit.volume == prelude.volume, found.commit.commit.drive == prelude.drive
        else {
            logger.warning(
                "a volume does not hold the commit that its name says", metadata: ["fid": "\(candidate.fid)"])
            return nil
        }
        try found.commit.verify(account: account.bytes, genesis: chain.genesis)
        let commit = FoundCommit(
            blob: found.reference, signed: found.commit, fid: candidate.fid.bytes,
            completion: candidate.file.completion)
        return (commit, placement.filled(upTo: prelude.table.sealedRange.upperBound))
    }
}
