public import Primitives
internal import SCALE

/// The on-chain name of a volume: opaque to others, and to its owner the drive, the kind and a counter.
///
/// Format: Docs/Format/Volumes.md, "Name" (39 bytes, 63 characters of base32).
public struct VolumeName: Hashable, Sendable {
    public enum Kind: UInt8, Sendable {
        /// Segments that a later volume's commit refers to.
        case content = 0
        /// Its last segment holds a commit.
        case commit = 1
    }

    public static let characterCount = 63
    public static let counterLimit: UInt64 = 1 << 48

    public let drive: DriveID
    public let kind: Kind
    /// 48 bits. For a commit's volume its sequence, so that the newest are looked at first.
    public let counter: UInt64

    /// - Precondition: `counter` is below 2⁴⁸.
    public init(drive: DriveID, kind: Kind, counter: UInt64) {
        precondition(counter < Self.counterLimit)
        self.drive = drive
        self.kind = kind
        self.counter = counter
    }

    /// The name as it stands on chain: 63 bytes of lower-case base32.
    public func sealed(for volume: VolumeID, key: Secret) -> [UInt8] {
        let plain = plainBytes
        let tag = Self.tag(plain, volume: volume, key: key)
        let masked = zip(plain, Self.keystream(tag, key: key)).map { $0 ^ $1 }
        return Base32.encode(tag + masked)
    }

    /// Reads a name made with `key`. What it says is only believed once `isOf` has confirmed it: anybody may have
    /// made up 63 characters.
    ///
    /// - Returns: nil if it has not the form of a volume's name.
    public init?(unverified name: [UInt8], key: Secret) {
        guard name.count == Self.characterCount, let bytes = Base32.decode(name), bytes.count == 39 else { return nil }
        let plain = zip(bytes[16...], Self.keystream(Array(bytes[..<16]), key: key)).map { $0 ^ $1 }
        guard let drive = Bytes16(plain.span.extracting(0..<16)), let kind = Kind(rawValue: plain[16]) else {
            return nil
        }
        self.init(
            drive: DriveID(drive), kind: kind, counter: plain[17...].reversed().reduce(0) { $0 << 8 | UInt64($1) })
    }

    /// Whether `name` is this name, made for this volume by an owner of the key.
    public func isOf(_ volume: VolumeID, name: [UInt8], key: Secret) -> Bool { sealed(for: volume, key: key) == name }

    private var plainBytes: [UInt8] {
        var encoder = ScaleEncoder()
        encoder.encode(drive)
        encoder.integer(kind.rawValue)
        for index in 0..<6 { encoder.integer(UInt8(truncatingIfNeeded: counter >> (8 * index))) }
        return encoder.bytes
    }

    private static func tag(_ plain: [UInt8], volume: VolumeID, key: Secret) -> [UInt8] {
        let input = plain + volume.value.bytes
        return key.withBytes { BLAKE2b.hash(input.span, key: $0, byteCount: 16) }
    }

    private static func keystream(_ tag: [UInt8], key: Secret) -> [UInt8] {
        let input = Array("cessdrive/name-mask/1".utf8) + tag
        return key.withBytes { BLAKE2b.hash(input.span, key: $0, byteCount: 23) }
    }
}
