public import BlobStore
internal import DriveFormat
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
    /// What the change is known by afterwards, when somebody asks whether it is in the drive.
    public var attempt: Attempt?
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

    func commitAndJoin(
        _ options: ChangeOptions, _ body: (ChangeContext, Reading) async throws -> DriveState
    ) async throws -> ChangeResult {
        let result: ChangeResult
        do { result = try await commit(options, body) } catch let stale as StaleCommit {
            result = try await rebase(stale.pending, options)
        }
        if result.hasCommit, options.stage == .complete { try await joinTips(options) }
        return result
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
                mayUseReserve: options.mayUseReserve, attempt: options.attempt)
            return .change(try await database.addWaitingChange(record.scaleBytes))
        }
    }

    /// Where machines committed at once, those that came second bring all together: so one of any two does. Where there is
    /// one tip, what it has given up is deleted.
    func joinTips(_ options: ChangeOptions) async throws {
        var options = options
        options.message = "merge"
        options.rebuilding = nil
        options.attempt = nil
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

    /// Makes a commit and carries it as far as is asked. The caller has the right to commit.
    ///
    /// - Parameters:
    ///   - takingIn: whether changes that other processes have staged are taken in.
    ///   - former: the commit that this one takes the place of.
    func commit(
        _ options: ChangeOptions, takingIn: Bool = true, inPlaceOf former: PendingCommit? = nil,
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
                let pending = try await build(options, changes, former, open, body)
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
        _ options: ChangeOptions, _ changes: [(number: Int64, record: ChangeRecord)], _ former: PendingCommit?,
        _ open: OpenForChange, _ body: (ChangeContext, Reading) async throws -> DriveState
    ) async throws -> PendingCommit? {
        let (parents, spool, trees, reading) = (open.parents, open.spool, open.trees, open.reading)
        let old = try await state(of: parents, trees, reading)
        let staged = try await absorb(changes, into: old, trees, spool)
        let new = try await body(open.context(staged), reading)
        let attempts = (former?.attempts ?? []) + (changes.map(\.record.attempt) + [options.attempt]).compactMap(\.self)
        if new.named == old.named, parents.tips.count == 1, open.rebuilt == nil {
            // The drive has all of it.
            try await remember(attempts)
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
            lastChange: max(former?.lastChange ?? 0, changes.last?.number ?? 0), attempts: attempts,
            isPromised: options.isPromised || options.stage == .staged || !changes.isEmpty)
        try await database.set(Self.pendingSetting, to: pending.scaleBytes, takingIn: changes.map(\.number))
        return pending
    }

    /// What a commit of several changes says in the log.
    private static func message(_ changes: [[UInt8]], _ own: String) -> String {
        (changes.map { String(decoding: $0, as: UTF8.self) } + [own]).filter { !$0.isEmpty }.joined(separator: "; ")
    }
}
