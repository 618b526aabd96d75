internal import BlobStore
internal import DriveFormat
internal import Logging
internal import SCALE
internal import Sealing

/// Copies what lies in partly filled volumes into the volume of a commit, so that a drive of many small changes does not
/// take a segment for each.
///
/// Design: Docs/Design.md, section 7, "Economy". Format: Docs/Format/Commits.md, "Folding".
struct Folding: Sendable {
    /// There are at most so many partly filled volumes: before a fifth, some are folded.
    static let partialLimit = 4
    /// A commit that lists so many folded volumes folds no more.
    static let pairLimit = Commit.listLimit / 2

    let spool: Spool
    let database: StoreDatabase
    let reader: BlobReader
    let tables: SegmentTables
    let epochs: EpochKeys
    /// `Folding.partialLimit`, but in tests.
    let limit: Int
    let logger: Logger

    /// Copies volumes into the open one, if there are as many as there may be.
    ///
    /// A volume that cannot be read now stays for a later commit: making room must not keep a change from being stored.
    ///
    /// - Returns: those that were copied whole: the commit dooms them.
    func fold(_ live: LiveVolumes) async throws -> [DoomedVolume] {
        var partial: [(id: VolumeID, record: VolumeRecord)] = []
        for id in try await database.partialVolumes() {
            if let record = try await live.record(of: id), record.isPartlyFilled { partial.append((id, record)) }
        }
        guard partial.count >= limit, live.foldedCount + partial.count <= Self.pairLimit else { return [] }
        var readable: [(id: VolumeID, record: VolumeRecord, blobs: [ListedBlob])] = []
        for (id, record) in partial {
            if let blobs = await blobs(of: id) { readable.append((id, record, blobs)) }
        }
        // One by itself would take as much as before.
        guard readable.count > 1 else { return [] }
        var doomed: [DoomedVolume] = []
        for volume in readable[Self.chosen(readable.map(\.record.liveBytes))] {
            do {
                for blob in volume.blobs {
                    try Task.checkCancellation()
                    try await spool.copy(blob, from: reader)
                }
                doomed.append(DoomedVolume(volume: volume.id, fid: volume.record.fid, since: .now))
            } catch let error as ReadError {
                note(error, of: volume.id)
            }
        }
        // The index is made of what is saved.
        try await spool.barrier()
        return doomed
    }

    /// What lies in a volume; nil if that cannot be read now.
    private func blobs(of volume: VolumeID) async -> [ListedBlob]? {
        do { return try await tables.blobs(of: volume, epochs: epochs) } catch {
            note(error, of: volume)
            return nil
        }
    }

    private func note(_ error: any Error, of volume: VolumeID) {
        logger.warning("a small volume could not be folded", metadata: ["volume": "\(volume)", "error": "\(error)"])
    }

    /// Which of volumes of these sizes are folded into one: the two smallest, and further ones that are no larger than what
    /// those before them make together. So a byte is copied but a few times while its volume fills.
    ///
    /// - Parameter sizes: ascending.
    static func chosen(_ sizes: [UInt64]) -> Range<Int> {
        var (count, sum) = (0, UInt64(0))
        while count < sizes.count, count < 2 || sizes[count] <= sum {
            sum += sizes[count]
            count += 1
        }
        return 0..<count
    }

    /// A commit's list of folded volumes: the parents' and its own, each with the volume that has it now.
    static func pairs(_ known: [FoldedVolume], folding old: [VolumeID], into new: VolumeID) -> [FoldedVolume] {
        let leaving = Set(old)
        return known.map { leaving.contains($0.new) ? FoldedVolume(old: $0.old, new: new) : $0 }
            + old.map { FoldedVolume(old: $0, new: new) }
    }
}
