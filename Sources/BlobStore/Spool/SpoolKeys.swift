public import DriveFormat
public import Primitives
public import Sealing

/// What the spool seals with.
public struct SpoolKeys: Sendable {
    public let drive: DriveKeys
    public let preludeKey: Secret
    /// New blobs are sealed in this one.
    public let epoch: Epoch
    /// Its key, for everyone who may open it.
    public let boxes: EpochBoxes

    public init(drive: DriveKeys, preludeKey: Secret, epoch: Epoch, boxes: EpochBoxes) {
        self.drive = drive
        self.preludeKey = preludeKey
        self.epoch = epoch
        self.boxes = boxes
    }

    var prelude: PreludeSealer { PreludeSealer(key: preludeKey) }

    func sealer(for kind: BlobKind) -> BlobSealer {
        BlobSealer(epoch: kind == .commit ? .commits(preludeKey: preludeKey) : epoch)
    }
}
