public import Primitives
public import SCALE

/// The random name of an epoch: 8 bytes.
public struct EpochID: Hashable, Comparable, Sendable, ScaleCodable, CustomStringConvertible {
    /// The bytes, most significant first, so that order and description are those of the bytes.
    private let value: UInt64

    public static let byteCount = 8
    /// No epoch: blobs sealed under the prelude key name this one.
    public static let zero = EpochID(value: 0)

    private init(value: UInt64) { self.value = value }

    /// Returns nil unless `bytes` has exactly 8 bytes.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        value = bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A fresh name, never `zero`.
    public static func random() -> EpochID { EpochID(value: .random(in: 1 ... .max)) }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        value = try decoder.integer(UInt64.self).byteSwapped
    }

    public func encode(to encoder: inout ScaleEncoder) { encoder.integer(value.byteSwapped) }

    public var bytes: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) } }

    /// 16 lower-case hexadecimal digits.
    public var description: String { bytes.hex }

    public static func < (a: EpochID, b: EpochID) -> Bool { a.value < b.value }
}

/// A time during which a drive's contents are sealed under one key.
///
/// A new one begins when a device is taken off the drive. Format: Docs/Format/Keys.md, "Epochs".
public struct Epoch: Sendable {
    public static let keyByteCount = 32
    /// The length of an epoch's key sealed to somebody.
    public static let boxByteCount = keyByteCount + BoxKeyPair.overhead

    public let id: EpochID
    public let key: Secret

    /// - Precondition: `key` has 32 bytes.
    public init(id: EpochID, key: Secret) {
        precondition(key.byteCount == Self.keyByteCount, "an epoch key has 32 bytes")
        self.id = id
        self.key = key
    }

    public static func random() -> Epoch { Epoch(id: .random(), key: .random(byteCount: keyByteCount)) }

    /// What commits are sealed under: the prelude key, which stands for the epoch of eight zero bytes.
    public static func commits(preludeKey: Secret) -> Epoch { Epoch(id: .zero, key: preludeKey) }

    /// Opens an 80-byte box that was sealed to `recipient`; nil if it was not, was changed, or names no real epoch.
    public init?(id: EpochID, box: [UInt8], recipient: BoxKeyPair) {
        guard id != .zero, box.count == Self.boxByteCount, let key = recipient.open(box) else { return nil }
        self.init(id: id, key: key)
    }

    /// The key as an 80-byte box for the owner of `publicKey`; nil if that is no usable key.
    public func box(for publicKey: Bytes32) -> [UInt8]? { BoxKeyPair.seal(key, to: publicKey) }
}

/// The epochs that could be opened so far, by name, and the key that commits are sealed under.
public struct EpochKeys: Sendable {
    private var epochs: [EpochID: Epoch] = [:]
    private let commits: Epoch

    public init(preludeKey: Secret, epochs: [Epoch] = []) {
        commits = .commits(preludeKey: preludeKey)
        for epoch in epochs { insert(epoch) }
    }

    /// Adds an epoch. One that is known already stays as it is: a name never changes its key.
    ///
    /// - Returns: whether it is new.
    @discardableResult
    public mutating func insert(_ epoch: Epoch) -> Bool {
        precondition(epoch.id != .zero, "the zero epoch stands for the prelude key")
        guard epochs[epoch.id] == nil else { return false }
        epochs[epoch.id] = epoch
        return true
    }

    /// The names of all opened epochs, in byte order.
    public var ids: [EpochID] { epochs.keys.sorted() }

    public subscript(id: EpochID) -> Epoch? { epochs[id] }

    /// What a blob of this kind that names this epoch is sealed under: commits name no epoch, everything else does.
    public func epoch(_ id: EpochID, sealing kind: BlobKind) -> Epoch? {
        guard (kind == .commit) == (id == .zero) else { return nil }
        return kind == .commit ? commits : epochs[id]
    }
}
