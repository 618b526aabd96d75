internal import BlobStore
internal import DriveFormat
internal import SCALE
internal import Sealing

/// A change that a process has staged while another one was carrying a commit to the network: whoever comes next to commit
/// takes it in. What it says of is saved, so it outlives its process.
///
/// Design: Docs/Design.md, section 7, "Group commit".
struct ChangeRecord: Sendable, ScaleCodable {
    /// What the change was made on, and what it made of it.
    let base: DriveState
    let state: DriveState
    /// The volumes in the spool that it refers to.
    let volumes: [VolumeID]
    let message: [UInt8]
    /// As `ChangeOptions.mayUseReserve`.
    let mayUseReserve: Bool
    let created: Timestamp
    /// As `ChangeOptions.attempt`.
    let attempt: Attempt?

    init(
        base: DriveState, state: DriveState, volumes: [VolumeID], message: String, mayUseReserve: Bool,
        created: Timestamp = .now, attempt: Attempt?
    ) {
        self.base = base.named
        self.state = state.named
        self.volumes = volumes
        self.message = Array(message.utf8)
        self.mayUseReserve = mayUseReserve
        self.created = created
        self.attempt = attempt
    }

    init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        base = try decoder.decode()
        state = try decoder.decode()
        volumes = try decoder.vector()
        message = try decoder.byteVector(limit: Commit.messageByteLimit)
        mayUseReserve = try decoder.bool()
        created = try decoder.decode()
        attempt = try decoder.option()
    }

    func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(base)
        encoder.encode(state)
        encoder.vector(volumes)
        encoder.byteVector(message.prefix(Commit.messageByteLimit).map { $0 })
        encoder.bool(mayUseReserve)
        encoder.encode(created)
        encoder.option(attempt)
    }
}

extension Drive {
    /// The changes that wait for a commit, in the order in which they were staged, each on top of those before it.
    func waitingChanges() async throws -> [(number: Int64, record: ChangeRecord)] {
        try await database.waitingChanges().map { ($0.number, try ChangeRecord(scaleBytes: $0.record)) }
    }

    private static let takenInSetting = "changes taken in"
    /// So many commits are remembered by the changes that they took in.
    private static let takenInLimit = 64

    /// Remembers which changes of other processes a commit has taken in: these ask when they come to commit.
    func remember(_ pending: PendingCommit) async throws {
        guard pending.lastChange > 0 else { return }
        let known = try await takenIn().suffix(Self.takenInLimit - 1)
        var encoder = ScaleEncoder()
        encoder.vector(known + [(pending.lastChange, pending.blob.id)]) { encoder, entry in
            encoder.integer(UInt64(bitPattern: entry.lastChange))
            encoder.encode(entry.commit)
        }
        try await database.set(Self.takenInSetting, to: encoder.bytes)
    }

    private func takenIn() async throws -> [(lastChange: Int64, commit: BlobID)] {
        guard let bytes = try await database.setting(Self.takenInSetting) else { return [] }
        var decoder = ScaleDecoder(bytes)
        return try decoder.vector { (decoder) throws(ScaleError) in
            (Int64(bitPattern: try decoder.integer(UInt64.self)), try decoder.decode())
        }
    }

    /// The id of the commit that took a change in; nil if that was too long ago.
    func commitID(ofChange number: Int64) async throws -> String? {
        try await takenIn().first { $0.lastChange >= number }?.commit.description
    }

    /// The state with changes that were staged before: mostly it is what the first of them was made on.
    ///
    func absorb(
        _ changes: [(number: Int64, record: ChangeRecord)], into state: DriveState, _ trees: DriveTrees, _ spool: Spool
    ) async throws -> DriveState {
        var state = state
        for (_, record) in changes {
            await spool.use(record.volumes)
            if record.base == state.named {
                state = record.state
            } else {
                let merge = TreeMerge(
                    trees: trees, mark: Self.conflictMark(DeviceIdentity.hostName, record.created), base: record.base,
                    ours: record.state, theirs: state)
                state = try await merge.merged()
            }
        }
        return state
    }
}
