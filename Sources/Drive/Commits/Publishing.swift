internal import BlobStore
internal import CESS
internal import DriveFormat
internal import Logging
internal import Substrate

/// The end of a change's way: what was stored is read back, and the commit becomes the head of this machine.
///
/// Design: Docs/Design.md, section 7, "publish".
extension Drive {
    /// How many rows of what was stored are read back before success is announced, two windows of each.
    private static let sampleCount = 12

    func publish(
        _ pending: PendingCommit, _ reading: Reading, _ spool: Spool, _ tolerance: Int
    ) async throws {
        let records = try await records(of: pending, spool)
        try await database.learnVolumes(records)
        for (id, _) in records {
            let placement = try await catalog.refreshPlacement(of: id)
            let count = max(2, Self.sampleCount / records.count)
            try await verify(id, placement, count: count, tolerance, reading, spool)
        }
        guard let own = records.last?.1 else { preconditionFailure("a plan has the commit's volume") }
        // The server that is asked now may lag behind the one that showed the file.
        guard let completion = try await chain.completion(of: own.fid) else {
            throw StoreError.notDeclared(FID(own.fid))
        }
        try await settle(pending, completion: completion, reading, spool)
    }

    /// The commit is part of the drive's history: what was staged for it is part of the index now, and leaves the spool.
    ///
    /// - Parameter completion: nil where others have built on it already; then it was looked for, and theirs is the head.
    func settle(
        _ pending: PendingCommit, completion: BlockNumber?, _ reading: Reading, _ spool: Spool
    ) async throws {
        let records = try await records(of: pending, spool)
        guard let own = records.last?.1 else { preconditionFailure("a plan has the commit's volume") }
        let found = FoundCommit(blob: pending.blob, signed: pending.signed, fid: own.fid, completion: completion ?? 0)
        try await remember(pending)
        try await remember(pending.attempts)
        try await reading.heads.publish(found, volumes: records, clearing: Self.pendingSetting)
        for (id, record) in records { try await spool.removeFiles(of: id, segmentCount: record.segments.count) }
        try await spool.forgetPublished()
    }

    private func records(of pending: PendingCommit, _ spool: Spool) async throws -> [(VolumeID, VolumeRecord)] {
        var records: [(VolumeID, VolumeRecord)] = []
        for volume in pending.plan.volumes { records.append((volume.id, try await spool.record(volume.id))) }
        return records
    }

    /// So many rows of a volume may fail to be read back: their nodes may have gone since they reported, or lie, and four
    /// rows are enough to read it. A change that is final for everybody else must not hang on a few nodes here.
    static let sampleTolerance = 4
    /// For a command that carries an earlier one's change on: that one has said so, and what can be read is all there will
    /// be. Later changes must not wait for nodes that never come back.
    static let lateTolerance =
        VolumeRecord.Segment.fragmentCount - VolumeRecord.Segment.sufficientCount

    /// Reads random windows of a volume back, each of another row; of all rows if one of them fails.
    ///
    /// - Throws: what the first row failed with, if more rows than are tolerated cannot be read or are not what was sent.
    private func verify(
        _ volume: VolumeID, _ placement: VolumePlacement, count: Int, _ tolerance: Int, _ reading: Reading,
        _ spool: Spool
    ) async throws {
        let rows = Array((0..<VolumeRecord.Segment.fragmentCount).shuffled())
        var failures = try await failures(rows.prefix(count), of: volume, placement, reading, spool)
        if !failures.isEmpty {
            failures += try await self.failures(rows.dropFirst(count), of: volume, placement, reading, spool)
        }
        for failure in failures {
            logger.warning("a row could not be read back", metadata: ["volume": "\(volume)", "error": "\(failure)"])
        }
        if let first = failures.first, failures.count > tolerance { throw first }
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
}
