internal import CESS
public import DriveFormat
public import Primitives
internal import SCALE
public import Sealing

/// Keeps this machine's idea of a drive's head up to date with the network, and never lets it go back.
///
/// Design: Docs/Design.md, section 7, "Discovery", "Order and merge" and "Rollback".
public struct DriveHeads: Sendable {
    private let discovery: Discovery
    private let database: StoreDatabase
    private let drive: DriveID
    private let local: LocalSealer
    /// The FIDs in a commit's set of volumes; what it reads on the way is remembered.
    private let volumes: @Sendable (FoundCommit) async throws -> Set<Bytes32>

    public init(
        discovery: Discovery, database: StoreDatabase, drive: DriveID, local: LocalSealer,
        volumes: @escaping @Sendable (FoundCommit) async throws -> Set<Bytes32>
    ) {
        self.discovery = discovery
        self.database = database
        self.drive = drive
        self.local = local
        self.volumes = volumes
    }

    /// The head as this machine has seen it last; nil for a drive that has none yet.
    public func known() async throws -> FoundCommit? {
        guard let sealed = try await database.setting(Self.setting) else { return nil }
        guard let bytes = local.open(sealed, purpose: Self.setting) else {
            throw StoreError.stateDamaged(reason: "the head does not open with this device's key")
        }
        return try FoundCommit(scaleBytes: bytes)
    }

    public func remember(_ head: FoundCommit) async throws {
        try await database.set(Self.setting, to: local.seal(head.scaleBytes, purpose: Self.setting))
    }

    private static let setting = "head"

    /// The head at the newest finalized block.
    ///
    /// - Throws: `StoreError.rollback` if the network shows less than this machine has seen, `incompleteList` if the
    ///   chain's list cannot be whole; `ReadError` where a commit cannot be read.
    public func refresh() async throws -> (head: FoundCommit?, view: Discovery.View) {
        let known = try await known()
        let view = try await discovery.view()
        let seen = try await database.seenFiles()
        let (found, undecided) = try await tips(among: view.fids.subtracting(seen), known: known, view: view)
        let head = found.min(by: FoundCommit.precedes)
        if let known {
            // What this machine saw complete stays on the chain until a later commit gives it up.
            guard let head, head.commit.sequence >= known.commit.sequence else {
                throw StoreError.rollback(seen: known.commit.sequence, shown: head?.commit.sequence ?? 0)
            }
        }
        try await checkCompleteness(head, view)
        if let head, head != known { try await remember(head) }
        try await database.addSeenFiles(Array(view.fids.subtracting(undecided)))
        return (head, view)
    }

    /// The commits that no other one builds on, and the files of those that do not count yet.
    private func tips(
        among unknown: Set<Bytes32>, known: FoundCommit?, view: Discovery.View
    ) async throws -> (tips: [FoundCommit], undecided: Set<Bytes32>) {
        var undecided: Set<Bytes32> = []
        var commits: [FoundCommit] = []
        if let known, view.fids.contains(known.fid) { commits.append(known) }
        var covered: Set<Bytes32> = []
        for candidate in try await discovery.candidates(among: unknown, at: view)
        where candidate.volumeName.drive == drive && !covered.contains(candidate.fid.bytes) {
            guard let commit = try await discovery.commit(of: candidate) else { continue }
            let held = try await volumes(commit)
            // It counts once everything that it refers to is there.
            guard held.isSubset(of: view.fids) else {
                undecided.insert(commit.fid)
                continue
            }
            covered.formUnion(held)
            commits.append(commit)
        }
        let parents = Set(commits.flatMap(\.commit.parents).map(\.volume))
        let tips = commits.filter { !covered.contains($0.fid) && !parents.contains($0.commit.volume) }
        return (tips, undecided)
    }

    /// The chain's list loses entries when another territory of the account expires: then the charge is more than what
    /// is listed, and what is missing must be what the head knows of.
    private func checkCompleteness(_ head: FoundCommit?, _ view: Discovery.View) async throws {
        guard view.missingBytes > 0 else { return }
        var missing = view.missingBytes
        if let head {
            let unlisted = try await volumes(head).subtracting(view.fids)
            missing -= min(missing, try await discovery.chargedBytes(of: unlisted, at: view))
        }
        guard missing == 0 else { throw StoreError.incompleteList(missing: missing) }
    }
}
