internal import CESS
public import DriveFormat
public import Primitives
internal import SCALE

/// What commits hold, as their trees say.
public protocol VolumeSets: Sendable {
    /// Remembers what a commit has folded; from then on can be read what lay there.
    func learnFolds(of commit: FoundCommit) async throws
    /// The FIDs of the volumes in a commit's set that are not in another one's; of all of them if there is no other one. What
    /// is read on the way is remembered.
    func fids(of commit: FoundCommit, beyond other: FoundCommit?) async throws -> [VolumeID: Bytes32]
}

/// Keeps this machine's idea of a drive's head up to date with the network, and never lets it go back.
///
/// Design: Docs/Design.md, section 7, "Discovery", "Order and merge" and "Rollback".
public struct DriveHeads: Sendable {
    private let discovery: Discovery
    private let database: StoreDatabase
    private let drive: DriveID
    private let sets: any VolumeSets

    public init(discovery: Discovery, database: StoreDatabase, drive: DriveID, sets: any VolumeSets) {
        self.discovery = discovery
        self.database = database
        self.drive = drive
        self.sets = sets
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
            volumes, runs: commit.commit.index.map(\.root.reference), folded: commit.commit.folded, seen: held,
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
        var seen = Seen(known: known)
        var undecided: Set<Bytes32> = []
        var later: [FoundCommit] = []
        var rest = view.newest.filter(unknown.contains)[...]
        while !rest.isEmpty {
            let batch = Set(rest.prefix(Discovery.batchCount)).subtracting(seen.covered)
            rest = rest.dropFirst(Discovery.batchCount)
            let (candidates, untold) = try await discovery.candidates(among: batch, at: view)
            undecided.formUnion(untold)
            for candidate in candidates
            where candidate.volumeName.drive == drive && !seen.covered.contains(candidate.fid.bytes) {
                guard let (commit, placement) = try await discovery.commit(of: candidate) else { continue }
                try await database.learnFound(placement, of: commit.commit.volume)
                try await sets.learnFolds(of: commit)
                seen.folded.formUnion(commit.commit.folded.map(\.old))
                do {
                    if try await !count(commit, &seen, view) { later.append(commit) }
                } catch ReadError.unknownVolume { later.append(commit) }
            }
        }
        // What another commit has folded may be missing in one of another branch: that is known only when all are. One that
        // never counted, because a volume of it got another name, is a content of the commit that was made in its place.
        for commit in later where !seen.covered.contains(commit.fid) {
            if try await !count(commit, &seen, view) { undecided.insert(commit.fid) }
        }
        let open = undecided.union(seen.commits.map(\.fid))
        if let known, !seen.commits.contains(where: { $0.fid == known.fid }) {
            let isThere = try await discovery.missing([known.fid], at: view).isEmpty
            // What this machine saw complete stays on the chain until a later commit gives it up.
            guard isThere || seen.isBuiltOn(known) else {
                // Or until the lease is over: then the chain deletes it.
                if view.territory?.state == .expired { throw StoreError.territoryExpired }
                throw StoreError.rollback(
                    seen: known.commit.sequence, shown: seen.commits.map(\.commit.sequence).max() ?? 0)
            }
            if isThere { seen.commits.append(known) }
        }
        return Found(tips: seen.tips.sorted(by: FoundCommit.precedes), covered: seen.covered, open: open)
    }

    /// What was found so far.
    private struct Seen {
        let known: FoundCommit?
        /// The commits that count.
        var commits: [FoundCommit] = []
        /// The files that commits hold beyond what is known, and those that they have doomed.
        var covered: Set<Bytes32>
        /// Volumes whose blobs are elsewhere now.
        var folded: Set<VolumeID>

        init(known: FoundCommit?) {
            self.known = known
            covered = Set(known?.commit.doomed.map(\.fid) ?? [])
            folded = Set(known?.commit.folded.map(\.old) ?? [])
        }

        /// A greater number is not enough: it may be that of another branch. Whoever builds on a commit has its volume, has
        /// given it up, or has folded it.
        func isBuiltOn(_ commit: FoundCommit) -> Bool {
            covered.contains(commit.fid) || folded.contains(commit.commit.volume)
                || commits.contains { $0.commit.parents.contains(commit.reference) }
        }

        var tips: [FoundCommit] { commits.filter { !isBuiltOn($0) } }
    }

    /// Whether a commit counts: everything that it newly refers to is there.
    private func count(_ commit: FoundCommit, _ seen: inout Seen, _ view: Discovery.View) async throws -> Bool {
        let added = try await sets.fids(of: commit, beyond: seen.commits.first ?? seen.known)
        let needed = added.filter { !seen.folded.contains($0.key) }
        guard try await discovery.missing(Set(needed.values), at: view).isEmpty else { return false }
        seen.covered.formUnion(added.values)
        seen.covered.formUnion(commit.commit.doomed.map(\.fid))
        seen.commits.append(commit)
        return true
    }

    /// The chain's list loses entries when another territory of the account expires: then the charge is more than what
    /// is listed, and what is missing must be what the tips know of.
    private func checkCompleteness(_ tips: [FoundCommit], _ view: Discovery.View) async throws {
        guard view.missingBytes > 0 else { return }
        var known: Set<Bytes32> = []
        for tip in tips {
            known.insert(tip.fid)
            known.formUnion(try await sets.fids(of: tip, beyond: nil).values)
            known.formUnion(tip.commit.doomed.map(\.fid))
        }
        let found = try await discovery.chargedBytes(of: known.subtracting(view.fids), at: view)
        guard found >= view.missingBytes else {
            throw StoreError.incompleteList(missing: view.missingBytes - found)
        }
    }
}
