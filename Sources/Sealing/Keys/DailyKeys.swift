public import Primitives
internal import SCALE

/// Which network a drive lives on, in words for people; nothing is decided by them.
public struct NetworkLabel: Hashable, Sendable {
    public static let nameByteLimit = 64

    public var name: String
    /// The genesis hash in hexadecimal digits.
    public var genesis: String
    /// Where the drive was made or recovered.
    public var endpoint: String

    public init(name: String, genesis: String, endpoint: String) {
        self.name = name
        self.genesis = genesis
        self.endpoint = endpoint
    }
}

/// What a device needs day by day: to sign for the account, and to read and write one drive.
///
/// It holds neither the phrase nor the ring key: what it gives away with a stolen device ends with the next epoch.
///
/// Format: Docs/Format/Keystore.md, "Daily part".
public struct DailyKeys: Sendable {
    public static let maximumByteCount = 4096

    /// 32 bytes: signs extrinsics and certificates.
    public let accountMiniSecret: Secret
    public let preludeKey: Secret
    public let nameTagKey: Secret
    public let drive: DriveKeys
    public let device: DeviceKeys
    /// Every new epoch is sealed to it.
    public let ringPublicKey: Bytes32
    /// 26 ASCII characters.
    public let territoryName: [UInt8]
    public var driveName: String
    public var network: NetworkLabel

    public init(root: RootKeys, driveID: Bytes16, device: DeviceKeys, driveName: String, network: NetworkLabel) {
        accountMiniSecret = root.accountMiniSecret
        preludeKey = root.preludeKey
        nameTagKey = root.nameTagKey
        drive = root.drive(driveID)
        self.device = device
        ringPublicKey = root.ring.publicKey
        territoryName = root.territoryName
        self.driveName = driveName
        self.network = network
    }

    /// Seals and opens the preludes of this account's segments.
    public var preludeSealer: PreludeSealer { PreludeSealer(key: preludeKey) }
}

/// The longest strings that a record takes, in bytes of UTF-8.
private enum Limit {
    static let territoryName = 64
    static let driveName = 255
    static let networkName = NetworkLabel.nameByteLimit
    static let genesis = 128
    static let endpoint = 1024
}

extension DailyKeys {
    private static let version: UInt8 = 1
    /// Records are filled up to a multiple of this, so that their length tells no name's.
    private static let granularity = 512
    private static let secretsByteCount = 5 * 32

    /// The record, in locked memory.
    ///
    /// - Throws: `tooLong` if a name is.
    public func record() throws(KeystoreError) -> Secret {
        for (field, value, limit) in [
            ("drive's name", driveName, Limit.driveName), ("network's name", network.name, Limit.networkName),
            ("genesis hash", network.genesis, Limit.genesis), ("endpoint", network.endpoint, Limit.endpoint),
        ] where value.utf8.count > limit {
            throw .tooLong(field: field, limit: limit)
        }
        var encoder = ScaleEncoder(reserving: Self.maximumByteCount)  // never grown: no copy of a secret stays behind
        encoder.integer(Self.version)
        for secret in [accountMiniSecret, preludeKey, nameTagKey, drive.master, device.secret] {
            secret.withBytes { for index in $0.indices { encoder.integer($0[index]) } }
        }
        encoder.encode(ringPublicKey)
        encoder.encode(drive.id)
        encoder.byteVector(territoryName)
        for text in [driveName, network.name, network.genesis, network.endpoint] { encoder.string(text) }
        while !encoder.bytes.count.isMultiple(of: Self.granularity) { encoder.integer(0 as UInt8) }
        return Secret(taking: &encoder.bytes)
    }

    /// Reads a record.
    ///
    /// - Throws: `unknownVersion`, or `damaged` if it breaks a rule of the format.
    public init(record: Secret) throws(KeystoreError) {
        guard 1 + Self.secretsByteCount...Self.maximumByteCount ~= record.byteCount else { throw .damaged }
        let version = record.withBytes { $0[0] }
        guard version == Self.version else { throw .unknownVersion(version) }
        func secret(_ index: Int) -> Secret { record.part(1 + 32 * index..<1 + 32 * (index + 1)) }
        accountMiniSecret = secret(0)
        preludeKey = secret(1)
        nameTagKey = secret(2)
        device = DeviceKeys(secret: secret(4))
        // What follows the secrets is no secret, and may be copied.
        let rest = record.withBytes { bytes in (1 + Self.secretsByteCount..<bytes.count).map { bytes[$0] } }
        do throws(ScaleError) {
            var decoder = ScaleDecoder(rest)
            ringPublicKey = try decoder.decode()
            drive = DriveKeys(id: try decoder.decode(), master: secret(3))
            territoryName = try decoder.byteVector(limit: Limit.territoryName)
            driveName = try decoder.string(limit: Limit.driveName)
            network = NetworkLabel(
                name: try decoder.string(limit: Limit.networkName),
                genesis: try decoder.string(limit: Limit.genesis),
                endpoint: try decoder.string(limit: Limit.endpoint))
            let padding = try decoder.raw(decoder.remaining)
            guard padding.count < Self.granularity, padding.allSatisfy({ $0 == 0 }) else { throw .trailing(count: 1) }
        } catch {
            throw .damaged
        }
    }
}
