import ErasureCoding
import Primitives
import TestSupport
import Testing

@Suite struct ReedSolomonTests {
    let code = ReedSolomon()

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `any four of the twelve shards restore the segment`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let segment = [UInt8].random(count: 4 * Int.random(in: 0...300, using: &random), using: &random)
        var shards: [[UInt8]?] = try code.encode(segment)
        for lost in (0..<12).shuffled(using: &random).prefix(8) { shards[lost] = nil }
        #expect(try code.decode(shards) == segment)
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `any range of any shards comes back from the same range of any four`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let segment = [UInt8].random(count: 4 * 500, using: &random)
        let shards = try code.encode(segment)
        let present = Array((0..<12).shuffled(using: &random).prefix(4))
        let wanted = Array((0..<12).shuffled(using: &random).prefix(Int.random(in: 1...12, using: &random)))
        let start = Int.random(in: 0..<500, using: &random)
        let range = start..<Int.random(in: start...500, using: &random)
        let expected = wanted.flatMap { shards[$0][range] }

        #expect(try rebuild(wanted, from: present, present.flatMap { shards[$0][range] }) == expected)
        let apart = try code.rebuild(wanted, from: present.map { ($0, Array(shards[$0][range])) })
        #expect(apart.flatMap(\.self) == expected)
    }

    private func rebuild(_ wanted: [Int], from present: [Int], _ input: [UInt8]) throws -> [UInt8] {
        var output = [UInt8](repeating: 0xaa, count: wanted.count * input.count / 4)
        var span = output.mutableSpan
        try code.rebuild(wanted, from: present, input.span, into: &span)
        return output
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `strips of any rows are the same bytes as whole shards`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let segment = [UInt8].random(count: 4 * 333, using: &random)
        let shards = try code.encode(segment)
        let first = Int.random(in: 0..<12, using: &random)
        let rows = first..<Int.random(in: first...12, using: &random)
        let start = Int.random(in: 0..<333, using: &random)
        let range = start..<Int.random(in: start...333, using: &random)
        var output = [UInt8](repeating: 0xaa, count: rows.count * range.count)
        var span = output.mutableSpan
        code.encode(rows: rows, of: segment.span, range: range, into: &span)
        #expect(output == rows.flatMap { shards[$0][range] })
    }

    @Test func `all 495 choices of four shards can be inverted`() throws {
        var count = 0
        for a in 0..<12 {
            for b in a + 1..<12 {
                for c in b + 1..<12 {
                    for d in c + 1..<12 {
                        _ = try ReedSolomon.decodeMatrix(from: [a, b, c, d])
                        count += 1
                    }
                }
            }
        }
        #expect(count == 495)
    }

    @Test(arguments: [64, 65 * 64, 64 * 1024, 64 * 1024 + 64, 200_000 / 64 * 64])
    func `digests in strips are those of whole shards`(shardByteCount: Int) throws {
        var random = SplitMix64(seed: UInt64(shardByteCount))
        let segment = [UInt8].random(count: 4 * shardByteCount, using: &random)
        let expected = SegmentDigests(
            segment: SHA256.hash(segment), fragments: try code.encode(segment).map { SHA256.hash($0) })
        #expect(code.digests(of: segment.span) == expected)
    }

    @Test func `three shards are too few`() {
        let slots: [[UInt8]?] = [[1], [2], nil, nil, nil, nil, nil, [3], nil, nil, nil, nil]
        #expect(throws: ErasureError.tooFewShards(present: 3, needed: 4)) { try code.decode(slots) }
    }

    @Test func `shards of different lengths are refused`() {
        let slots: [[UInt8]?] = [[1], [2], nil, nil, [4, 4], nil, nil, [3], nil, nil, nil, nil]
        #expect(throws: ErasureError.unequalShards) { try code.decode(slots) }
    }

    @Test func `a wrong number of slots is refused`() {
        #expect(throws: ErasureError.wrongSlotCount(4)) { try code.decode([[1], [2], [3], [4]]) }
    }

    @Test func `a segment that does not divide by four is refused`() {
        #expect(throws: ErasureError.unevenSegment(byteCount: 5)) { try code.encode([1, 2, 3, 4, 5]) }
    }

    @Test(arguments: [[0, 1, 2, 2], [0, 1, 2, 12], [-1, 1, 2, 3]])
    func `shards that do not exist or repeat are refused`(present: [Int]) {
        #expect(throws: ErasureError.self) { try ReedSolomon.decodeMatrix(from: present) }
    }
}
