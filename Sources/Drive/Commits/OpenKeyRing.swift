internal import BlobStore
internal import DriveFormat
internal import Primitives
internal import Sealing
internal import Substrate

/// A key ring whose current epoch is open.
struct OpenKeyRing: Sendable {
    let record: KeyRing
    let epoch: Epoch

    init(_ record: KeyRing, epoch: Epoch) {
        self.record = record
        self.epoch = epoch
    }

    /// With a box of the current epoch for this public key, if there is none yet.
    func boxed(for publicKey: Bytes32) throws -> OpenKeyRing {
        guard var current = record.epochs.last else { preconditionFailure("a key ring has an epoch") }
        let hint = EpochBox.hint(for: publicKey)
        guard !current.boxes.contains(where: { $0.recipient == hint }) else { return self }
        guard let box = epoch.box(for: publicKey), current.boxes.count < Prelude.boxLimit else {
            throw StoreError.stateDamaged(reason: "a device's key cannot be used, or there are too many devices")
        }
        current = EpochBoxes(epoch: current.epoch, boxes: current.boxes + [EpochBox(recipient: hint, box: box)])
        let ring = KeyRing(
            ringKey: record.ringKey, epochs: record.epochs.dropLast() + [current], devices: record.devices)
        return OpenKeyRing(ring, epoch: epoch)
    }

    /// With this machine among the devices: a new one enters with its first commit.
    func admitting(
        _ device: DeviceIdentity, account: KeyPair, genesis: Bytes32, drive: DriveID
    ) throws -> OpenKeyRing {
        guard !record.devices.contains(where: { $0.device == device.id }) else { return self }
        let certificate = device.certificate(epoch: epoch.id, account: account, genesis: genesis, drive: drive)
        let boxed = try boxed(for: device.keys.box.publicKey)
        let ring = KeyRing(
            ringKey: record.ringKey, epochs: boxed.record.epochs, devices: record.devices + [certificate])
        return OpenKeyRing(ring, epoch: epoch)
    }

    func spoolKeys(_ keys: DailyKeys) -> SpoolKeys {
        guard let boxes = record.epochs.last else { preconditionFailure("a key ring has an epoch") }
        return SpoolKeys(drive: keys.drive, preludeKey: keys.preludeKey, epoch: epoch, boxes: boxes)
    }
}
