import Testing

@testable import DriveMount

struct ReadingTests {
    @Test func `what is missing is what no part covers`() {
        let range: Range<UInt64> = 10..<100
        #expect(range.without([]) == [range])
        #expect(range.without([10..<100]).isEmpty)
        #expect(range.without([0..<20, 30..<40, 90..<200]) == [20..<30, 40..<90])
    }

    @Test func `a range is widened to whole grains, and not behind the end`() {
        #expect((5..<6 as Range<UInt64>).widened(to: 16, within: 100) == 0..<16)
        #expect((16..<32 as Range<UInt64>).widened(to: 16, within: 100) == 16..<32)
        #expect((90..<95 as Range<UInt64>).widened(to: 16, within: 95) == 80..<95)
    }

    @Test func `reads that follow each other are a walk, and go further ahead each time`() {
        let walk = ReadWalk()
        #expect(!walk.note(0..<4096), "one read is no walk")
        var ahead: UInt64 = 0
        for number in 1..<200 as Range<UInt64> {
            _ = walk.note(number * 131_072..<(number + 1) * 131_072)
            #expect(walk.byteCount >= ahead)
            ahead = walk.byteCount
        }
        #expect(walk.note(200 * 131_072..<201 * 131_072))
        #expect(ahead > 8 << 20 && ahead <= 16 << 20)
    }

    @Test func `reads here and there are none`() {
        let walk = ReadWalk()
        for number in 1..<100 as Range<UInt64> {
            let start = (number * 7_919 % 100) * (64 << 20) + (1 << 20)
            #expect(!walk.note(start..<start + 4096))
        }
    }
}
