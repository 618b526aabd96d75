public import BlobStore
internal import CESS
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
    /// Whether it may take the last of the territory: what makes room must be possible where there is none.
    public var mayUseReserve = false
    /// For the log.
    public var message = ""
    public var observer: StoreObserver = { _ in }
    /// Called once if another process of this machine is changing the drive.
    public var waiting: @Sendable () -> Void = {}
    /// Called before anything is declared, and again where a change has to be made anew: the time to renew a lease.
    public var declaring: @Sendable () async throws -> Void = {}
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

/// What a change works with: the drive at its parent commits, and a spool to put new things into.
struct ChangeContext: Sendable {
    let trees: DriveTrees
    let spool: Spool
    /// With what all parents hold.
    let state: DriveState
    let parents: Parents
    var root: Entry { state.root }
    var editor: TreeEditor { TreeEditor(trees: trees) }

    /// The state with another root, which has no names of new link groups: those that came or went are counted.
    func state(_ root: Entry) async throws -> DriveState {
        guard let links = state.links else { return DriveState(root: root) }
        var counts = LinkCounts(trees)
        try await counts.count(from: state.root, to: root)
        return DriveState(root: root, links: try await counts.applied(to: links) { _ in nil })
    }
}

extension Drive {
    static let pendingSetting = "pending"

    /// Makes a change: whatever an earlier one left undone is carried on first; then `body` gives the new state,
    /// and a commit of it is made, placed and published. What other machines commit meanwhile is merged with it.
    ///
    /// - Throws: `DriveError.newerHead` if other machines commit again and again; what was staged stays, for the next change.
    func change(
        _ options: ChangeOptions, _ body: (ChangeContext) async throws -> DriveState
    ) async throws -> ChangeResult {
        try home.create()
        let lock = try await WriterLock.acquire(home, waiting: options.waiting)
        defer { withExtendedLifetime(lock) {} }
        var earlier = options
        // The new commit stands on it.
        earlier.stage = .complete
        _ = try await carryOn(earlier)
        let result: ChangeResult
        do { result = try await commit(options) { context, _ in try await body(context) } } catch let stale
            as StaleCommit
        {
            result = try await rebase(stale.pending, options)
        }
        if result.hasCommit, options.stage == .complete { try await joinTips(options) }
        return result
    }

    /// A staged commit that must not be declared: its parents are not the tips any more, or one of its volumes has another
    /// name on the network by now than the commit calls it by.
    private struct StaleCommit: Error {
        let pending: PendingCommit
        let head: UInt64
    }

    /// Where machines committed at once, those that came second bring all together: so one of any two does. Where there is
    /// one tip, what it has given up is deleted.
    private func joinTips(_ options: ChangeOptions) async throws {
        var options = options
        options.message = "merge"
        for _ in 0..<Self.mergeAttempts {
            let reading = try await reading(local: SpooledSegments(directory: home.spool.string))
            let state = try await reading.heads.refresh()
            guard state.tips.dropFirst().contains(where: { $0.commit.device == device.id }) else {
                return await deleteDoomed(state, reading)
            }
            do {
                _ = try await commit(options) { context, _ in context.state }
            } catch let stale as StaleCommit {
                _ = try await rebase(stale.pending, options)
            }
        }
    }

    private func openSpool(_ ring: OpenKeyRing) async throws -> Spool {
        try await Spool(
            directory: home.spool.string, database: database, keys: ring.spoolKeys(keys),
            segmentsPerVolume: segmentsPerVolume)
    }

    private func commit(
        _ options: ChangeOptions, _ body: (ChangeContext, Reading) async throws -> DriveState
    ) async throws -> ChangeResult {
        var reading = try await reading(local: SpooledSegments(directory: home.spool.string))
        let state = try await reading.heads.refresh()
        let parents = Parents(tips: state.tips)
        for tip in parents.tips {
            try await open(tip.commit.keyRing, with: [device.keys.box], for: reading.blobs)
        }
        let ring = try await keyRing(after: parents)
        let spool = try await openSpool(ring)
        reading = try await self.reading(local: spool.localSegments)
        let trees = DriveTrees(
            keys: keys.drive, runs: parents.runs, database: database, reader: reading.blobs, spool: spool)
        try await learnIndex(trees, parents.runs)

        do {
            return try await commit(options, parents, state.view, ring, spool, trees, reading, body)
        } catch {
            await spool.settle()
            throw error
        }
    }

    private func commit(
        _ options: ChangeOptions, _ parents: Parents, _ view: Discovery.View, _ ring: OpenKeyRing, _ spool: Spool,
        _ trees: DriveTrees, _ reading: Reading, _ body: (ChangeContext, Reading) async throws -> DriveState
    ) async throws -> ChangeResult {
        let old = try await state(of: parents, trees, reading)
        let new = try await body(ChangeContext(trees: trees, spool: spool, state: old, parents: parents), reading)
        if new == old, parents.tips.count == 1 {
            return ChangeResult(hasCommit: false, stage: .complete, commit: nil)
        }
        let folding = Folding(
            spool: spool, database: database, reader: reading.blobs, tables: reading.tables,
            epochs: try await epochKeys(), limit: partialLimit, logger: logger)
        let builder = CommitBuilder(
            drive: id, name: name, genesis: chain.genesis, device: device, database: database, spool: spool,
            trees: trees, writer: BlobWriter(spool: spool, keys: keys.drive), folding: folding)
        let (blob, signed, plan) = try await builder.build(
            new, parents: parents, doomed: try await stillThere(parents.doomed, view, reading),
            keyRing: ring.record, message: options.message, nameTagKey: keys.nameTagKey)
        let pending = PendingCommit(
            plan: plan, blob: blob, signed: signed, mayUseReserve: options.mayUseReserve)
        try await database.set(Self.pendingSetting, to: pending.scaleBytes)
        options.observer(.reached(.staged))
        try await carry(pending, reading: reading, spool: spool, options)
        return ChangeResult(hasCommit: true, stage: options.stage, commit: blob.id.description)
    }

    /// Carries on what an earlier command left undone, as far as `options.stage`.
    ///
    /// - Returns: the commit, which may be another one by now, and how far it was carried; nil if nothing was left undone.
    public func finish(_ options: ChangeOptions) async throws -> ChangeResult? {
        try home.create()
        let lock = try await WriterLock.acquire(home, waiting: options.waiting)
        defer { withExtendedLifetime(lock) {} }
        return try await carryOn(options)
    }

    private func carryOn(_ options: ChangeOptions) async throws -> ChangeResult? {
        guard let pending = try await pendingCommit() else { return nil }
        let known = try await reading(local: SpooledSegments(directory: home.spool.string)).heads.known()
        let ring = try await keyRing(after: Parents(tips: known.map { [$0] } ?? []))
        let spool = try await openSpool(ring)
        let reading = try await reading(local: spool.localSegments)
        var result = ChangeResult(hasCommit: true, stage: options.stage, commit: pending.blob.id.description)
        do {
            try await carry(pending, reading: reading, spool: spool, options, tolerance: Self.lateTolerance)
        } catch is StaleCommit {
            result = try await rebase(pending, options)
        }
        if options.stage == .complete { try await joinTips(options) }
        return result
    }

    /// So often a change is made anew on top of what others commit meanwhile.
    private static let mergeAttempts = 5

    /// Makes a staged change anew on top of what other machines have committed since.
    ///
    /// - Throws: `DriveError.newerHead` if they were faster every time; the change stays staged.
    private func rebase(_ pending: PendingCommit, _ options: ChangeOptions) async throws -> ChangeResult {
        var pending = pending
        for attempt in 1... {
            do { return try await rebaseOnce(pending, options) } catch let stale as StaleCommit {
                guard attempt < Self.mergeAttempts else {
                    throw DriveError.newerHead(ours: stale.pending.signed.commit.sequence - 1, theirs: stale.head)
                }
                pending = stale.pending
            }
        }
        preconditionFailure("an endless loop ended")
    }

    private func rebaseOnce(_ pending: PendingCommit, _ options: ChangeOptions) async throws -> ChangeResult {
        let ours = pending.signed.commit
        var options = options
        options.message = String(decoding: ours.message, as: UTF8.self)
        options.mayUseReserve = pending.mayUseReserve
        let result = try await commit(options) { context, reading in
            await context.spool.use(pending.plan.volumes.map(\.id))
            let old: DriveState
            if let base = ours.parents.first {
                old = Snapshot(try await self.commit(base, reading), trees: context.trees).state
            } else {
                old = DriveState(root: try await context.editor.emptyDirectory(context.root))
            }
            var root = ours.rootAttributes
            root.content = .directory(ours.root)
            let merge = TreeMerge(
                trees: context.trees, mark: Self.conflictMark(ours), base: old,
                ours: DriveState(root: root, links: ours.links), theirs: context.state)
            let merged = try await merge.merged()
            try await context.spool.barrier()
            return merged
        }
        // They had done the same.
        if !result.hasCommit { try await database.set(Self.pendingSetting, to: nil) }
        return result
    }

    /// The commit of this machine that is on its way.
    func pendingCommit() async throws -> PendingCommit? {
        try await database.setting(Self.pendingSetting).map { try PendingCommit(scaleBytes: $0) }
    }

    // MARK: Carrying

    private func carry(
        _ pending: PendingCommit, reading: Reading, spool: Spool, _ options: ChangeOptions,
        tolerance: Int = Drive.sampleTolerance
    ) async throws {
        guard options.stage > .staged else { return }
        try await checkNames(of: pending, spool)
        let placer = Placer(
            chain: chain, nodes: nodes, database: database, spool: spool, signer: account, territory: territoryName,
            reserve: pending.mayUseReserve ? 0 : Placer.reserve, transfers: options.transfers,
            observer: options.observer)
        do {
            if try await !placer.isCommitDeclared(pending.plan) {
                try await options.declaring()
                try await checkParent(of: pending, reading)
            }
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
        } catch StoreError.fidTaken(let fid) {
            // Under another name, and so in another commit: one that has the same parents is as good as any.
            guard let volume = pending.plan.volumes.first(where: { FID($0.fid) == fid }) else {
                throw StoreError.fidTaken(fid)
            }
            logger.warning("somebody else has declared a volume of this drive", metadata: ["fid": "\(fid)"])
            try await spool.rename(volume.id)
            throw StaleCommit(pending: pending, head: pending.signed.commit.sequence)
        }
        if options.stage == .complete {
            try await publish(pending, reading, spool, tolerance)
            options.observer(.reached(.complete))
        }
    }

    /// A commit that calls a volume by a name that it has no longer would be complete, and would never count. A volume may
    /// have been given another name by a command that ended before it could make the commit anew.
    private func checkNames(of pending: PendingCommit, _ spool: Spool) async throws {
        for volume in pending.plan.volumes where try await spool.record(volume.id).fid != volume.fid {
            throw StaleCommit(pending: pending, head: pending.signed.commit.sequence)
        }
    }

    /// Nothing is declared on top of commits that are not the tips any more.
    private func checkParent(of pending: PendingCommit, _ reading: Reading) async throws {
        let tips = try await reading.heads.refresh().tips
        guard Set(pending.signed.commit.parents) == Set(tips.map(\.reference)) else {
            throw StaleCommit(pending: pending, head: tips.map(\.commit.sequence).max() ?? 0)
        }
    }

    // MARK: What a commit stands on

    /// Runs of the index that this machine has not read are read whole: whoever writes asks for every blob.
    private func learnIndex(_ trees: DriveTrees, _ runs: [IndexRun]) async throws {
        for run in runs where try await !database.knowsRun(run.root.reference) {
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

    private func state(of parents: Parents, _ trees: DriveTrees, _ reading: Reading) async throws -> DriveState {
        if let state = try await mergedState(parents, trees: trees, reading) { return state }
        let now = Timestamp.now
        let attributes = Entry(
            type: .directory, mode: 0o755, owner: .current, group: .currentGroup, modified: now, changed: now)
        return DriveState(root: try await TreeEditor(trees: trees).emptyDirectory(attributes))
    }

    private func keyRing(after parents: Parents) async throws -> OpenKeyRing {
        let known = try await epochs()
        if let record = parents.keyRing {
            guard let last = record.epochs.last, let epoch = known.first(where: { $0.id == last.epoch }) else {
                throw StoreError.stateDamaged(reason: "the drive's current epoch is not open on this machine")
            }
            for tip in parents.tips where tip.commit.keyRing.ringKey != keys.ringPublicKey {
                throw StoreError.forgedCommit(tip.commit.volume, reason: "its key ring is for another phrase")
            }
            // The phrase opens what is sealed from here on, whatever other devices have put into the ring.
            return try OpenKeyRing(record, epoch: epoch).boxed(for: keys.ringPublicKey, anew: true).admitting(
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
