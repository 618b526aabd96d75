public import Primitives
public import SCALE

/// A drive: 16 random bytes chosen when it is made.
public struct DriveID: Hashable, Sendable, ScaleCodable, CustomStringConvertible {
    public let value: Bytes16
    public init(_ value: Bytes16) { self.value = value }
    public init(from decoder: inout ScaleDecoder) throws(ScaleError) { value = try decoder.decode() }
    public func encode(to encoder: inout ScaleEncoder) { encoder.encode(value) }
    public var description: String { value.hex }
}

/// A volume: 16 random bytes chosen before its first segment is written, so that pointers can name it before its FID
/// is known.
public struct VolumeID: Hashable, Comparable, Sendable, ScaleCodable, CustomStringConvertible {
    public let value: Bytes16
    /// Names no volume: reserved for "the volume that holds this record", which version 1 neither writes nor reads.
    public static let this = VolumeID(.zero)

    public init(_ value: Bytes16) { self.value = value }
    public init(from decoder: inout ScaleDecoder) throws(ScaleError) { value = try decoder.decode() }
    public func encode(to encoder: inout ScaleEncoder) { encoder.encode(value) }
    public static func < (a: VolumeID, b: VolumeID) -> Bool { a.value < b.value }

    /// Reads an id that names a volume.
    static func named(in decoder: inout ScaleDecoder) throws(ScaleError) -> VolumeID {
        let offset = decoder.offset
        let volume = try decoder.decode(VolumeID.self)
        guard volume != .this else { throw .invalid("a volume's id is not zero", offset: offset) }
        return volume
    }

    public var description: String { value.hex }
}

/// A device that writes to a drive: the first 16 bytes of BLAKE2b-256 of its public signing key.
public struct DeviceID: Hashable, Sendable, ScaleCodable, CustomStringConvertible {
    public let value: Bytes16
    public init(_ value: Bytes16) { self.value = value }

    public init(signingKey: Bytes32) {
        guard let value = Bytes16(BLAKE2b.hash(signingKey.bytes, byteCount: 32).span.extracting(0..<16)) else {
            preconditionFailure("16 bytes are 16 bytes")
        }
        self.value = value
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) { value = try decoder.decode() }
    public func encode(to encoder: inout ScaleEncoder) { encoder.encode(value) }
    public var description: String { value.hex }
}

/// A link group: the 16 random bytes that all names of one inode share.
public struct LinkGroup: Hashable, Sendable, ScaleCodable {
    public let value: Bytes16
    public init(_ value: Bytes16) { self.value = value }
    public init(from decoder: inout ScaleDecoder) throws(ScaleError) { value = try decoder.decode() }
    public func encode(to encoder: inout ScaleEncoder) { encoder.encode(value) }
}

/// A moment with nanoseconds, as file systems keep it; also of commits.
public struct Timestamp: Hashable, Comparable, Sendable, ScaleCodable {
    /// Since 1970-01-01T00:00:00Z; negative before it.
    public let seconds: Int64
    /// 0…999,999,999.
    public let nanoseconds: UInt32

    /// - Precondition: `nanoseconds` is below 10⁹.
    public init(seconds: Int64, nanoseconds: UInt32 = 0) {
        precondition(nanoseconds < 1_000_000_000)
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        seconds = try decoder.integer()
        let offset = decoder.offset
        nanoseconds = try decoder.integer()
        guard nanoseconds < 1_000_000_000 else { throw .invalid("a second has 10⁹ nanoseconds", offset: offset) }
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.integer(seconds)
        encoder.integer(nanoseconds)
    }

    public static func < (a: Timestamp, b: Timestamp) -> Bool {
        (a.seconds, a.nanoseconds) < (b.seconds, b.nanoseconds)
    }
}
