public import Primitives

/// The hashes by which the network knows a segment: its own and those of its twelve fragments.
///
/// Format: Docs/Format/Fragments.md, "Hashes".
public struct SegmentDigests: Hashable, Sendable {
    /// SHA-256 of the whole padded segment.
    public let segment: Bytes32
    /// SHA-256 of each fragment, in index order.
    public let fragments: [Bytes32]

    public init(segment: Bytes32, fragments: [Bytes32]) {
        self.segment = segment
        self.fragments = fragments
    }
}

extension ReedSolomon {
    /// How much of each parity shard is made before it is hashed: eight strips stay in the second-level cache.
    static let stripByteCount = 64 * 1024

    /// Hashes a segment and its twelve fragments without ever holding the parity: 512 KiB of scratch memory.
    ///
    /// A data shard is hashed twice in the same pass, for its fragment and for the segment; parity shards two by two.
    /// A 32 MiB segment takes some 40 ms where the processor has the SHA instructions.
    ///
    /// - Precondition: the segment divides by four, and each quarter by 64 (a segment on the network has 32 MiB).
    public func digests(of segment: Span<UInt8>) -> SegmentDigests {
        let shardByteCount = segment.count / Self.dataShardCount
        precondition(segment.count.isMultiple(of: 64 * Self.dataShardCount), "shards are whole SHA-256 blocks")
        var whole = SHA256Pair()
        var fragments: [Bytes32] = []
        for index in 0..<Self.dataShardCount {
            let shard = segment.extracting(index * shardByteCount..<(index + 1) * shardByteCount)
            whole.update(shard, shard)
            fragments.append(whole.finishSecond())
        }
        return SegmentDigests(segment: whole.finishFirst(), fragments: fragments + parityDigests(of: segment))
    }

    private func parityDigests(of segment: Span<UInt8>) -> [Bytes32] {
        let shardByteCount = segment.count / Self.dataShardCount
        var first = SHA256Pair()
        var second = SHA256Pair()
        var third = SHA256Pair()
        var fourth = SHA256Pair()
        var arena: [UInt8] = []
        for start in stride(from: 0, to: shardByteCount, by: Self.stripByteCount) {
            let range = start..<min(start + Self.stripByteCount, shardByteCount)
            let byteCount = Self.parityShardCount * range.count
            if arena.count != byteCount { arena = [UInt8](repeating: 0, count: byteCount) }  // at first, and at the end
            var output = arena.mutableSpan
            encode(rows: Self.dataShardCount..<Self.shardCount, of: segment, range: range, into: &output)
            let strips = arena.span
            func strip(_ row: Int) -> Range<Int> { row * range.count..<(row + 1) * range.count }
            first.update(strips.extracting(strip(0)), strips.extracting(strip(1)))
            second.update(strips.extracting(strip(2)), strips.extracting(strip(3)))
            third.update(strips.extracting(strip(4)), strips.extracting(strip(5)))
            fourth.update(strips.extracting(strip(6)), strips.extracting(strip(7)))
        }
        return [
            first.finishFirst(), first.finishSecond(), second.finishFirst(), second.finishSecond(),
            third.finishFirst(), third.finishSecond(), fourth.finishFirst(), fourth.finishSecond(),
        ]
    }
}
