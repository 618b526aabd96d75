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

    /// With a box of the current epoch for this public key.
    ///
    /// - Parameter anew: also where there is one, which nobody but its owner can tell from a useless one.
    /// - Throws: `StoreError.tooManyDevices`.
    func boxed(for publicKey: Bytes32, anew: Bool = false) throws -> OpenKeyRing {
        guard var current = record.epochs.last else { preconditionFailure("a key ring has an epoch") }
        let hint = EpochBox.hint(for: publicKey)
        if !anew, current.boxes.contains(where: { $0.recipient == hint }) { return self }
        let others = current.boxes.filter { $0.recipient != hint }
        guard others.count < Prelude.boxLimit else { throw StoreError.tooManyDevices(limit: KeyRing.deviceLimit) }
        guard let box = epoch.box(for: publicKey) else {
            throw StoreError.stateDamaged(reason: "a device's key cannot be used")
        }
        current = EpochBoxes(epoch: current.epoch, boxes: others + [EpochBox(recipient: hint, box: box)])
        let ring = KeyRing(
            ringKey: record.ringKey, epochs: record.epochs.dropLast() + [current], devices: record.devices)
        return OpenKeyRing(ring, epoch: epoch)
    }

    /// With this machine among the devices: a new one enters with its first commit.
    func admitting(
        _ device: DeviceIdentity, account: KeyPair, genesis: Bytes32, drive: DriveID
    ) throws -> OpenKeyRing {
        guard !record.devices.contains(where: { $0.device == device.id }) else { return self }
        guard record.devices.count < KeyRing.deviceLimit else {
            throw StoreError.tooManyDevices(limit: KeyRing.deviceLimit)
        }
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
