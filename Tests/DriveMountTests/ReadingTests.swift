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
        #expect(walk.note(0..<4096) == 0, "one read is no walk")
        var ahead: UInt64 = 0
        for number in 1..<200 as Range<UInt64> {
            let distance = walk.note(number * 131_072..<(number + 1) * 131_072)
            #expect(distance >= ahead)
            ahead = distance
        }
        #expect(ahead > 8 << 20 && ahead <= 16 << 20)
    }

    @Test func `whoever begins at the beginning, and reads much, is taken to go on`() {
        #expect(ReadWalk().note(0..<131_072) > 0)
        #expect(ReadWalk().note(131_072..<262_144) == 0)
    }

    @Test func `reads here and there are none`() {
        let walk = ReadWalk()
        for number in 1..<100 as Range<UInt64> {
            let start = (number * 7_919 % 100) * (64 << 20) + (1 << 20)
            #expect(walk.note(start..<start + 4096) == 0)
        }
    }

    @Test func `what is ahead is looked at once`() {
        let walk = ReadWalk()
        _ = walk.note(0..<131_072)
        #expect(walk.unarranged(131_072..<1 << 20, isLast: false) == 131_072..<1 << 20)
        walk.arrange(upTo: 1 << 20)
        #expect(walk.unarranged(131_072..<1 << 20, isLast: false) == nil)
        #expect(walk.unarranged(131_072..<(1 << 20) + 4096, isLast: false) == nil, "too little")
        #expect(walk.unarranged(131_072..<(1 << 20) + 4096, isLast: true) == 1_048_576..<1_052_672)
        // Somewhere else everything is to be looked at.
        _ = walk.note(100 << 20..<101 << 20)
        #expect(walk.unarranged(101 << 20..<102 << 20, isLast: false) == 101 << 20..<102 << 20)
    }

    /// Reads ahead over a line of so many bytes a second, so far away, that all fetches share.
    ///
    /// - Returns: the mean of the limit, and bytes a second, in the second half of 20 seconds.
    private func settled(rate: Double, latency: Double) -> (limit: Double, rate: Double) {
        var pace = FetchPace()
        var now = ContinuousClock.now
        var running: [(mark: FetchPace.Mark, left: Double, byteCount: UInt64, first: ContinuousClock.Instant)] = []
        var (limits, came) = (0.0, 0.0)
        for moment in 0..<20_000 {
            while let count = pace.room() {
                running.append((pace.began(count, at: now), Double(count), count, now + .seconds(latency)))
            }
            now += .milliseconds(1)
            let active = running.indices.filter { running[$0].first <= now }
            for index in active { running[index].left -= rate * 0.001 / Double(active.count) }
            for piece in running where piece.left <= 0 {
                pace.came(piece.byteCount, since: piece.mark, at: now)
                pace.ended(piece.byteCount)
                if moment >= 10_000 { came += Double(piece.byteCount) / 10 }
            }
            running.removeAll { $0.left <= 0 }
            if moment >= 10_000 { limits += Double(pace.limit) / 10_000 }
        }
        return (limits, came)
    }

    @Test func `a slow line is kept busy for a moment, not for seconds`() {
        let (limit, rate) = settled(rate: 6.25e6, latency: 0.05)
        #expect(rate > 4.5e6)
        #expect(limit < 3e6, "that is on its way when somebody looks elsewhere")
    }

    @Test func `a fast line is filled, also where it is long`() {
        #expect(settled(rate: 300e6, latency: 0.001).rate > 220e6)
        #expect(settled(rate: 40e6, latency: 0.2).rate > 18e6)
        #expect(settled(rate: 6.25e6, latency: 0.3).rate > 4e6)
    }
}
