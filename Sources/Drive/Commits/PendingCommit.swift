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

    init(plan: PlacementPlan, blob: BlobReference, signed: SignedCommit, mayUseReserve: Bool) {
        self.plan = plan
        self.blob = blob
        self.signed = signed
        self.mayUseReserve = mayUseReserve
    }

    init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        plan = try decoder.decode()
        blob = try decoder.decode()
        signed = try decoder.decode()
        mayUseReserve = try decoder.bool()
    }

    func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(plan)
        encoder.encode(blob)
        encoder.encode(signed)
        encoder.bool(mayUseReserve)
    }
}
