public import Primitives

/// A value with one SCALE encoding.
public protocol ScaleEncodable {
    func encode(to encoder: inout ScaleEncoder)
}

extension ScaleEncodable {
    /// The value's encoding alone.
    public var scaleBytes: [UInt8] {
        var encoder = ScaleEncoder()
        encode(to: &encoder)
        return encoder.bytes
    }
}

/// A value that SCALE writes and reads.
public typealias ScaleCodable = ScaleDecodable & ScaleEncodable

/// Appends SCALE encodings to a buffer (the format: https://docs.polkadot.com/reference/glossary/#scale-codec).
///
/// The primitives are `@inlinable`: a generic encoder that is not specialised is 47 times slower.
@frozen
public struct ScaleEncoder {
    public var bytes: [UInt8] = []

    @inlinable public init() {}

    @inlinable public init(reserving byteCount: Int) { bytes.reserveCapacity(byteCount) }

    @inlinable public mutating func encode(_ value: some ScaleEncodable) { value.encode(to: &self) }

    /// A fixed-width integer, little endian.
    @inlinable public mutating func integer<T: FixedWidthInteger>(_ value: T) {
        for shift in stride(from: 0, to: T.bitWidth, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    /// The bytes as they are, without a length: `[u8; n]`.
    @inlinable public mutating func raw(_ value: some Sequence<UInt8>) { bytes.append(contentsOf: value) }

    @inlinable public mutating func bool(_ value: Bool) { bytes.append(value ? 1 : 0) }

    /// A compact integer in its shortest form.
    @inlinable public mutating func compact(_ value: UInt64) { compact(UInt128(value)) }

    @inlinable public mutating func compact(_ value: Int) { compact(UInt128(value)) }

    /// A compact integer in its shortest form.
    public mutating func compact(_ value: UInt128) {
        switch value {
        case 0..<(1 << 6): integer(UInt8(truncatingIfNeeded: value) << 2)
        case 0..<(1 << 14): integer(UInt16(truncatingIfNeeded: value) << 2 | 1)
        case 0..<(1 << 30): integer(UInt32(truncatingIfNeeded: value) << 2 | 2)
        default:
            let byteCount = max(4, (128 - value.leadingZeroBitCount + 7) / 8)
            bytes.append(UInt8(byteCount - 4) << 2 | 3)
            for index in 0..<byteCount { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
        }
    }

    /// `Vec<u8>`: a compact length, then the bytes.
    @inlinable public mutating func byteVector(_ value: some Collection<UInt8>) {
        compact(value.count)
        bytes.append(contentsOf: value)
    }

    /// A string, as `Vec<u8>` of its UTF-8.
    @inlinable public mutating func string(_ value: String) { byteVector(value.utf8) }

    /// `Vec<T>`: a compact count, then the items.
    @inlinable public mutating func vector<T: ScaleEncodable>(_ items: some Collection<T>) {
        compact(items.count)
        for item in items { item.encode(to: &self) }
    }

    /// `Vec` of anything that `encodeItem` can write.
    @inlinable public mutating func vector<C: Collection>(
        _ items: C, _ encodeItem: (inout ScaleEncoder, C.Element) -> Void
    ) {
        compact(items.count)
        for item in items { encodeItem(&self, item) }
    }

    /// `Option<T>`: 0, or 1 and the value.
    @inlinable public mutating func option<T: ScaleEncodable>(_ value: T?) {
        bool(value != nil)
        if let value { value.encode(to: &self) }
    }

    /// `Option` of anything that `encodeSome` can write.
    @inlinable public mutating func option<T>(_ value: T?, _ encodeSome: (inout ScaleEncoder, T) -> Void) {
        bool(value != nil)
        if let value { encodeSome(&self, value) }
    }
}

extension Bytes32: ScaleEncodable {
    public func encode(to encoder: inout ScaleEncoder) { encoder.raw(bytes) }
}

extension Bytes16: ScaleEncodable {
    public func encode(to encoder: inout ScaleEncoder) { encoder.raw(bytes) }
}
