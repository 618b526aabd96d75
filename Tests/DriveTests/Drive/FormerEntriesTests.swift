import DriveFormat
import SCALE
import TestSupport
import Testing

@testable import Drive

struct FormerEntriesTests {
    private static func entry(_ number: Int) -> Entry {
        Entry(
            type: .fifo, mode: 0o600, owner: .current, group: .currentGroup,
            modified: Timestamp(seconds: Int64(number), nanoseconds: 0),
            changed: Timestamp(seconds: 0, nanoseconds: 0))
    }

    private static func name(_ number: Int) -> [UInt8] { [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)] }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `what a directory has is found for any ascending names, near ones without loading a node twice`(
        seed: UInt64
    ) async throws {
        var random = SplitMix64(seed: seed)
        let nodes = MemoryNodes()
        let tree = ProllyTree(.small(), in: nodes)
        let there = (0..<2000).filter { _ in Int.random(in: 0..<3, using: &random) > 0 }
        let root = try await tree.build(
            there.map { ProllyEntry(key: Self.name($0), value: Self.entry($0).scaleBytes) })
        let nodeCount = nodes.storedCount

        let step = Int.random(in: 1...300, using: &random)
        let asked = (0..<2100).filter { _ in step == 1 || Int.random(in: 0..<step, using: &random) == 0 }
        let known = Set(there)
        let before = nodes.loadedCount
        var former = FormerEntries(of: root, in: tree)
        for number in asked {
            let found = try await former.entry(named: Self.name(number))
            #expect(found == (known.contains(number) ? Self.entry(number) : nil), "\(number)")
        }
        // Asked for one by one, each would be a path.
        if asked.count > 1000 { #expect(nodes.loadedCount - before <= nodeCount + 5) }
        #expect(nodes.loadedCount - before <= asked.count * Int(root.level + 1) + nodeCount)
    }

    @Test func `a new directory had nothing`() async throws {
        var former = FormerEntries(of: nil, in: ProllyTree(.small(), in: MemoryNodes()))
        #expect(try await former.entry(named: [1]) == nil)
    }
}
