internal import SCALE

/// What stands in the clear before a record: lengths, and where its nonces begin. Authenticated by the header's tag.
///
/// Format: Docs/Format/LocalCache.md, "Records".
struct RecordPrefix: Equatable {
    static let byteCount = 16
    /// What one record's changes may take, encoded.
    static let maximumHeaderByteCount = 16 << 20

    /// Of the header before it is sealed.
    let headerByteCount: Int
    let payloadByteCount: Int
    /// The header's nonce; the payload's blocks have those that follow it.
    let counter: UInt64

    /// From the prefix's first byte to the payload's.
    var payloadOffset: Int { Self.byteCount + headerByteCount + SealedBlocks.tagByteCount }
    var byteCount: Int { payloadOffset + SealedBlocks.sealedByteCount(payload: payloadByteCount) }

    var bytes: [UInt8] {
        var encoder = ScaleEncoder(reserving: payloadOffset)
        encoder.integer(UInt32(headerByteCount))
        encoder.integer(UInt32(payloadByteCount))
        encoder.integer(counter)
        return encoder.bytes
    }

    init(headerByteCount: Int, payloadByteCount: Int, counter: UInt64) {
        self.headerByteCount = headerByteCount
        self.payloadByteCount = payloadByteCount
        self.counter = counter
    }

    /// Nil if its numbers are none that are ever written; nothing is said of whether it is authentic.
    init?(_ bytes: [UInt8]) {
        var decoder = ScaleDecoder(bytes)
        do {
            headerByteCount = Int(try decoder.integer(UInt32.self))
            payloadByteCount = Int(try decoder.integer(UInt32.self))
            counter = try decoder.integer()
            try decoder.finish()
        } catch { return nil }
        guard headerByteCount <= Self.maximumHeaderByteCount, Self.isValid(counter, payloadByteCount) else {
            return nil
        }
    }

    /// Extents have 32 bits for a counter.
    static func isValid(_ counter: UInt64, _ payloadByteCount: Int) -> Bool {
        payloadByteCount <= SealedBlocks.maximumPayloadByteCount && counter > SegmentHeader.counter
            && counter < UInt64(UInt32.max) - UInt64(SealedBlocks.count(payload: payloadByteCount))
    }
}
