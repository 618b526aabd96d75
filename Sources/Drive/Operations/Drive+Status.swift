public import BlobStore
internal import DriveFormat
internal import Sealing
internal import SystemPackage

/// What is on its way from this machine.
public struct DriveStatus: Sendable {
    /// The commit that an earlier command left undone; nil if there is none.
    public let pendingCommit: String?
    /// How far it has come.
    public let stage: Stage?
    /// Rows that nodes have reported, of all rows of the volumes on their way.
    public let reportedRows: Int
    public let wantedRows: Int
    /// Sealed on this disk and not yet complete.
    public let spooledBytes: UInt64
    /// The newest commit that this machine knows, by number.
    public let knownSequence: UInt64?
}

extension Drive {
    /// - Throws: what reading the chain throws.
    public func status() async throws -> DriveStatus {
        let known = try await reading(local: SpooledSegments(directory: home.spool.string)).heads.known()
        let spooled = try await database.spooledBytes()
        guard let pending = try await pendingCommit() else {
            let isWaiting = try await !waitingChanges().isEmpty
            return DriveStatus(
                pendingCommit: nil, stage: isWaiting ? .staged : nil, reportedRows: 0, wantedRows: 0,
                spooledBytes: spooled,
                knownSequence: known?.commit.sequence)
        }
        let progress = try await VolumeProgress.of(
            pending.plan, account: accountID, territory: territoryName, database: database, chain: chain)
        return DriveStatus(
            pendingCommit: pending.blob.id.description, stage: progress.stage, reportedRows: progress.reportedRows,
            wantedRows: progress.wantedRows, spooledBytes: spooled, knownSequence: known?.commit.sequence)
    }
}
