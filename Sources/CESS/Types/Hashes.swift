public import Primitives
public import SCALE

/// A SHA-256 that names content on CESS.
///
/// On the wire it is 64 ASCII bytes of lower-case hexadecimal digits, in Swift 32 bytes. Anything else, upper-case digits
/// included, is refused: the chain itself fails on it later (Docs/Protocol/CESS.md, 1.3).
public protocol ContentHash: Hashable, Comparable, Sendable, ScaleCodable, CustomStringConvertible {
    var bytes: Bytes32 { get }
    init(_ bytes: Bytes32)
}

extension ContentHash {
    /// Returns nil unless `hex` is 64 hexadecimal digits.
    public init?(hex: some StringProtocol) {
        guard let bytes = Bytes32(hex: hex) else { return nil }
        self.init(bytes)
    }

    public var hex: String { bytes.hex }
    public var description: String { hex }

    public static func < (a: Self, b: Self) -> Bool { a.bytes < b.bytes }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        let start = decoder.offset
        let text = try decoder.raw(HashText.byteCount)
        guard let bytes = HashText.bytes(of: text) else {
            throw .invalid("a hash is not 64 lower-case hexadecimal digits", offset: start)
        }
        self.init(bytes)
    }

    public func encode(to encoder: inout ScaleEncoder) { encoder.raw(HashText.text(of: bytes)) }
}

/// The name of an 8 MiB fragment: its SHA-256.
public struct FragmentHash: ContentHash {
    public let bytes: Bytes32
    public init(_ bytes: Bytes32) { self.bytes = bytes }
}

/// The name of a 32 MiB segment: SHA-256 of its padded bytes.
public struct SegmentHash: ContentHash {
    public let bytes: Bytes32
    public init(_ bytes: Bytes32) { self.bytes = bytes }
}

/// The name of a file on the network, made of its segments' hashes (`FID.of(segments:)`). The chain never checks it.
public struct FID: ContentHash {
    public let bytes: Bytes32
    public init(_ bytes: Bytes32) { self.bytes = bytes }
}

/// The wire form of a content hash.
enum HashText {
    static let byteCount = 64

    static func text(of hash: Bytes32) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(byteCount)
        for byte in hash.bytes {
            text.append(digit(byte >> 4))
            text.append(digit(byte & 15))
        }
        return text
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    static func bytes(of text: [UInt8]) -> Bytes32? {
        guard text.count == byteCount else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        for index in stride(from: 0, to: byteCount, by: 2) {
            guard let high = value(of: text[index]), let low = value(of: text[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return Bytes32(bytes)
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
