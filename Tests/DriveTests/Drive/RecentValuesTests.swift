import DriveFormat
import TestSupport
import Testing

@testable import Drive

struct RecentValuesTests {
    private static func key(_ number: Int) -> [UInt8] { [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)] }

    @Test(arguments: [1 << 20, 2000])
    func `keys in any order have their values, and a tree that fits is loaded once`(byteLimit: Int) async throws {
        var random = SplitMix64(seed: 7)
        let nodes = MemoryNodes()
        let tree = ProllyTree(.small(), in: nodes)
        // Of every other number, and of another tree with other values.
        func build(_ value: UInt8) async throws -> TreeRoot {
            try await tree.build(
                stride(from: 0, to: 2000, by: 2).map {
                    ProllyEntry(key: Self.key($0), value: [value, UInt8($0 & 0xff)])
                })
        }
        let (first, second) = (try await build(1), try await build(2))
        let nodeCount = nodes.storedCount
        let values = RecentValues(tree, byteLimit: byteLimit)
        for _ in 0..<3 {
            for number in (0..<2000).shuffled(using: &random) {
                let (root, value): (TreeRoot, UInt8) = number % 3 == 0 ? (first, 1) : (second, 2)
                let expected: [UInt8]? = number % 2 == 0 ? [value, UInt8(number & 0xff)] : nil
                #expect(try await values.value(of: Self.key(number), in: root) == expected, "\(number)")
            }
        }
        // What is missing is looked for each time: a path of the tree.
        let missing = 3 * 1000 * Int(max(first.level, second.level) + 1)
        if byteLimit > 2000 { #expect(nodes.loadedCount <= missing + nodeCount * Int(first.level + 1)) }
    }

    @Test func `an empty tree has nothing`() async throws {
        let tree = ProllyTree(.small(), in: MemoryNodes())
        #expect(try await RecentValues(tree).value(of: [1], in: tree.build([])) == nil)
    }
}
