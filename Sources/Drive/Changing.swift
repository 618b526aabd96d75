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
    /// Set where the commit's index is made anew instead of on top of its parents'.
    var rebuilding: IndexRebuilding?
    /// Set where the commit takes the place of one that somebody was promised.
    var isPromised = false

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

    /// The state with another root: names of link groups that came or went are counted.
    ///
    /// - Parameter inodes: of link groups that the state has not.
    func state(_ root: Entry, inodes: [LinkGroup: Entry] = [:]) async throws -> DriveState {
        guard state.links != nil || !inodes.isEmpty else { return DriveState(root: root) }
        var counts = LinkCounts(trees)
        try await counts.count(from: state.root, to: root)
        return DriveState(root: root, links: try await counts.applied(to: state.links) { inodes[$0] })
    }
}

extension Drive {
    static let pendingSetting = "pending"

    /// Makes a change: whatever an earlier one left undone is carried on first; then `body` gives the new state,
    /// and a commit of it is made, placed and published. What other machines commit meanwhile is merged with it.
    ///
    /// What an earlier one has failed with, because the territory has no room for it, is given up: it would keep everything else
    /// out, even what makes room.
    ///
    /// While another process of this machine carries a commit, the change is staged beside it, on top of what is staged
    /// already; whichever process comes next to commit takes all of that into one commit.
    ///
    /// - Throws: `DriveError.newerHead` if other machines commit again and again; what was staged stays, for the next change.
    func change(
        _ options: ChangeOptions, _ body: (ChangeContext) async throws -> DriveState
    ) async throws -> ChangeResult {
        try home.create()
        if let lock = try await rightToCommit(options) {
            defer { withExtendedLifetime(lock) {} }
            try await makeWay(options)
            return try await commitAndJoin(options) { context, _ in try await body(context) }
        }
        let staged = try await stageBeside(options, body)
        let nothing = ChangeResult(hasCommit: false, stage: .complete, commit: nil)
        if case .nothing = staged { return nothing }
        if options.stage == .staged {
            guard case .change = staged else { return nothing }
            return ChangeResult(hasCommit: true, stage: .staged, commit: nil)
        }
        let lock = try await WriterLock.acquire(home.lock, waiting: options.waiting)
        defer { withExtendedLifetime(lock) {} }
        try await makeWay(options)
        let waiting = try await waitingChanges()
        guard case .change(let number) = staged else {
            if !waiting.isEmpty { _ = try await commitAndJoin(options) { context, _ in context.state } }
            return nothing
        }
        guard waiting.contains(where: { $0.number == number }) else {
            // Others have taken it in, and theirs is complete.
            return ChangeResult(hasCommit: true, stage: .complete, commit: try await commitID(ofChange: number))
        }
        return try await commitAndJoin(options) { context, _ in context.state }
    }

    /// - Returns: nil if another process has it, unless the change cannot be staged beside that one's.
    private func rightToCommit(_ options: ChangeOptions) async throws -> WriterLock? {
        guard options.rebuilding != nil else { return try WriterLock.take(home.lock) }
        return try await WriterLock.acquire(home.lock, waiting: options.waiting)
    }

    /// What became of a change while another process had the right to commit.
    private enum Staged {
        case nothing
        /// It changes nothing because of what others have staged: that has to be complete.
        case others
        case change(Int64)
    }

    private func commitAndJoin(
        _ options: ChangeOptions, _ body: (ChangeContext, Reading) async throws -> DriveState
    ) async throws -> ChangeResult {
        let result: ChangeResult
        do { result = try await commit(options, body) } catch let stale as StaleCommit {
            result = try await rebase(stale.pending, options)
        }
        if result.hasCommit, options.stage == .complete { try await joinTips(options) }
        return result
    }

    /// A new commit stands on what was left undone.
    @discardableResult
    private func carryOnToComplete(_ options: ChangeOptions) async throws -> ChangeResult? {
        var earlier = options
        earlier.stage = .complete
        return try await carryOn(earlier)
    }

    /// The same; but what does not fit into the territory is given up for the new one.
    ///
    /// - Returns: what was carried on; nil if there was nothing, or it was given up.
    @discardableResult
    private func makeWay(_ options: ChangeOptions) async throws -> ChangeResult? {
        do { return try await carryOnToComplete(options) } catch let error as StoreError {
            guard case .territoryTooSmall = error, try await giveUpPending() else { throw error }
            return nil
        }
    }

    /// Gives up the commit that is on its way: whoever asked for it was told that it has failed, or was interrupted. What is staged
    /// of it serves the same change when it is made again.
    ///
    /// - Returns: false where somebody was promised it, or the chain knows it already.
    private func giveUpPending() async throws -> Bool {
        guard let pending = try await pendingCommit(), !pending.isPromised,
            try await !isDeclared(pending, try await spoolToSend())
        else { return false }
        logger.warning("a commit that the territory has no room for was given up for another one")
        try await database.set(Self.pendingSetting, to: nil)
        return true
    }

    /// Stages a change and leaves a record of it, while another process has the right to commit.
    ///
    /// Its message and its right to the reserve are those of `options`.
    private func stageBeside(
        _ options: ChangeOptions, _ body: (ChangeContext) async throws -> DriveState
    ) async throws -> Staged {
        try await withSpool(options) { open in
            let changes = try await waitingChanges()
            let pending = try await pendingCommit()
            if let pending { await open.spool.use(pending.plan.volumes.map(\.id)) }
            let last: DriveState
            if let pending {
                last = pending.state
            } else {
                last = try await state(of: open.parents, open.trees, open.reading)
            }
            let base = try await absorb(changes, into: last, open.trees, open.spool)
            let new = try await body(open.context(base))
            if new.named == base.named { return changes.isEmpty && pending == nil ? .nothing : .others }
            try await open.spool.barrier()
            let record = ChangeRecord(
                base: base, state: new, volumes: try await open.spool.usedVolumes(), message: options.message,
                mayUseReserve: options.mayUseReserve)
            return .change(try await database.addWaitingChange(record.scaleBytes))
        }
    }

    /// Where machines committed at once, those that came second bring all together: so one of any two does. Where there is
    /// one tip, what it has given up is deleted.
    private func joinTips(_ options: ChangeOptions) async throws {
        var options = options
        options.message = "merge"
        options.rebuilding = nil
        for _ in 0..<Self.mergeAttempts {
            let reading = try await reading(local: SpooledSegments(directory: home.spool.string))
            let state = try await reading.heads.refresh()
            guard state.tips.dropFirst().contains(where: { $0.commit.device == device.id }) else {
                return await deleteDoomed(state, reading)
            }
            do {
                _ = try await commit(options, takingIn: false) { context, _ in context.state }
            } catch let stale as StaleCommit {
                _ = try await rebase(stale.pending, options)
            }
        }
    }

    private func openSpool(_ ring: OpenKeyRing, isFilling: Bool) async throws -> Spool {
        try await Spool(
            directory: home.spool.string, database: database, keys: ring.spoolKeys(keys),
            segmentsPerVolume: segmentsPerVolume, isFilling: isFilling)
    }

    /// The spool while it may be filled, and what the drive is on the network.
    private struct OpenForChange {
        let spool: Spool
        let trees: DriveTrees
        let reading: Reading
        let parents: Parents
        let view: Discovery.View
        let ring: OpenKeyRing
        /// The index, where it is being made anew.
        let rebuilt: RebuiltIndex?

        func context(_ state: DriveState) -> ChangeContext {
            ChangeContext(trees: trees, spool: spool, state: state, parents: parents)
        }
    }

    /// Lends the spool to fill, as soon as no other process fills it.
    private func withSpool<R>(
        _ options: ChangeOptions, _ body: (OpenForChange) async throws -> R
    ) async throws -> R {
        let lock = try await WriterLock.acquire(home.spoolLock, waiting: options.waiting)
        defer { withExtendedLifetime(lock) {} }
        var reading = try await reading(local: SpooledSegments(directory: home.spool.string))
        let state = try await reading.heads.refresh()
        let parents = Parents(tips: state.tips)
        for tip in parents.tips {
            try await open(tip.commit.keyRing, with: [device.keys.box], for: reading.blobs)
        }
        let ring = try await keyRing(after: parents)
        let spool = try await openSpool(ring, isFilling: true)
        reading = try await self.reading(local: spool.localSegments)
        let trees = DriveTrees(
            keys: keys.drive, runs: options.rebuilding == nil ? parents.runs : [], database: database,
            reader: reading.blobs, spool: spool)
        do {
            let rebuilt = try await options.rebuilding?.rebuild(parents, trees, reading.tables, self)
            if rebuilt == nil { try await learnIndex(trees, parents.runs) }
            return try await body(
                OpenForChange(
                    spool: spool, trees: trees, reading: reading, parents: parents, view: state.view, ring: ring,
                    rebuilt: rebuilt))
        } catch {
            await spool.settle()
            throw error
        }
    }

    /// Makes a commit and carries it as far as is asked. The caller has the right to commit.
    ///
    /// - Parameter takingIn: whether changes that other processes have staged are taken in.
    private func commit(
        _ options: ChangeOptions, takingIn: Bool = true, lastChange: Int64 = 0,
        _ body: (ChangeContext, Reading) async throws -> DriveState
    ) async throws -> ChangeResult {
        try await withThrowingTaskGroup { group in
            let ahead = options.stage >= .placed ? SendingAhead(self, options) : nil
            let made = try await withSpool(options) { open -> (PendingCommit, OpenForChange)? in
                if let ahead {
                    let filled = await open.spool.filledVolumes()
                    group.addTask {
                        await ahead.declare(filled, of: open.spool, sequence: open.parents.sequence + 1)
                    }
                    group.addTask { await ahead.send() }
                }
                let changes = takingIn ? try await waitingChanges() : []
                let pending = try await build(options, changes, lastChange, open, body)
                await open.spool.endFilling()
                return pending.map { ($0, open) }
            }
            // The spool is others' to fill while this is on its way.
            guard let (pending, open) = made else {
                group.cancelAll()
                return ChangeResult(hasCommit: false, stage: .complete, commit: nil)
            }
            options.observer(.reached(.staged))
            try await carry(pending, reading: open.reading, spool: open.spool, options, beside: ahead)
            return ChangeResult(hasCommit: true, stage: options.stage, commit: pending.blob.id.description)
        }
    }

    /// - Returns: the commit, kept on this disk; nil if it would change nothing.
    private func build(
        _ options: ChangeOptions, _ changes: [(number: Int64, record: ChangeRecord)], _ lastChange: Int64,
        _ open: OpenForChange, _ body: (ChangeContext, Reading) async throws -> DriveState
    ) async throws -> PendingCommit? {
        let (parents, spool, trees, reading) = (open.parents, open.spool, open.trees, open.reading)
        let old = try await state(of: parents, trees, reading)
        let staged = try await absorb(changes, into: old, trees, spool)
        let new = try await body(open.context(staged), reading)
        if new.named == old.named, parents.tips.count == 1, open.rebuilt == nil {
            try await database.set(Self.pendingSetting, to: nil, takingIn: changes.map(\.number))
            return nil
        }
        try await spool.barrier()
        let folding = Folding(
            spool: spool, database: database, reader: reading.blobs, tables: reading.tables,
            epochs: try await epochKeys(), limit: partialLimit, logger: logger)
        let builder = CommitBuilder(
            drive: id, name: name, genesis: chain.genesis, device: device, database: database, spool: spool,
            trees: trees, writer: BlobWriter(spool: spool, keys: keys.drive), folding: folding, rebuilt: open.rebuilt)
        let waiting = try await waitingChanges().flatMap(\.record.volumes)
        let (blob, signed, plan) = try await builder.build(
            new, parents: parents, keeping: Set(waiting),
            doomed: try await stillThere(parents.doomed, open.view, reading),
            keyRing: open.ring.record, message: Self.message(changes.map(\.record.message), options.message),
            nameTagKey: keys.nameTagKey)
        let pending = PendingCommit(
            plan: plan, blob: blob, signed: signed,
            mayUseReserve: options.mayUseReserve && changes.allSatisfy(\.record.mayUseReserve),
            lastChange: max(lastChange, changes.last?.number ?? 0),
            isPromised: options.isPromised || options.stage == .staged || !changes.isEmpty)
        try await database.set(Self.pendingSetting, to: pending.scaleBytes, takingIn: changes.map(\.number))
        return pending
    }

    /// What a commit of several changes says in the log.
    private static func message(_ changes: [[UInt8]], _ own: String) -> String {
        (changes.map { String(decoding: $0, as: UTF8.self) } + [own]).filter { !$0.isEmpty }.joined(separator: "; ")
    }

    /// Carries on what an earlier command left undone, as far as `options.stage`.
    ///
    /// - Parameter makingWay: whether a change follows, for which that is given up as by any other change.
    /// - Returns: the commit, which may be another one by now, and how far it was carried; nil if nothing was left undone.
    public func finish(_ options: ChangeOptions, makingWay: Bool = false) async throws -> ChangeResult? {
        try home.create()
        let lock = try await WriterLock.acquire(home.lock, waiting: options.waiting)
        defer { withExtendedLifetime(lock) {} }
        let earlier = makingWay ? try await makeWay(options) : nil
        let changes = try await waitingChanges()
        guard !changes.isEmpty else { return makingWay ? earlier : try await carryOn(options) }
        if !makingWay { try await carryOnToComplete(options) }
        var options = options
        options.mayUseReserve = changes.allSatisfy(\.record.mayUseReserve)
        return try await commitAndJoin(options) { context, _ in context.state }
    }

    private func carryOn(_ options: ChangeOptions) async throws -> ChangeResult? {
        guard var pending = try await pendingCommit() else { return nil }
        if options.stage == .staged, !pending.isPromised {
            pending.isPromised = true
            try await database.set(Self.pendingSetting, to: pending.scaleBytes)
        }
        let spool = try await spoolToSend()
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

    /// The spool with what is on its way, which others may be filling.
    private func spoolToSend() async throws -> Spool {
        let known = try await reading(local: SpooledSegments(directory: home.spool.string)).heads.known()
        return try await openSpool(try await keyRing(after: Parents(tips: known.map { [$0] } ?? [])), isFilling: false)
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
        options.isPromised = pending.isPromised
        // What others have staged on top of it comes later, on top of what becomes of it.
        let result = try await commit(options, takingIn: false, lastChange: pending.lastChange) { context, reading in
            await context.spool.use(pending.plan.volumes.map(\.id))
            var base: [FoundCommit] = []
            for parent in ours.parents { base.append(try await self.commit(parent, reading)) }
            var old = try await self.mergedState(Parents(tips: base), trees: context.trees, reading)
            if old == nil { old = DriveState(root: try await context.editor.emptyDirectory(context.root)) }
            let merge = TreeMerge(
                trees: context.trees, mark: Self.conflictMark(ours), base: old ?? context.state, ours: pending.state,
                theirs: context.state)
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
