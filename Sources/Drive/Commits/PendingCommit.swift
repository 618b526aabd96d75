internal import BlobStore
internal import DriveFormat
internal import SCALE

/// A commit that was sealed on this machine and is on its way.
struct PendingCommit: Sendable, ScaleCodable {
    let plan: PlacementPlan
    let blob: BlobReference
    let signed: SignedCommit
    /// As `ChangeOptions.mayUseReserve`.
    let mayUseReserve: Bool
    /// The number of the last change that it has taken in from another process; 0 if it took in none.
    let lastChange: Int64
    /// What it is known by afterwards.
    let attempts: [Attempt]
    /// Whether somebody was told that this machine will bring it into the drive: then it is never given up.
    var isPromised: Bool

    init(
        plan: PlacementPlan, blob: BlobReference, signed: SignedCommit, mayUseReserve: Bool, lastChange: Int64,
        attempts: [Attempt], isPromised: Bool
    ) {
        self.plan = plan
        self.blob = blob
        self.signed = signed
        self.mayUseReserve = mayUseReserve
        self.lastChange = lastChange
        self.attempts = attempts
        self.isPromised = isPromised
    }

    /// What the drive is with it.
    var state: DriveState {
        var root = signed.commit.rootAttributes
        root.content = .directory(signed.commit.root)
        return DriveState(root: root, links: signed.commit.links)
    }

    init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        plan = try decoder.decode()
        blob = try decoder.decode()
        signed = try decoder.decode()
        mayUseReserve = try decoder.bool()
        lastChange = Int64(bitPattern: try decoder.integer(UInt64.self))
        attempts = try decoder.vector()
        isPromised = try decoder.bool()
    }

    func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(plan)
        encoder.encode(blob)
        encoder.encode(signed)
        encoder.bool(mayUseReserve)
        encoder.integer(UInt64(bitPattern: lastChange))
        encoder.vector(attempts)
        encoder.bool(isPromised)
    }
}
