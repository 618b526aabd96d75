internal import Primitives
internal import SCALE

/// All record headers of a segment once more, behind its last record: opening a cache reads footers instead of segments.
///
/// It is written only after the records before it were synced; whoever finds it whole need not verify their payloads.
/// Format: Docs/Format/LocalCache.md, "Footer".
struct SegmentFooter {
    static let magic: [UInt8] = Array("cessfoot".utf8)
    /// Nonce prefix, length of the body, magic: the last bytes of the file.
    static let trailerByteCount = XChaCha20Poly1305Stream.noncePrefixByteCount + 4 + magic.count

    /// A quarter of the longest segment, and what stands before the first record.
    private static let maximumBodyByteCount = 1 << 28 + 64

    private var encoder = ScaleEncoder()
    private var count = 0
    /// Whether there is more than it is worth: scanning such a segment costs no more than reading its footer.
    private(set) var isTooLong = false

    mutating func add(_ prefix: RecordPrefix, header: [UInt8], limit: Int) {
        count += 1
        if isTooLong || encoder.bytes.count + header.count > limit {
            isTooLong = true
            encoder = ScaleEncoder()
            return
        }
        encoder.compact(prefix.counter)
        encoder.compact(prefix.payloadByteCount)
        encoder.byteVector(header)
    }

    /// The sealed footer of a segment whose last record ends at `end`.
    func sealed(end: UInt64, noncePrefix: [UInt8], key: Secret, segment: SegmentHeader) -> [UInt8] {
        var body = ScaleEncoder(reserving: encoder.bytes.count + 16)
        body.compact(end)
        body.compact(count)
        body.raw(encoder.bytes)
        var trailer = ScaleEncoder()
        trailer.raw(noncePrefix)
        trailer.integer(UInt32(body.bytes.count))
        trailer.raw(Self.magic)
        let cipher = SegmentCipher(key: key, header: segment, noncePrefix: noncePrefix)
        return cipher.seal(body.bytes, counter: 0, authenticating: trailer.bytes) + trailer.bytes
    }

    /// The length of the body before it is sealed, and the nonce prefix; nil if this is no trailer.
    static func parse(trailer: [UInt8]) -> (bodyByteCount: Int, noncePrefix: [UInt8])? {
        guard trailer.count == trailerByteCount, trailer.suffix(magic.count).elementsEqual(magic) else { return nil }
        var decoder = ScaleDecoder(trailer)
        do {
            let prefix = try decoder.raw(XChaCha20Poly1305Stream.noncePrefixByteCount)
            let byteCount = Int(try decoder.integer(UInt32.self))
            return byteCount <= maximumBodyByteCount ? (byteCount, prefix) : nil
        } catch { return nil }
    }

    /// Where the last record ends, and every record; nil if that is not what `sealed` makes.
    static func decode(body: [UInt8]) -> (end: UInt64, records: [SegmentRecord])? {
        var decoder = ScaleDecoder(body)
        var records: [SegmentRecord] = []
        var position = UInt64(SegmentHeader.byteCount)
        do {
            let end = try decoder.compact(UInt64.self)
            for _ in 0..<(try decoder.count(itemByteCount: 3)) {
                let counter = try decoder.compact(UInt64.self)
                let payloadByteCount = try decoder.compact(Int.self)
                let header = try decoder.byteVector(limit: RecordPrefix.maximumHeaderByteCount)
                guard RecordPrefix.isValid(counter, payloadByteCount) else { return nil }
                let prefix = RecordPrefix(
                    headerByteCount: header.count, payloadByteCount: payloadByteCount, counter: counter)
                records.append(try SegmentRecord(prefix, at: position, header: header))
                position += UInt64(prefix.byteCount)
                guard position <= end, end <= UInt64(UInt32.max) else { return nil }
            }
            try decoder.finish()
            return position == end ? (end, records) : nil
        } catch { return nil }
    }
}
