import DriveFormat
import Testing

@testable import Drive

struct IndexGrowthTests {
    private static func run(_ count: UInt64, level: UInt8) -> IndexRun {
        IndexRun(
            level: level,
            root: TreeRoot(reference: [UInt8](repeating: 0, count: 87), level: 0, count: count, bytes: 0))
    }

    /// The runs after commits that add so many entries each, and how many were written in all.
    private static func grow(
        _ runs: [IndexRun] = [], by counts: some Sequence<UInt64>
    ) -> (runs: [IndexRun], written: UInt64) {
        var (runs, written) = (runs, UInt64(0))
        for count in counts {
            let growth = IndexGrowth(adding: count, to: runs)
            let total = runs.prefix(growth.depth).reduce(count) { $0 + $1.root.count }
            runs.replaceSubrange(0..<growth.depth, with: [run(total, level: growth.level)])
            written += total
            #expect(zip(runs, runs.dropFirst()).allSatisfy { $0.level <= $1.level }, "levels never descend")
        }
        return (runs, written)
    }

    @Test func `the runs of many small commits stay few, and little is written twice`() {
        let (runs, written) = Self.grow(by: repeatElement(3, count: 20_000))
        #expect(runs.count <= 8 * 4)
        #expect(runs.reduce(0) { $0 + $1.root.count } == 60_000)
        // Runs of level 0 are merged every eighth commit until they hold 512; after that once a level.
        #expect(written < 60_000 * 40)
    }

    @Test func `a small commit after a large one does not write the large run anew`() {
        let (large, _) = Self.grow(by: [1_000_000])
        let (runs, written) = Self.grow(large, by: repeatElement(3, count: 1000))
        #expect(runs.last == large.last)
        #expect(written < 1000 * 200)
    }

    @Test func `a large commit takes in the small runs before it`() {
        let (small, _) = Self.grow(by: repeatElement(100, count: 5))
        #expect(small.count == 5)
        let (runs, _) = Self.grow(small, by: [100_000])
        #expect(runs.count == 1)
        #expect(runs[0].root.count == 100_500)
    }

    @Test func `the runs of many branches are brought below what a commit lists`() {
        let branches = (0..<60 as Range<UInt64>).map { Self.run(10_000_000 + $0, level: 5) }
        let growth = IndexGrowth(adding: 1, to: branches)
        #expect(branches.count - growth.depth < Commit.runLimit - 1)
    }
}
