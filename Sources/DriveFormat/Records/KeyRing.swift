public import Primitives
public import SCALE
public import Sealing

/// Who may open and sign what: the epochs with their boxes, and the devices.
///
/// Format: Docs/Format/Commits.md, "Key ring".
public struct KeyRing: Equatable, Sendable, ScaleCodable {
    public static let deviceLimit = 32
    public static let epochLimit = 1024

    /// The public half of the ring key, which only the phrase gives.
    public let ringKey: Bytes32
    /// Oldest first; new content is sealed under the last.
    public let epochs: [EpochBoxes]
    public let devices: [DeviceCertificate]

    public init(ringKey: Bytes32, epochs: [EpochBoxes], devices: [DeviceCertificate]) {
        self.ringKey = ringKey
        self.epochs = epochs
        self.devices = devices
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        ringKey = try decoder.decode()
        let offset = decoder.offset
        epochs = try decoder.vector(limit: Self.epochLimit)
        devices = try decoder.vector(limit: Self.deviceLimit)
        guard !epochs.isEmpty else { throw .invalid("a key ring has an epoch", offset: offset) }
        try Rules.distinct(epochs, by: \.epoch, "a key ring has an epoch", offset)
        try Rules.distinct(devices, by: \.signingKey, "a key ring has a device", offset)
        let known = Set(epochs.map(\.epoch))
        guard devices.allSatisfy({ known.contains($0.epoch) }) else {
            throw .invalid("a device of an epoch that the key ring does not have", offset: offset)
        }
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(ringKey)
        encoder.vector(epochs)
        encoder.vector(devices)
    }
}

/// The account's word that a device may write to the drive.
///
/// Format: Docs/Format/Commits.md, "Key ring".
public struct DeviceCertificate: Equatable, Sendable, ScaleCodable {
    /// The context of the account's signature over `signedBytes`.
    public static let signingContext = "cessdrive-device-1"
    public static let nameByteLimit = 255

    /// UTF-8, at most 255 bytes: how people tell their machines apart.
    public let name: [UInt8]
    /// 0: reads and writes. Others are reserved.
    public let role: UInt8
    /// sr25519: signs commits.
    public let signingKey: Bytes32
    /// X25519: epoch keys are boxed to it.
    public let boxKey: Bytes32
    /// The epoch in which it was admitted.
    public let epoch: EpochID
    public let created: Timestamp
    /// The account's sr25519 signature, 64 bytes.
    public let signature: [UInt8]

    /// - Precondition: `signature` has 64 bytes.
    public init(
        name: [UInt8], role: UInt8 = 0, signingKey: Bytes32, boxKey: Bytes32, epoch: EpochID, created: Timestamp,
        signature: [UInt8]
    ) {
        precondition(signature.count == 64)
        self.name = Rules.text(name, limit: Self.nameByteLimit)
        self.role = role
        self.signingKey = signingKey
        self.boxKey = boxKey
        self.epoch = epoch
        self.created = created
        self.signature = signature
    }

    public var device: DeviceID { DeviceID(signingKey: signingKey) }

    /// What the account signs: network genesis ‖ drive id ‖ the fields before the signature.
    public func signedBytes(genesis: Bytes32, drive: DriveID) -> [UInt8] {
        var encoder = ScaleEncoder()
        encoder.encode(genesis)
        encoder.encode(drive)
        encodeFields(to: &encoder)
        return encoder.bytes
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        name = try Rules.text(&decoder, limit: Self.nameByteLimit)
        let offset = decoder.offset
        role = try decoder.byte()
        guard role == 0 else { throw .unknownVariant(role, type: "DeviceRole", offset: offset) }
        signingKey = try decoder.decode()
        boxKey = try decoder.decode()
        epoch = try decoder.decode()
        created = try decoder.decode()
        signature = try decoder.raw(64)
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encodeFields(to: &encoder)
        encoder.raw(signature)
    }

    private func encodeFields(to encoder: inout ScaleEncoder) {
        encoder.byteVector(name)
        encoder.integer(role)
        encoder.encode(signingKey)
        encoder.encode(boxKey)
        encoder.encode(epoch)
        encoder.encode(created)
    }
}
