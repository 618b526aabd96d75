internal import CESS
public import DriveFormat
public import Primitives
internal import SCALE

/// Keeps this machine's idea of a drive's head up to date with the network, and never lets it go back.
///
/// Design: Docs/Design.md, section 7, "Discovery", "Order and merge" and "Rollback".
public struct DriveHeads: Sendable {
    private let discovery: Discovery
    private let database: StoreDatabase
    private let drive: DriveID
    /// The FIDs in a commit's set of volumes; what it reads on the way is remembered.
    private let volumes: @Sendable (FoundCommit) async throws -> Set<Bytes32>

    public init(
        discovery: Discovery, database: StoreDatabase, drive: DriveID,
        volumes: @escaping @Sendable (FoundCommit) async throws -> Set<Bytes32>
    ) {
        self.discovery = discovery
        self.database = database
        self.drive = drive
        self.volumes = volumes
    }

    /// What the network shows of a drive.
    public struct State: Sendable {
        /// The first of the tips; nil for a drive without a commit.
        public let head: FoundCommit?
        /// The commits that no other one builds on, in their order. More than one if machines committed at once.
        public let tips: [FoundCommit]
        public let view: Discovery.View
    }

    private static let setting = "head"

    /// The head as this machine has seen it last; nil for a drive that has none yet.
    public func known() async throws -> FoundCommit? {
        try await database.setting(Self.setting).map { try FoundCommit(scaleBytes: $0) }
    }

    /// The head at the newest finalized block.
    ///
    /// - Throws: `StoreError.rollback` if the network shows less than this machine has seen, `territoryExpired` if that is
    ///   because the lease is over, `incompleteList` if the chain's list cannot be whole; `ReadError` where a commit cannot be read.
    public func refresh() async throws -> State {
        // Before the view, and both at once: what another process adds meanwhile is then either seen and known, or new.
        let (remembered, seen) = try await database.headMemory(Self.setting)
        let known = try remembered.map { try FoundCommit(scaleBytes: $0) }
        let view = try await discovery.view()
        let unknown = view.fids.subtracting(seen).subtracting(known.map { [$0.fid] } ?? [])
        let found: Found
        do { found = try await tips(among: unknown, known: known, view: view) } catch ReadError.unknownVolume
            where view.missingBytes > 0
        {
            throw StoreError.incompleteList(missing: view.missingBytes)
        }
        let head = found.tips.first
        try await checkCompleteness(found.tips, view)
        let changed = head == known ? nil : head?.scaleBytes
        // Tips are looked at again and again, until the set of a commit has them: the head may become another one.
        try await database.rememberHead(
            Self.setting, changed, ifStill: remembered, settled: found.covered.intersection(view.fids),
            other: unknown.subtracting(found.covered).subtracting(found.open))
        return State(head: head, tips: found.tips, view: view)
    }

    private struct Found {
        /// The commits that no other one builds on.
        var tips: [FoundCommit]
        /// The files that verified commits hold or have doomed: none of them is a tip.
        var covered: Set<Bytes32>
        /// Commits that may be tips, or do not count yet.
        var open: Set<Bytes32>
    }

    /// A commit of this machine is complete: at once it becomes the known head, its blobs become part of the committed
    /// index, its volumes leave the spool's list, and the setting that kept it is cleared.
    ///
    /// Another process may have seen a newer head meanwhile; then that stays.
    public func publish(
        _ commit: FoundCommit, volumes: [(VolumeID, VolumeRecord)], clearing pending: String
    ) async throws {
        // Its set holds these, and its parents' own volumes.
        var held = volumes.filter { $0.0 != commit.commit.volume }.map(\.1.fid)
        for parent in commit.commit.parents {
            if let record = try await database.volume(parent.volume) { held.append(record.fid) }
        }
        try await database.publish(
            volumes, runs: commit.commit.index.map(\.root.reference), seen: held,
            clearing: pending, head: Self.setting
        ) { current in
            let current = try current.map { try FoundCommit(scaleBytes: $0) }
            let isNext = current == nil || commit.commit.parents.contains { $0 == current?.reference }
            return isNext ? commit.scaleBytes : nil
        }
    }

    private func tips(
        among unknown: Set<Bytes32>, known: FoundCommit?, view: Discovery.View
    ) async throws -> Found {
        var (candidates, undecided) = try await discovery.candidates(among: unknown, at: view)
        var commits: [FoundCommit] = []
        var covered = Set(known?.commit.doomed.map(\.fid) ?? [])
        candidates.removeAll { $0.volumeName.drive != drive }
        if let known, !candidates.isEmpty { covered.formUnion(try await volumes(known)) }
        for candidate in candidates where !covered.contains(candidate.fid.bytes) {
            guard let commit = try await discovery.commit(of: candidate) else { continue }
            try await database.learnFound(candidate.placement, of: commit.commit.volume)
            let held = try await volumes(commit)
            // It counts once everything that it refers to is there.
            guard try await discovery.missing(held, at: view).isEmpty else {
                undecided.insert(commit.fid)
                continue
            }
            covered.formUnion(held)
            covered.formUnion(commit.commit.doomed.map(\.fid))
            commits.append(commit)
        }
        let open = undecided.union(commits.map(\.fid))
        if let known, !commits.contains(where: { $0.fid == known.fid }) {
            let isThere = try await discovery.missing([known.fid], at: view).isEmpty
            // A greater number is not enough: it may be that of another branch. Whoever builds on a commit has its volume.
            let isBuiltOn =
                covered.contains(known.fid) || commits.contains { $0.commit.parents.contains(known.reference) }
            // What this machine saw complete stays on the chain until a later commit gives it up.
            guard isThere || isBuiltOn else {
                // Or until the lease is over: then the chain deletes it.
                if view.territory?.state == .expired { throw StoreError.territoryExpired }
                throw StoreError.rollback(
                    seen: known.commit.sequence, shown: commits.map(\.commit.sequence).max() ?? 0)
            }
            if isThere { commits.append(known) }
        }
        let parents = Set(commits.flatMap(\.commit.parents).map(\.volume))
        let tips = commits.filter { !covered.contains($0.fid) && !parents.contains($0.commit.volume) }
        return Found(tips: tips.sorted(by: FoundCommit.precedes), covered: covered, open: open)
    }

    /// The chain's list loses entries when another territory of the account expires: then the charge is more than what
    /// is listed, and what is missing must be what the tips know of.
    private func checkCompleteness(_ tips: [FoundCommit], _ view: Discovery.View) async throws {
        guard view.missingBytes > 0 else { return }
        var known: Set<Bytes32> = []
        for tip in tips { known.formUnion(try await volumes(tip).union([tip.fid])) }
        let found = try await discovery.chargedBytes(of: known.subtracting(view.fids), at: view)
        guard found >= view.missingBytes else {
            throw StoreError.incompleteList(missing: view.missingBytes - found)
        }
    }
}
