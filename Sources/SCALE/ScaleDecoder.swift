public import Primitives

/// A value that can be read from its SCALE encoding. Reading is total: any bytes give a value or a `ScaleError`.
public protocol ScaleDecodable {
    init(from decoder: inout ScaleDecoder) throws(ScaleError)
}

extension ScaleDecodable {
    /// Reads one value that fills `bytes` to their end.
    public init(scaleBytes bytes: [UInt8]) throws(ScaleError) {
        var decoder = ScaleDecoder(bytes)
        try self.init(from: &decoder)
        try decoder.finish()
    }
}

/// Reads SCALE encodings from a buffer. Nothing is allocated by an announced length before that many bytes are known
/// to be there.
///
/// The primitives are `@inlinable`, as the encoder's.
@frozen
public struct ScaleDecoder {
    @usableFromInline let bytes: [UInt8]
    @usableFromInline var place = 0

    /// Where the next value begins.
    @inlinable public var offset: Int { place }

    @inlinable public init(_ bytes: [UInt8]) { self.bytes = bytes }

    @inlinable public var remaining: Int { bytes.count - offset }

    /// Throws `trailing` unless everything has been read.
    public func finish() throws(ScaleError) {
        if remaining > 0 { throw .trailing(count: remaining) }
    }

    @inlinable public mutating func decode<T: ScaleDecodable>(_ type: T.Type = T.self) throws(ScaleError) -> T {
        try T(from: &self)
    }

    /// The next `count` bytes as they are.
    @inlinable public mutating func raw(_ count: Int) throws(ScaleError) -> [UInt8] {
        try need(count)
        defer { place += count }
        return Array(bytes[offset..<offset + count])
    }

    /// Passes over `count` bytes.
    public mutating func skip(_ count: Int) throws(ScaleError) {
        try need(count)
        place += count
    }

    @inlinable public mutating func byte() throws(ScaleError) -> UInt8 {
        try need(1)
        defer { place += 1 }
        return bytes[offset]
    }

    /// A fixed-width integer, little endian.
    @inlinable public mutating func integer<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(ScaleError) -> T {
        let byteCount = T.bitWidth / 8
        try need(byteCount)
        defer { place += byteCount }
        var value: T = 0
        for index in 0..<byteCount { value |= T(truncatingIfNeeded: bytes[offset + index]) << (8 * index) }
        return value
    }

    @inlinable public mutating func bool() throws(ScaleError) -> Bool {
        let start = offset
        let value = try byte()
        guard value <= 1 else { throw .unknownVariant(value, type: "bool", offset: start) }
        return value == 1
    }

    /// A compact integer of at most 128 bits; only the shortest form is valid.
    @inlinable public mutating func compact() throws(ScaleError) -> UInt128 {
        let start = offset
        let first = try byte()
        switch first & 3 {
        case 0: return UInt128(first >> 2)
        case 1:
            place = start
            let value = try integer(UInt16.self) >> 2
            guard value >= 1 << 6 else { throw .notCanonical(offset: start) }
            return UInt128(value)
        case 2:
            place = start
            let value = try integer(UInt32.self) >> 2
            guard value >= 1 << 14 else { throw .notCanonical(offset: start) }
            return UInt128(value)
        default:
            let byteCount = Int(first >> 2) + 4
            guard byteCount <= 16 else { throw .notCanonical(offset: start) }
            try need(byteCount)
            var value: UInt128 = 0
            for index in 0..<byteCount { value |= UInt128(bytes[offset + index]) << (8 * index) }
            guard bytes[offset + byteCount - 1] != 0, value >= 1 << 30 else { throw .notCanonical(offset: start) }
            place += byteCount
            return value
        }
    }

    /// A compact integer that fits `T`.
    @inlinable public mutating func compact<T: FixedWidthInteger>(_ type: T.Type) throws(ScaleError) -> T {
        let start = offset
        guard let value = T(exactly: try compact()) else { throw .notCanonical(offset: start) }
        return value
    }

    /// The count in front of a sequence of at most `limit` items, each of at least `itemByteCount` bytes.
    @inlinable public mutating func count(limit: Int = .max, itemByteCount: Int = 1) throws(ScaleError) -> Int {
        let start = offset
        let count = try compact(UInt64.self)
        guard count <= UInt64(limit) else { throw .tooLong(count: count, limit: limit, offset: start) }
        guard itemByteCount == 0 || count <= UInt64(remaining / itemByteCount) else {
            throw .truncated(offset: offset, needed: Int(clamping: count) - remaining)
        }
        return Int(count)
    }

    /// `Vec<u8>` of at most `limit` bytes.
    @inlinable public mutating func byteVector(limit: Int = .max) throws(ScaleError) -> [UInt8] {
        try raw(try count(limit: limit))
    }

    /// A string of at most `limit` bytes of UTF-8.
    public mutating func string(limit: Int = .max) throws(ScaleError) -> String {
        let start = offset
        guard let value = String(validating: try byteVector(limit: limit), as: UTF8.self) else {
            throw .notUTF8(offset: start)
        }
        return value
    }

    /// `Vec<T>` of at most `limit` items.
    @inlinable public mutating func vector<T: ScaleDecodable>(
        of type: T.Type = T.self, limit: Int = .max
    ) throws(ScaleError) -> [T] {
        try vector(limit: limit) { (decoder) throws(ScaleError) in try T(from: &decoder) }
    }

    /// `Vec` of anything that `decodeItem` can read; an item has at least one byte.
    @inlinable public mutating func vector<T>(
        limit: Int = .max, _ decodeItem: (inout ScaleDecoder) throws(ScaleError) -> T
    ) throws(ScaleError) -> [T] {
        let count = try count(limit: limit)
        var items: [T] = []
        for _ in 0..<count { items.append(try decodeItem(&self)) }  // grows with what is really there
        return items
    }

    /// `Option<T>`.
    @inlinable public mutating func option<T: ScaleDecodable>(of type: T.Type = T.self) throws(ScaleError) -> T? {
        try option { (decoder) throws(ScaleError) in try T(from: &decoder) }
    }

    /// `Option` of anything that `decodeSome` can read.
    @inlinable public mutating func option<T>(
        _ decodeSome: (inout ScaleDecoder) throws(ScaleError) -> T
    ) throws(ScaleError) -> T? {
        let start = offset
        let tag = try byte()
        guard tag <= 1 else { throw .unknownVariant(tag, type: "Option", offset: start) }
        return tag == 1 ? try decodeSome(&self) : nil
    }

    @inlinable func need(_ count: Int) throws(ScaleError) {
        guard count >= 0, count <= remaining else { throw .truncated(offset: offset, needed: count - remaining) }
    }
}

extension Bytes32: ScaleDecodable {
    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        guard let value = Bytes32(try decoder.raw(32)) else { preconditionFailure("raw gives what was asked for") }
        self = value
    }
}

extension Bytes16: ScaleDecodable {
    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        guard let value = Bytes16(try decoder.raw(16)) else { preconditionFailure("raw gives what was asked for") }
        self = value
    }
}
