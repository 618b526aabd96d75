internal import Primitives
public import SCALE

/// How a part of a storage key is hashed; the raw values are those of the metadata.
public enum StorageHasher: UInt8, Hashable, Sendable {
    case blake2_128, blake2_256, blake2_128Concat, twox128, twox256, twox64Concat, identity

    public func hash(_ bytes: [UInt8]) -> [UInt8] {
        switch self {
        case .blake2_128: BLAKE2b.hash(bytes, byteCount: 16)
        case .blake2_256: BLAKE2b.hash(bytes, byteCount: 32)
        case .blake2_128Concat: BLAKE2b.hash(bytes, byteCount: 16) + bytes
        case .twox128: Self.twox(bytes, words: 2)
        case .twox256: Self.twox(bytes, words: 4)
        case .twox64Concat: Self.twox(bytes, words: 1) + bytes
        case .identity: bytes
        }
    }

    /// The bytes before the key part itself, for hashers that keep it; nil for the others.
    public var prefixByteCount: Int? {
        switch self {
        case .blake2_128Concat: 16
        case .twox64Concat: 8
        case .identity: 0
        case .blake2_128, .blake2_256, .twox128, .twox256: nil
        }
    }

    /// xxHash64 with seeds 0, 1, …, each little endian.
    private static func twox(_ bytes: [UInt8], words: UInt64) -> [UInt8] {
        var encoder = ScaleEncoder(reserving: 8 * Int(words))
        for seed in 0..<words { encoder.integer(XXHash64.hash(bytes.span, seed: seed)) }
        return encoder.bytes
    }
}

/// The key of a storage value, or the prefix of several.
///
/// twox128(pallet) ‖ twox128(item) ‖ the hashed parts (Docs/Protocol/CESS.md, 4.2).
public struct StorageKey: Hashable, Sendable, CustomStringConvertible {
    public let bytes: [UInt8]

    public init(bytes: [UInt8]) { self.bytes = bytes }

    /// The key of a plain value, or the prefix of a map's keys.
    public init(_ pallet: String, _ item: String) {
        bytes = StorageHasher.twox128.hash(Array(pallet.utf8)) + StorageHasher.twox128.hash(Array(item.utf8))
    }

    /// This key with one part more.
    public func appending(_ part: some ScaleEncodable, by hasher: StorageHasher = .blake2_128Concat) -> StorageKey {
        appending(encoded: part.scaleBytes, by: hasher)
    }

    /// This key with one part more, given as its SCALE encoding.
    public func appending(encoded part: [UInt8], by hasher: StorageHasher = .blake2_128Concat) -> StorageKey {
        StorageKey(bytes: bytes + hasher.hash(part))
    }

    /// The encoding of the last key part of a key that begins with this prefix; nil if there is none or it does not match
    /// its hash. Only for hashers that keep the part.
    public func lastPart(of key: StorageKey, by hasher: StorageHasher = .blake2_128Concat) -> [UInt8]? {
        guard let hashByteCount = hasher.prefixByteCount, key.bytes.starts(with: bytes),
            key.bytes.count >= bytes.count + hashByteCount
        else { return nil }
        let part = Array(key.bytes[(bytes.count + hashByteCount)...])
        return appending(encoded: part, by: hasher) == key ? part : nil
    }

    public var description: String { "0x\(bytes.hex)" }
}
