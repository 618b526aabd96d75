internal import CESS
internal import DriveFormat
public import Substrate

/// How far the volumes of a plan have come, by the chain and by this machine's memory.
public struct VolumeProgress: Sendable {
    /// The least that all of them have reached.
    public let stage: Stage
    public let reportedRows: Int
    public let wantedRows: Int

    private static let rowCount = VolumeRecord.Segment.fragmentCount

    /// Reads it at the best and the newest finalized block.
    ///
    /// - Parameters:
    ///   - account: whose volumes they are; what somebody else has declared under their names is not counted.
    ///   - territory: in which they are.
    public static func of(
        _ plan: PlacementPlan, account: AccountID, territory: [UInt8], database: StoreDatabase,
        chain: any StorageChain
    ) async throws -> VolumeProgress {
        var volumes: [Placer.Volume] = []
        for planned in plan.volumes {
            guard let record = try await database.spooledRecord(planned.id) else { continue }
            volumes.append(Placer.Volume(planned, record: record, isCommit: planned == plan.commit))
        }
        let reader = VolumeStates(chain: chain, account: account, territory: territory)
        let best = try await reader.states(of: volumes, at: chain.bestBlock().hash)
        let final = try await reader.states(of: volumes, at: chain.finalizedBlock().hash)
        var stages: [Stage] = []
        var reported = 0
        for (number, volume) in volumes.enumerated() {
            switch best[number] {
            // The next command stores it under another name.
            case .nothing, .taken: stages.append(.staged)
            case .deal(let deal):
                let placed = try await database.placedRows(of: volume.id).map(\.row)
                let withheld = volume.isCommit && !plan.contents.isEmpty ? 1 : 0
                let isPlaced = Set(placed).union(deal.completed.map(\.row)).count >= rowCount - withheld
                stages.append(isPlaced ? .placed : .declared)
                reported += deal.completed.count
            case .file:
                stages.append(final[number] == .file ? .complete : .included)
                reported += rowCount
            }
        }
        return VolumeProgress(
            stage: volumes.count < plan.volumes.count ? .staged : stages.min() ?? .staged, reportedRows: reported,
            wantedRows: plan.volumes.count * rowCount)
    }
}
