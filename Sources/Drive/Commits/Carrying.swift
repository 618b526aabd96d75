internal import BlobStore
internal import CESS
internal import DriveFormat
internal import Logging

/// A commit's way to the network, with what it may meet there: commits of other machines, on which it is made anew, or that
/// have built on it already.
///
/// Design: Docs/Design.md, section 7.
extension Drive {
    /// A staged commit that must not be declared: its parents are not the tips any more, or one of its volumes has another
    /// name on the network by now than the commit calls it by.
    struct StaleCommit: Error {
        let pending: PendingCommit
        let head: UInt64
    }

    /// A staged commit that others have built on and folded since: its volume is gone from the chain, and made anew it would
    /// bring back what they have removed.
    private struct FoldedCommit: Error {}

    /// Carries a commit from the spool to the network, as far as `options.stage`.
    ///
    /// - Parameters:
    ///   - ahead: what sends the first of its volumes already.
    ///   - tolerance: how many rows of a volume may fail to be read back.
    /// - Throws: `StaleCommit` where it has to be made anew.
    func carry(
        _ pending: PendingCommit, reading: Reading, spool: Spool, _ options: ChangeOptions,
        beside ahead: SendingAhead? = nil, tolerance: Int = Drive.sampleTolerance
    ) async throws {
        guard options.stage > .staged else { return }
        await ahead?.declaringIsDone()
        let placer = placer(of: pending, spool, options, othersAreDone: { await ahead?.sendingIsDone() })
        do { try await carry(pending, reading, spool, placer, options, tolerance) } catch let error
            where error is FoldedCommit || error is ReadError || error is StoreError
        {
            let isFolded = error is FoldedCommit ? true : (try? await self.isFolded(pending, reading)) == true
            guard isFolded else { throw error }
            // It was complete before this machine could say so.
            try await settle(pending, completion: nil, reading, spool)
        }
        guard options.stage == .complete else { return }
        try await placer.forgetSubmissions()
        options.observer(.reached(.complete))
    }

    private func placer(
        of pending: PendingCommit, _ spool: Spool, _ options: ChangeOptions,
        othersAreDone: @escaping @Sendable () async -> Void = {}
    ) -> Placer {
        Placer(
            chain: chain, nodes: nodes, database: database, spool: spool, signer: account, territory: territoryName,
            reserve: pending.mayUseReserve ? 0 : Placer.reserve, transfers: options.transfers,
            observer: options.observer, othersAreDone: othersAreDone)
    }

    /// Whether the chain has a deal or a file for a commit that is on its way.
    func isDeclared(_ pending: PendingCommit, _ spool: Spool) async throws -> Bool {
        try await placer(of: pending, spool, ChangeOptions()).isCommitDeclared(pending.plan)
    }

    private func carry(
        _ pending: PendingCommit, _ reading: Reading, _ spool: Spool, _ placer: Placer, _ options: ChangeOptions,
        _ tolerance: Int
    ) async throws {
        try await checkNames(of: pending, spool)
        do {
            if try await !placer.isCommitDeclared(pending.plan) {
                try await options.declaring()
                do { try await checkParent(of: pending, reading) } catch let stale as StaleCommit {
                    await placer.othersAreDone()
                    throw stale
                }
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
            logger.warning("somebody else has declared a volume of this drive", metadata: ["fid": "\(fid)"])
            throw try await renaming([fid], of: pending, spool, placer) ?? StoreError.fidTaken(fid)
        } catch StoreError.lapsed(let fids) {
            // A server may hide that the commit was complete; made anew it would bring back what others have removed.
            if try await isFolded(pending, reading) { throw FoldedCommit() }
            logger.warning("contents were deleted before a commit had them", metadata: ["count": "\(fids.count)"])
            throw try await renaming(Set(fids), of: pending, spool, placer) ?? StoreError.lapsed(fids)
        }
        if options.stage == .complete { try await publish(pending, reading, spool, tolerance) }
    }

    /// Gives volumes other names on the network, and so has another commit made: one that has the same parents is as good as
    /// any.
    ///
    /// - Returns: nil if they are not all the commit's.
    private func renaming(
        _ fids: Set<FID>, of pending: PendingCommit, _ spool: Spool, _ placer: Placer
    ) async throws -> StaleCommit? {
        let volumes = pending.plan.volumes.filter { fids.contains(FID($0.fid)) }
        guard volumes.count == fids.count else { return nil }
        await placer.othersAreDone()
        for volume in volumes { try await spool.rename(volume.id) }
        return StaleCommit(pending: pending, head: pending.signed.commit.sequence)
    }

    /// A commit that calls a volume by a name that it has no longer would be complete, and would never count. A volume may
    /// have been given another name by a command that ended before it could make the commit anew.
    private func checkNames(of pending: PendingCommit, _ spool: Spool) async throws {
        for volume in pending.plan.volumes where try await spool.record(volume.id).fid != volume.fid {
            throw StaleCommit(pending: pending, head: pending.signed.commit.sequence)
        }
    }

    private func isFolded(_ pending: PendingCommit, _ reading: Reading) async throws -> Bool {
        Self.areFolding(try await reading.heads.refresh().tips, pending)
    }

    /// Only what a complete commit holds is folded.
    private static func areFolding(_ tips: [FoundCommit], _ pending: PendingCommit) -> Bool {
        let own = Set(pending.plan.volumes.map(\.id))
        return tips.contains { $0.commit.folded.contains { own.contains($0.old) } }
    }

    /// Nothing is declared on top of commits that are not the tips any more.
    private func checkParent(of pending: PendingCommit, _ reading: Reading) async throws {
        let tips = try await reading.heads.refresh().tips
        if Self.areFolding(tips, pending) { throw FoldedCommit() }
        guard Set(pending.signed.commit.parents) == Set(tips.map(\.reference)) else {
            throw StaleCommit(pending: pending, head: tips.map(\.commit.sequence).max() ?? 0)
        }
    }
}
