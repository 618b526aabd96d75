import DriveFormat
import TestSupport
import Testing

struct RecentNodesTests {
    private static let entries = (0..<2000).map { number in
        ProllyEntry(key: [UInt8(number & 255), UInt8(number >> 8), 9], value: [UInt8](repeating: 1, count: 10))
    }

    @Test func `what is asked for again is not loaded again`() async throws {
        let nodes = MemoryNodes()
        let root = try await ProllyTree(.small(.sequence), in: nodes).build(Self.entries)
        #expect(root.level >= 2)
        let tree = ProllyTree(.small(.sequence), in: RecentNodes(nodes, byteLimit: 1 << 20))
        let before = nodes.loadedCount
        for _ in 0..<3 {
            for (number, entry) in Self.entries.enumerated() {
                let found = try #require(try await tree.locate(byte: UInt64(number) * 10 + 3, in: root))
                #expect(found.entry == entry && found.start == UInt64(number) * 10)
            }
        }
        #expect(nodes.loadedCount - before == nodes.all.count)
    }

    @Test func `no more is kept than the limit says, and all of it is right nevertheless`() async throws {
        let nodes = MemoryNodes()
        let root = try await ProllyTree(.small(.sequence), in: nodes).build(Self.entries)
        let tree = ProllyTree(.small(.sequence), in: RecentNodes(nodes, byteLimit: 4000))
        var random = SplitMix64(seed: 3)
        for _ in 0..<500 {
            let number = Int.random(in: 0..<2000, using: &random)
            let before = nodes.loadedCount
            #expect(try await tree.locate(byte: UInt64(number) * 10, in: root)?.entry == Self.entries[number])
            #expect(nodes.loadedCount - before <= Int(root.level) + 1)
        }
        let before = nodes.loadedCount
        #expect(try await tree.array(of: root) == Self.entries)
        // Twenty nodes of two hundred, or so, are there.
        #expect(nodes.loadedCount - before > nodes.all.count / 2)
    }

    @Test func `a damaged node is an error each time, and is read when it is whole again`() async throws {
        let nodes = MemoryNodes()
        let root = try await ProllyTree(.small(.sequence), in: nodes).build(Self.entries)
        let tree = ProllyTree(.small(.sequence), in: RecentNodes(nodes, byteLimit: 1 << 20))
        let whole = try #require(nodes.all[root.reference])
        nodes.damage(root.reference, [1, 2, 3])
        for _ in 0..<2 { await #expect(throws: ProllyError.self) { try await tree.locate(byte: 0, in: root) } }
        nodes.damage(root.reference, whole)
        #expect(try await tree.locate(byte: 0, in: root)?.entry == Self.entries[0])
    }
}
