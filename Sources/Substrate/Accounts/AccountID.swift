public import Primitives
public import SCALE

/// An account of a Substrate chain: an sr25519 or ed25519 public key, or BLAKE2b-256 of a compressed ECDSA key.
@frozen
public struct AccountID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let bytes: Bytes32

    @inlinable public init(_ bytes: Bytes32) { self.bytes = bytes }

    /// 64 hexadecimal digits; an address for people depends on the network (`SS58`).
    public var description: String { bytes.hex }

    @inlinable public static func < (a: AccountID, b: AccountID) -> Bool { a.bytes < b.bytes }
}

extension AccountID: ScaleCodable {
    public init(from decoder: inout ScaleDecoder) throws(ScaleError) { self.init(try decoder.decode(Bytes32.self)) }

    public func encode(to encoder: inout ScaleEncoder) { encoder.encode(bytes) }
}
