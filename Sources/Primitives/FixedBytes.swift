/// A value of exactly 32 bytes: a digest, a public key, an identifier.
///
/// Kept as four big-endian words, so that comparing two values compares their bytes and nothing is allocated.
@frozen
public struct Bytes32: Hashable, Sendable, Comparable, CustomStringConvertible {
    @usableFromInline let words: (UInt64, UInt64, UInt64, UInt64)

    public static let byteCount = 32
    public static let zero = Bytes32(words: (0, 0, 0, 0))

    @inlinable init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

    /// Returns nil unless `bytes` has exactly 32 bytes.
    public init?(_ bytes: Span<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        words = (bytes.word(at: 0), bytes.word(at: 8), bytes.word(at: 16), bytes.word(at: 24))
    }

    /// Returns nil unless `bytes` has exactly 32 bytes.
    public init?(_ bytes: [UInt8]) { self.init(bytes.span) }

    /// Returns nil unless `hex` is 64 hexadecimal digits, with or without `0x`.
    public init?(hex: some StringProtocol) {
        guard let bytes = [UInt8](hex: hex) else { return nil }
        self.init(bytes)
    }

    public var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
            for (word, offset) in [(words.0, 0), (words.1, 8), (words.2, 16), (words.3, 24)] {
                for index in 0..<8 { buffer[offset + index] = UInt8(truncatingIfNeeded: word >> (56 - 8 * index)) }
            }
            count = Self.byteCount
        }
    }

    /// 64 lower-case hexadecimal digits.
    public var hex: String { bytes.hex }
    public var description: String { hex }

    @inlinable public static func == (a: Bytes32, b: Bytes32) -> Bool {
        a.words.0 == b.words.0 && a.words.1 == b.words.1 && a.words.2 == b.words.2 && a.words.3 == b.words.3
    }

    @inlinable public static func < (a: Bytes32, b: Bytes32) -> Bool { a.words < b.words }

    @inlinable public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}

/// A value of exactly 16 bytes: the random identifier of a drive, a volume or a device.
@frozen
public struct Bytes16: Hashable, Sendable, Comparable, CustomStringConvertible {
    @usableFromInline let words: (UInt64, UInt64)

    public static let byteCount = 16
    public static let zero = Bytes16(words: (0, 0))

    @inlinable init(words: (UInt64, UInt64)) { self.words = words }

    /// Returns nil unless `bytes` has exactly 16 bytes.
    public init?(_ bytes: Span<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        words = (bytes.word(at: 0), bytes.word(at: 8))
    }

    /// Returns nil unless `bytes` has exactly 16 bytes.
    public init?(_ bytes: [UInt8]) { self.init(bytes.span) }

    /// Returns nil unless `hex` is 32 hexadecimal digits, with or without `0x`.
    public init?(hex: some StringProtocol) {
        guard let bytes = [UInt8](hex: hex) else { return nil }
        self.init(bytes)
    }

    /// A fresh value from the system's random generator.
    public static func random() -> Bytes16 {
        Bytes16(words: (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max)))
    }

    public var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
            for (word, offset) in [(words.0, 0), (words.1, 8)] {
                for index in 0..<8 { buffer[offset + index] = UInt8(truncatingIfNeeded: word >> (56 - 8 * index)) }
            }
            count = Self.byteCount
        }
    }

    /// 32 lower-case hexadecimal digits.
    public var hex: String { bytes.hex }
    public var description: String { hex }

    @inlinable public static func == (a: Bytes16, b: Bytes16) -> Bool {
        a.words.0 == b.words.0 && a.words.1 == b.words.1
    }

    @inlinable public static func < (a: Bytes16, b: Bytes16) -> Bool { a.words < b.words }

    @inlinable public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}

extension Span<UInt8> {
    /// The eight bytes from `offset` on, most significant first.
    fileprivate func word(at offset: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in offset..<offset + 8 { word = word << 8 | UInt64(self[index]) }
        return word
    }
}
