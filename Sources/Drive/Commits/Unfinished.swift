internal import BlobStore
internal import DriveFormat
internal import Logging
internal import SCALE
internal import Sealing
internal import SystemPackage

/// What an earlier command has left undone: it is carried on, made anew on top of what others have committed since, or given
/// up where it would keep everything else out.
///
/// Design: Docs/Design.md, section 7.
extension Drive {
    static let pendingSetting = "pending"

    /// The commit of this machine that is on its way.
    func pendingCommit() async throws -> PendingCommit? {
        try await database.setting(Self.pendingSetting).map { try PendingCommit(scaleBytes: $0) }
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
        guard !changes.isEmpty else {
            guard makingWay else { return try await carryOn(options) }
            // It may be complete, and not be brought together yet with what others have committed at the same time.
            if earlier == nil { try await joinTips(options) }
            return earlier
        }
        if !makingWay { try await carryOnToComplete(options) }
        var options = options
        options.mayUseReserve = changes.allSatisfy(\.record.mayUseReserve)
        return try await commitAndJoin(options) { context, _ in context.state }
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
    func makeWay(_ options: ChangeOptions) async throws -> ChangeResult? {
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
    static let mergeAttempts = 5

    /// Makes a staged change anew on top of what other machines have committed since.
    ///
    /// - Throws: `DriveError.newerHead` if they were faster every time; the change stays staged.
    func rebase(_ pending: PendingCommit, _ options: ChangeOptions) async throws -> ChangeResult {
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
        options.attempt = nil
        // What others have staged on top of it comes later, on top of what becomes of it.
        let result = try await commit(options, takingIn: false, inPlaceOf: pending) { context, reading in
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
}
