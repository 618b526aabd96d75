internal import Primitives
internal import SCALE

/// The first bytes of a segment's file: which one it is, what makes its key, and where the one before it ends.
///
/// All of it is in the clear and authenticated with the segment's key. Format: Docs/Format/LocalCache.md, "Header".
struct SegmentHeader: Equatable {
    static let magic: [UInt8] = Array("cesslog".utf8) + [1]
    static let clearByteCount = 64
    static let byteCount = clearByteCount + XChaCha20Poly1305.tagByteCount
    /// The nonce counter of the header's tag; records begin with 1.
    static let counter: UInt64 = 0
    static let saltByteCount = 16

    let number: UInt32
    /// 0 if there was none before.
    let previousNumber: UInt32
    /// Where the last record of the segment before ends.
    let previousEnd: UInt64
    let noncePrefix: [UInt8]
    let salt: [UInt8]

    /// The bytes that are authenticated.
    var clearBytes: [UInt8] {
        var encoder = ScaleEncoder(reserving: Self.byteCount)
        encoder.raw(Self.magic)
        encoder.integer(number)
        encoder.integer(previousNumber)
        encoder.integer(previousEnd)
        encoder.integer(UInt64(0))
        encoder.raw(noncePrefix)
        encoder.raw(salt)
        return encoder.bytes
    }

    /// Header and tag.
    func sealed(with key: Secret) -> [UInt8] {
        let clear = clearBytes
        let tag = SegmentCipher(key: key, header: self).seal([], counter: Self.counter, authenticating: clear)
        return clear + tag
    }

    /// Nil if it is not a header of this format, sealed with this key.
    init?(sealed bytes: [UInt8], key: Secret) {
        guard bytes.count == Self.byteCount, bytes.starts(with: Self.magic) else { return nil }
        var decoder = ScaleDecoder(bytes)
        do {
            try decoder.skip(Self.magic.count)
            number = try decoder.integer()
            previousNumber = try decoder.integer()
            previousEnd = try decoder.integer()
            try decoder.skip(8)
            noncePrefix = try decoder.raw(XChaCha20Poly1305Stream.noncePrefixByteCount)
            salt = try decoder.raw(Self.saltByteCount)
        } catch { return nil }
        let cipher = SegmentCipher(key: key, header: self)
        let clear = Array(bytes[..<Self.clearByteCount])
        let tag = Array(bytes[Self.clearByteCount...])
        guard clear == clearBytes, cipher.open(tag, counter: Self.counter, authenticating: clear) != nil else {
            return nil
        }
    }

    init(number: UInt32, previousNumber: UInt32, previousEnd: UInt64, noncePrefix: [UInt8], salt: [UInt8]) {
        self.number = number
        self.previousNumber = previousNumber
        self.previousEnd = previousEnd
        self.noncePrefix = noncePrefix
        self.salt = salt
    }
}
