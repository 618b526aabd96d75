import Compression
import Primitives
import TestSupport
import Testing

@Suite struct BlobCodecTests {
    let codec = BlobCodec()

    private static let lengths = [0, 1, 63, 64, 65, 1000, 131_071, 131_072, 131_073, 262_144, 400_000]

    /// Bytes that compress about fourfold, without being periodic.
    private static func text(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var random = SplitMix64(seed: seed)
        let words = (0..<200).map { _ in [UInt8].random(count: 6, using: &random) }
        var bytes: [UInt8] = []
        while bytes.count < count { bytes += words[Int.random(in: 0..<200, using: &random)] }
        return Array(bytes.prefix(count))
    }

    /// 200,000 bytes of text, compressed.
    private static let payload = BlobCodec().encode(text(200_000).span).payload

    @Test(arguments: lengths)
    func `compressible bytes come back, and take less room`(count: Int) throws {
        let plaintext = Self.text(count)
        let (kind, payload) = codec.encode(plaintext.span)
        if count >= 100_000 { #expect(kind == .zstd && payload.count < count * 3 / 4) }
        #expect(try codec.decode(payload.span, codec: kind, rawByteCount: count) == plaintext)
    }

    @Test(arguments: lengths)
    func `random bytes stay as they are`(count: Int) throws {
        var random = SplitMix64(seed: 7)
        let plaintext = [UInt8].random(count: count, using: &random)
        let (kind, payload) = codec.encode(plaintext.span)
        #expect(kind == .raw && payload == plaintext)
        #expect(try codec.decode(payload.span, codec: .raw, rawByteCount: count) == plaintext)
    }

    @Test func `a block alone is the same bytes as in the whole`() throws {
        let plaintext = Self.text(400_000)
        let payload = codec.encode(plaintext.span).payload
        let prefix = payload.span.extracting(0..<BlockTable.byteCount(rawByteCount: 400_000))
        let table = try BlockTable(prefix, rawByteCount: 400_000, payloadByteCount: payload.count)
        #expect(table.blockCount == 4)
        #expect(table.blocks(holding: 131_071..<131_073) == 0..<2)
        #expect(table.blocks(holding: 131_072..<393_216) == 1..<3)
        for block in 0..<4 {
            let bytes = payload.span.extracting(table.payloadRange(ofBlock: block))
            let part = try codec.decodeBlock(block, of: table, bytes)
            #expect(part == Array(plaintext[table.rawRange(ofBlock: block)]))
        }
    }

    @Test(arguments: [1000, 300_000])
    func `zeros behind a payload are passed over, anything else is not`(count: Int) throws {
        let plaintext = Self.text(count)
        let payload = codec.encode(plaintext.span).payload
        let padded = payload + [UInt8](repeating: 0, count: 77)
        #expect(try codec.decode(padded.span, codec: .zstd, rawByteCount: count) == plaintext)
        #expect(try codec.decode((plaintext + [0, 0]).span, codec: .raw, rawByteCount: count) == plaintext)
        let wrong = padded + [1]
        #expect(throws: CompressionError.badPadding) {
            try codec.decode(wrong.span, codec: .zstd, rawByteCount: count)
        }
    }

    @Test(arguments: 0..<300 as Range<UInt64>)
    func `damage gives an error or the announced length, never more`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var payload = Self.payload
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            // Half of the damage goes into the table and the first frame's header.
            let reach = Bool.random(using: &random) ? 24 : payload.count
            payload[Int.random(in: 0..<reach, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        if Bool.random(using: &random) { payload.removeLast(Int.random(in: 0..<payload.count, using: &random)) }
        let result = try? codec.decode(payload.span, codec: .zstd, rawByteCount: 200_000)
        #expect(result == nil || result?.count == 200_000)
    }

    @Test(arguments: [0, 199_999, 200_001, 131_072, 40_000_000, -1, .max])
    func `another raw length than the true one is refused`(rawByteCount: Int) {
        let payload = Self.payload
        #expect(throws: CompressionError.self) {
            try codec.decode(payload.span, codec: .zstd, rawByteCount: rawByteCount)
        }
    }

    @Test func `two frames in one block are refused`() throws {
        let half = codec.encode(Self.text(500).span).payload.dropFirst(4)
        let end = UInt8(truncatingIfNeeded: 4 + 2 * half.count)
        let high = UInt8(truncatingIfNeeded: (4 + 2 * half.count) >> 8)
        let payload = [end, high, 0, 0] + half + half
        #expect(throws: CompressionError.badBlock(0)) {
            try codec.decode(payload.span, codec: .zstd, rawByteCount: 1000)
        }
    }

    @Test func `tasks share one codec`() async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for seed in 1...6 as ClosedRange<UInt64> {
                group.addTask { [codec] in
                    let plaintext = Self.text(200_000, seed: seed)
                    let (kind, payload) = codec.encode(plaintext.span)
                    return try codec.decode(payload.span, codec: kind, rawByteCount: 200_000) == plaintext
                }
            }
            for try await isSame in group { #expect(isSame) }
        }
    }
}
