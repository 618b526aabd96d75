public import BlobStore
internal import DriveFormat
internal import Logging
internal import Primitives
internal import SCALE
internal import Sealing
internal import SystemPackage

/// How a change is to be made.
public struct ChangeOptions: Sendable {
    /// How far the change is carried before the call returns; the next one carries it on.
    public var stage: Stage = .complete
    /// Rows that are sent at once.
    public var transfers = 4
    /// For the log.
    public var message = ""
    public var observer: StoreObserver = { _ in }
    /// Called once if another process of this machine is changing the drive.
    public var waiting: @Sendable () -> Void = {}
    /// Called when the territory is too small for what is to be declared, with the bytes that are missing at least.
    /// Returns whether there is more now.
    public var expand: @Sendable (UInt64) async throws -> Bool = { _ in false }

    public init() {}
}

/// What a change came to.
public struct ChangeResult: Sendable {
    /// False where nothing would have changed: then no commit was made.
    public let hasCommit: Bool
    public let stage: Stage
    /// The commit's id; nil without one.
    public let commit: String?
}

/// A commit that was sealed on this machine and is on its way.
struct PendingCommit: Sendable, ScaleCodable {
    let plan: PlacementPlan
    let blob: BlobReference
    let signed: SignedCommit

    init(plan: PlacementPlan, blob: BlobReference, signed: SignedCommit) {
        self.plan = plan
        self.blob = blob
        self.signed = signed
    }

    init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        plan = try decoder.decode()
        blob = try decoder.decode()
        signed = try decoder.decode()
    }

    func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(plan)
        encoder.encode(blob)
        encoder.encode(signed)
    }
}

/// What a change works with: the drive at its parent commit, and a spool to put new things into.
struct ChangeContext: Sendable {
    let trees: DriveTrees
    let spool: Spool
    let root: Entry
    /// Nil for a drive's first commit.
    let head: FoundCommit?
    var editor: TreeEditor { TreeEditor(trees: trees) }
}

extension Drive {
    private static let pendingSetting = "pending"

    /// Makes a change: whatever an earlier one left undone is carried on first; then `body` gives the new root directory,
    /// and a commit of it is made, placed and published.
    ///
    /// - Throws: `DriveError.newerHead` if another machine has committed meanwhile; then nothing was declared.
    func change(
        _ options: ChangeOptions, _ body: (ChangeContext) async throws -> Entry
    ) async throws -> ChangeResult {
        try home.create()
        let lock = try await WriterLock.acquire(home, waiting: options.waiting)
        defer { withExtendedLifetime(lock) {} }
        _ = try await carryOn(options)
        do { return try await commit(options) { context, _ in try await body(context) } } catch let stale as StaleParent
        {
            // Nothing of this commit is on the chain, and it can never be: the change has to be made anew. What it read
            // stays staged.
            let known = try await reading(local: SpooledSegments(directory: home.spool.string)).heads.known()
            try await giveUp(stale.pending, try await openSpool(try await keyRing(after: known)))
            throw DriveError.newerHead(ours: stale.pending.signed.commit.sequence - 1, theirs: stale.head)
        }
    }

    /// The drive has moved on from the parent of a commit of which nothing is declared.
    private struct StaleParent: Error {
        let pending: PendingCommit
        let head: UInt64
    }

    private func openSpool(_ ring: OpenKeyRing) async throws -> Spool {
        try await Spool(
            directory: home.spool.string, database: database, keys: ring.spoolKeys(keys),
            segmentsPerVolume: segmentsPerVolume)
    }

    private func commit(
        _ options: ChangeOptions, _ body: (ChangeContext, Reading) async throws -> Entry
    ) async throws -> ChangeResult {
        var reading = try await reading(local: SpooledSegments(directory: home.spool.string))
        let state = try await reading.heads.refresh()
        try Self.checkSingle(state)
        let head = state.head
        if let head { try await open(head.commit.keyRing, with: [device.keys.box], for: reading.blobs) }
        let ring = try await keyRing(after: head)
        let spool = try await openSpool(ring)
        reading = try await self.reading(local: spool.localSegments)
        let trees = DriveTrees(
            keys: keys.drive, runs: head?.commit.index ?? [], database: database, reader: reading.blobs, spool: spool)
        try await learnIndex(trees, of: head)

        let old = try await root(of: head, trees)
        let new = try await body(ChangeContext(trees: trees, spool: spool, root: old, head: head), reading)
        if new == old, head != nil { return ChangeResult(hasCommit: false, stage: .complete, commit: nil) }
        let builder = CommitBuilder(
            drive: id, name: name, genesis: chain.genesis, device: device, database: database, spool: spool,
            trees: trees, writer: BlobWriter(spool: spool, keys: keys.drive))
        let (blob, signed, plan) = try await builder.build(
            root: new, parent: head, keyRing: ring.record, message: options.message, nameTagKey: keys.nameTagKey)
        let pending = PendingCommit(plan: plan, blob: blob, signed: signed)
        try await database.set(Self.pendingSetting, to: pending.scaleBytes)
        options.observer(.reached(.staged))
        try await carry(pending, reading: reading, spool: spool, options)
        return ChangeResult(hasCommit: true, stage: options.stage, commit: blob.id.description)
    }

    /// Carries on what an earlier command left undone, if it left anything.
    ///
    /// - Returns: whether there was something.
    @discardableResult
    public func finish(_ options: ChangeOptions) async throws -> Bool {
        try home.create()
        let lock = try await WriterLock.acquire(home, waiting: options.waiting)
        defer { withExtendedLifetime(lock) {} }
        return try await carryOn(options)
    }

    private func carryOn(_ options: ChangeOptions) async throws -> Bool {
        guard let pending = try await pendingCommit() else { return false }
        let known = try await reading(local: SpooledSegments(directory: home.spool.string)).heads.known()
        let ring = try await keyRing(after: known)
        let spool = try await openSpool(ring)
        let reading = try await reading(local: spool.localSegments)
        var options = options
        options.stage = .complete
        do { try await carry(pending, reading: reading, spool: spool, options) } catch is StaleParent {
            try await rebase(pending, options)
        }
        return true
    }

    /// Makes a staged change anew on top of what other machines have committed since.
    private func rebase(_ pending: PendingCommit, _ options: ChangeOptions) async throws {
        let ours = pending.signed.commit
        var options = options
        options.message = String(decoding: ours.message, as: UTF8.self)
        do {
            let result = try await commit(options) { context, reading in
                var base = context.head
                while let found = base, [found.reference] != ours.parents {
                    base = try await self.parent(of: found, reading)
                }
                guard let base else {
                    throw DriveError.newerHead(
                        ours: ours.sequence - 1, theirs: context.head?.commit.sequence ?? 0)
                }
                let merge = TreeMerge(
                    trees: context.trees,
                    mark: Array(" (conflict ".utf8) + DeviceIdentity.hostName + Array(" ".utf8)
                        + Array(Moment.minute(ours.created).utf8) + Array(")".utf8))
                var root = ours.rootAttributes
                root.content = .directory(ours.root)
                let merged = try await merge.merge(
                    root, with: context.root, since: Snapshot(base, trees: context.trees).root)
                try await context.spool.barrier()
                return merged
            }
            // They had done the same.
            if !result.hasCommit { try await database.set(Self.pendingSetting, to: nil) }
        } catch let stale as StaleParent {
            throw DriveError.newerHead(ours: stale.pending.signed.commit.sequence - 1, theirs: stale.head)
        }
    }

    /// The commit of this machine that is on its way.
    func pendingCommit() async throws -> PendingCommit? {
        try await database.setting(Self.pendingSetting).map { try PendingCommit(scaleBytes: $0) }
    }

    // MARK: Carrying

    private func carry(
        _ pending: PendingCommit, reading: Reading, spool: Spool, _ options: ChangeOptions
    ) async throws {
        guard options.stage > .staged else { return }
        let placer = Placer(
            chain: chain, nodes: nodes, database: database, spool: spool, signer: account, territory: territoryName,
            transfers: options.transfers, observer: options.observer)
        if try await !placer.isCommitDeclared(pending.plan) { try await checkParent(of: pending, reading) }
        while true {
            do {
                try await placer.carry(pending.plan, to: options.stage)
                break
            } catch StoreError.territoryTooSmall(let needed, let remaining) {
                guard try await options.expand(needed - min(needed, remaining) + 1) else {
                    throw StoreError.territoryTooSmall(needed: needed, remaining: remaining)
                }
            }
        }
        if options.stage == .complete {
            try await publish(pending, reading, spool)
            options.observer(.reached(.complete))
        }
    }

    /// Nothing is declared on top of a commit that is not the head any more.
    private func checkParent(of pending: PendingCommit, _ reading: Reading) async throws {
        let state = try await reading.heads.refresh()
        try Self.checkSingle(state)
        guard pending.signed.commit.parents == (state.head.map { [$0.reference] } ?? []) else {
            throw StaleParent(pending: pending, head: state.head?.commit.sequence ?? 0)
        }
    }

    /// Where machines committed at once, a commit on top of one tip would hide the others.
    private static func checkSingle(_ state: DriveHeads.State) throws {
        guard let head = state.head, let other = state.tips.dropFirst().first else { return }
        throw DriveError.newerHead(ours: head.commit.sequence, theirs: other.commit.sequence)
    }

    private func giveUp(_ pending: PendingCommit, _ spool: Spool) async throws {
        try await database.set(Self.pendingSetting, to: nil)
        try await spool.discard(pending.plan.commit.id)
    }

    /// How many rows of what was stored are read back before success is announced, two windows of each.
    private static let sampleCount = 12

    private func publish(_ pending: PendingCommit, _ reading: Reading, _ spool: Spool) async throws {
        let catalog = Catalog(chain: chain, database: database)
        var records: [(VolumeID, VolumeRecord)] = []
        for volume in pending.plan.volumes { records.append((volume.id, try await spool.record(volume.id))) }
        try await database.learnVolumes(records)
        for (id, _) in records {
            let placement = try await catalog.refreshPlacement(of: id)
            try await verify(id, placement, count: max(2, Self.sampleCount / records.count), reading, spool)
        }
        guard let own = records.last?.1,
            let completion = try await chain.completion(of: own.fid)
        else { throw StoreError.stateDamaged(reason: "a complete volume is not on the chain") }
        let found = FoundCommit(blob: pending.blob, signed: pending.signed, fid: own.fid, completion: completion)
        try await reading.heads.publish(found, volumes: records, clearing: Self.pendingSetting)
        for (id, record) in records { try await spool.removeFiles(of: id, segmentCount: record.segments.count) }
        // It is complete, and still not what everybody sees, if another machine committed at the same time.
        try Self.checkSingle(try await reading.heads.refresh())
    }

    /// So many rows of a volume may fail to be read back: their nodes may have gone since they reported, or lie, and four
    /// rows are enough to read it. A change that is final for everybody else must not hang on a few nodes here.
    private static let sampleTolerance = 4

    /// Reads random windows of a volume back, each of another row; of all rows if one of them fails.
    ///
    /// - Throws: what the first row failed with, if more rows than are tolerated cannot be read or are not what was sent.
    private func verify(
        _ volume: VolumeID, _ placement: VolumePlacement, count: Int, _ reading: Reading, _ spool: Spool
    ) async throws {
        let rows = Array((0..<VolumeRecord.Segment.fragmentCount).shuffled())
        var failures = try await failures(rows.prefix(count), of: volume, placement, reading, spool)
        if !failures.isEmpty {
            failures += try await self.failures(rows.dropFirst(count), of: volume, placement, reading, spool)
        }
        for failure in failures {
            logger.warning("a row could not be read back", metadata: ["volume": "\(volume)", "error": "\(failure)"])
        }
        if let first = failures.first, failures.count > Self.sampleTolerance { throw first }
    }

    private func failures(
        _ rows: ArraySlice<Int>, of volume: VolumeID, _ placement: VolumePlacement, _ reading: Reading, _ spool: Spool
    ) async throws -> [any Error] {
        let failures = await withTaskGroup(of: (any Error)?.self) { group in
            for row in rows {
                group.addTask {
                    do {
                        try await reading.segments.verifySample(
                            of: volume, at: placement, count: 2, rows: row..<row + 1, using: spool.localSegments)
                        return nil
                    } catch { return error }
                }
            }
            return await group.reduce(into: [any Error]()) { failures, error in if let error { failures.append(error) }
            }
        }
        try Task.checkCancellation()
        return failures
    }

    // MARK: What a commit stands on

    /// Runs of the index that this machine has not read are read whole: whoever writes asks for every blob.
    private func learnIndex(_ trees: DriveTrees, of head: FoundCommit?) async throws {
        for run in head?.commit.index ?? [] where try await !database.knowsRun(run.root.reference) {
            var batch: [(id: BlobID, pointer: Pointer)] = []
            for try await item in trees.indexRuns.entries(of: run.root) {
                batch.append((try BlobID(scaleBytes: item.key), try Pointer(scaleBytes: item.value)))
                if batch.count == 5000 {
                    try await database.learn(batch)
                    batch = []
                }
            }
            try await database.learn(batch)
            try await database.learnRun(run.root.reference)
        }
    }

    private func root(of head: FoundCommit?, _ trees: DriveTrees) async throws -> Entry {
        if let head { return Snapshot(head, trees: trees).root }
        let now = Timestamp.now
        let attributes = Entry(
            type: .directory, mode: 0o755, owner: .current, group: .currentGroup, modified: now, changed: now)
        return try await TreeEditor(trees: trees).emptyDirectory(attributes)
    }

    private func keyRing(after head: FoundCommit?) async throws -> OpenKeyRing {
        let known = try await epochs()
        if let record = head?.commit.keyRing {
            guard let last = record.epochs.last, let epoch = known.first(where: { $0.id == last.epoch }) else {
                throw StoreError.stateDamaged(reason: "the drive's current epoch is not open on this machine")
            }
            return try OpenKeyRing(record, epoch: epoch).admitting(
                device, account: account, genesis: chain.genesis, drive: id)
        }
        // The first commit's epoch is kept before anything is sealed under it.
        let epoch = known.first ?? .random()
        if known.isEmpty { try await remember([epoch]) }
        let empty = KeyRing(
            ringKey: keys.ringPublicKey, epochs: [EpochBoxes(epoch: epoch.id, boxes: [])], devices: [])
        return try OpenKeyRing(empty, epoch: epoch).boxed(for: keys.ringPublicKey).admitting(
            device, account: account, genesis: chain.genesis, drive: id)
    }
}
