internal import CESS
internal import DriveFormat
internal import Substrate

/// How far the volumes of a plan have come, by the chain and by this machine's memory.
public struct VolumeProgress: Sendable {
    /// The least that all of them have reached.
    public let stage: Stage
    public let reportedRows: Int
    public let wantedRows: Int

    /// Reads it at the best and the newest finalized block.
    public static func of(
        _ plan: PlacementPlan, database: StoreDatabase, chain: any StorageChain
    ) async throws -> VolumeProgress {
        let rowCount = VolumeRecord.Segment.fragmentCount
        var fids: [FID] = []
        for volume in plan.volumes {
            if let record = try await database.spooledRecord(volume.id) { fids.append(FID(record.fid)) }
        }
        let best = try await chain.bestBlock()
        let final = try await chain.finalizedBlock()
        // What cannot be read is somebody else's, and says nothing of these volumes.
        let files = try await chain.files(fids, at: best.hash).compactMapValues(\.value)
        let finalFiles = try await chain.files(fids, at: final.hash).compactMapValues(\.value)
        let deals = try await chain.deals(fids, at: best.hash).compactMapValues(\.value)
        var stages: [Stage] = []
        for (volume, fid) in zip(plan.volumes, fids) {
            if finalFiles[fid] != nil {
                stages.append(.complete)
            } else if files[fid] != nil {
                stages.append(.included)
            } else if let deal = deals[fid] {
                let held = Set(try await database.placedRows(of: volume.id).map(\.row)).union(deal.completed.map(\.row))
                let withheld = volume == plan.commit && !plan.contents.isEmpty ? 1 : 0
                stages.append(held.count >= rowCount - withheld ? .placed : .declared)
            } else {
                stages.append(.staged)
            }
        }
        let reported = files.count * rowCount + deals.values.reduce(0) { $0 + $1.completed.count }
        return VolumeProgress(
            stage: fids.count < plan.volumes.count ? .staged : stages.min() ?? .staged, reportedRows: reported,
            wantedRows: plan.volumes.count * rowCount)
    }
}
