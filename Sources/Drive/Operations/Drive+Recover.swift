public import BlobStore
internal import CESS
public import DriveFormat
public import Logging
internal import Primitives
public import Sealing
internal import Substrate
public import SystemPackage

/// A drive that a phrase was found to have.
public struct FoundDrive: Sendable {
    public let id: DriveID
    public let name: String
    /// The newest commit's number and time.
    public let sequence: UInt64
    public let created: Timestamp
    let commit: FoundCommit
}

/// What the chain shows of a phrase's drives.
public struct DriveSearch: Sendable {
    public let drives: [FoundDrive]
    /// What the territory is charged for beyond the files in the chain's list: there may be more drives than were found.
    public let missingBytes: UInt64
}

extension Drive {
    /// Finds the drives of a phrase, from the chain and the nodes alone.
    ///
    /// - Parameter scratch: a directory of this call's own for what is remembered meanwhile.
    /// - Throws: `DriveError.staleNetwork`; what reading the chain and the nodes throws.
    public static func find(
        _ root: RootKeys, chain: any StorageChain, nodes: any FragmentNodes, scratch: FilePath, logger: Logger
    ) async throws -> DriveSearch {
        try await checkFreshness(of: chain)
        let database = try StoreDatabase(
            path: scratch.appending("find.sqlite").string, sealer: DeviceKeys.random().localSealer)
        let account = KeyPair(miniSecret: root.accountMiniSecret).accountID
        let named = NamedVolumes(
            chain: chain, account: account, territory: root.territoryName, nameTagKey: root.nameTagKey)
        let segments = SegmentReader(
            nodes: nodes, catalog: Catalog(chain: chain, database: database, named: named))
        let discovery = Discovery(
            chain: chain, preludes: PreludeReader(segments: segments, preludeKey: root.preludeKey),
            account: account, territory: root.territoryName,
            nameTagKey: root.nameTagKey, driveKeys: { root.drive($0.value) }, logger: logger)
        let view = try await discovery.view()
        var found: [DriveID: FoundDrive] = [:]
        // Newest first: the first commit of each drive that is genuine names it.
        for candidate in try await discovery.candidates(among: view.fids, at: view).candidates
        where found[candidate.volumeName.drive] == nil {
            guard let commit = try await discovery.commit(of: candidate)?.commit else { continue }
            let drive = candidate.volumeName.drive
            found[drive] = FoundDrive(
                id: drive, name: String(decoding: commit.commit.driveName, as: UTF8.self),
                sequence: commit.commit.sequence, created: commit.commit.created, commit: commit)
        }
        return DriveSearch(drives: found.values.sorted { $0.name < $1.name }, missingBytes: view.missingBytes)
    }

    /// Takes a drive that `find` found into this machine: its epochs are opened with the ring key, which only the phrase
    /// gives, and its head is read. Nothing is committed.
    ///
    /// - Parameter root: the phrase's keys.
    public func adopt(_ root: RootKeys) async throws -> Snapshot {
        try await Self.checkFreshness(of: chain)
        let reading = try await reading(local: SpooledSegments(directory: home.spool.string))
        // A commit opens under the prelude key; what it refers to needs the epochs, so they come first.
        let discovery = discovery(reading.segments)
        let view = try await discovery.view()
        for candidate in try await discovery.candidates(among: view.fids, at: view).candidates {
            guard let commit = try await discovery.commit(of: candidate)?.commit else { continue }
            try await open(commit.commit.keyRing, with: [root.ring, device.keys.box], for: reading.blobs)
            break
        }
        guard let head = try await reading.heads.refresh().head else { throw DriveError.empty(name: name) }
        try await open(head.commit.keyRing, with: [root.ring, device.keys.box], for: reading.blobs)
        return try await snapshot(head, reading)
    }

    /// A machine that remembers nothing believes no final block that is older (Docs/Format/Commits.md, "Discovery").
    static let acceptableAge: UInt64 = 600

    /// A chain that was asleep is given so many blocks to wake up.
    private static let wakingBlocks = 5

    /// Whether the chain that is read from is as new as the time of day, and as what every other server shows: whoever holds
    /// back new blocks would have an old state of the drive taken for the newest.
    static func checkFreshness(of chain: any StorageChain) async throws {
        for attempt in 0... {
            let used = try await chain.finalizedBlock()
            let newest = try await chain.finalizedBlocks().compactMap(\.milliseconds).max() ?? 0
            let reference = max(newest, Timestamp.now.milliseconds)
            let age = (reference - min(reference, used.milliseconds ?? 0)) / 1000
            if age <= acceptableAge { return }
            guard attempt < wakingBlocks else { throw DriveError.staleNetwork(ageSeconds: age) }
            try await Task.sleep(for: chain.blockTime)
        }
    }
}

extension Timestamp {
    /// Since 1970; 0 before it.
    fileprivate var milliseconds: UInt64 { UInt64(clamping: seconds) * 1000 + UInt64(nanoseconds) / 1_000_000 }
}
