import TestSupport
import Testing

@testable import LocalCache

struct ExtentMapTests {
    private static func record(_ position: UInt64) throws -> SegmentRecord {
        SegmentRecord(
            RecordPrefix(headerByteCount: 0, payloadByteCount: 1 << 20, counter: 1), at: position, changes: [])
    }

    private static func extent(_ range: Range<UInt64>, name: UInt64) throws -> Extent {
        Extent(
            data: try record(name), segment: 1, start: range.lowerBound, count: range.count, offset: 0, isDirty: true,
            epoch: 0)
    }

    @Test func `an extent has forty bytes`() { #expect(MemoryLayout<Extent>.stride == 40) }

    @Test func `a hole may be as long as a file`() throws {
        let range = 5..<CacheLimits.fileByteCount
        let hole = Extent(hole: range, record: try Self.record(0), segment: 1, epoch: 0)
        #expect(hole.range == range)
        let part = hole.clipped(to: 10..<(1 << 40) + 3)
        #expect(part.range == 10..<(1 << 40) + 3 && part.isHole && part.isDirty)
    }

    @Test(arguments: 0..<12 as Range<UInt64>)
    func `any replacements give what an array of bytes gives`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let size = 4000
        let longest = [3, 40, 700].randomElement(using: &random) ?? 3
        var map = ExtentMap()
        var model = [UInt64](repeating: 0, count: size)
        for step in 1...1500 as ClosedRange<UInt64> {
            let start = Int.random(in: 0..<size, using: &random)
            let range = start..<min(size, start + Int.random(in: 1...longest, using: &random))
            let isRemoval = Int.random(in: 0..<8, using: &random) == 0
            let bounds = UInt64(range.lowerBound)..<UInt64(range.upperBound)
            var removed: [Extent] = []
            map.replace(bounds, with: isRemoval ? nil : try Self.extent(bounds, name: step), removed: &removed)
            #expect(removed.reduce(0) { $0 + Int($1.count) } == model[range].count { $0 > 0 })
            model.replaceSubrange(range, with: repeatElement(isRemoval ? 0 : step, count: range.count))
            if step % 100 == 0 { try Self.check(map, model) }
        }
        #expect(map.count > 1)
    }

    private static func check(_ map: ExtentMap, _ model: [UInt64]) throws {
        var found = [UInt64](repeating: 0, count: model.count)
        let base = UInt64(try record(0).payloadPosition)
        for extent in map.clipped(to: 0..<UInt64.max) {
            let range = Int(extent.start)..<Int(extent.end)
            #expect(found[range].allSatisfy { $0 == 0 })
            found.replaceSubrange(
                range, with: repeatElement(UInt64(extent.payloadPosition) - base, count: range.count))
        }
        #expect(found == model)
        for range in [0..<1, 100..<900, 3999..<4000] as [Range<UInt64>] {
            let gaps = map.gaps(in: range).reduce(0) { $0 + $1.count }
            #expect(gaps == model[Int(range.lowerBound)..<Int(range.upperBound)].count { $0 == 0 })
        }
    }
}
