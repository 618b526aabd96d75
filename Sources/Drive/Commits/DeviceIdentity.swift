public import DriveFormat
internal import Glibc
internal import Primitives
internal import Sealing
internal import Substrate

/// This machine as a writer of the drive.
struct DeviceIdentity: Sendable {
    let keys: DeviceKeys
    let signingKey: Sr25519KeyPair
    let id: DeviceID

    init(_ keys: DeviceKeys) {
        self.keys = keys
        signingKey = Sr25519KeyPair(miniSecret: keys.signingMiniSecret)
        id = DeviceID(signingKey: signingKey.publicKey)
    }

    /// The account's word for this device.
    func certificate(
        epoch: EpochID, account: KeyPair, genesis: Bytes32, drive: DriveID
    ) -> DeviceCertificate {
        func certificate(_ signature: [UInt8]) -> DeviceCertificate {
            DeviceCertificate(
                name: Self.hostName, signingKey: signingKey.publicKey, boxKey: keys.box.publicKey, epoch: epoch,
                created: created, signature: signature)
        }
        let created = Timestamp.now
        let unsigned = certificate([UInt8](repeating: 0, count: 64))
        return certificate(
            account.sign(
                unsigned.signedBytes(genesis: genesis, drive: drive), context: DeviceCertificate.signingContext))
    }

    /// How people tell their machines apart; sealed wherever it is kept.
    static var hostName: [UInt8] {
        var buffer = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&buffer, buffer.count - 1) == 0 else { return Array("unknown".utf8) }
        return buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    }
}

extension Timestamp {
    /// The system's clock.
    public static var now: Timestamp { of(CLOCK_REALTIME) }

    /// The clock that the kernel stamps files with: it stands still for some milliseconds at a time.
    static var tick: Timestamp { of(CLOCK_REALTIME_COARSE) }

    private static func of(_ clock: clockid_t) -> Timestamp {
        var time = timespec()
        _ = unsafe clock_gettime(clock, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))
    }
}
