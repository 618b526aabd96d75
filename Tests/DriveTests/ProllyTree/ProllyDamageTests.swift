import DriveFormat
import Primitives
import SCALE
import TestSupport
import Testing

/// A store may answer anything.
@Suite struct ProllyDamageTests {
    private static let hash = [UInt8](repeating: 5, count: 32)

    private static func node(version: UInt8 = 1, level: UInt8, _ items: [(key: [UInt8], rest: [UInt8])]) -> [UInt8] {
        var encoder = ScaleEncoder()
        encoder.integer(version)
        encoder.integer(level)
        encoder.vector(items) {
            $0.byteVector($1.key)
            $0.raw($1.rest)
        }
        return encoder.bytes
    }

    /// What follows the key of an inner item.
    private static func child(_ reference: [UInt8], _ count: UInt64, _ bytes: UInt64) -> [UInt8] {
        var encoder = ScaleEncoder()
        encoder.byteVector(reference)
        encoder.compact(count)
        encoder.compact(bytes)
        return encoder.bytes
    }

    private static func read(
        _ nodes: MemoryNodes, root: [UInt8], level: UInt8, count: UInt64, bytes: UInt64 = 0,
        _ kind: ProllyKind = .small()
    ) async throws -> [ProllyEntry] {
        try await ProllyTree(kind, in: nodes).array(
            of: TreeRoot(reference: root, level: level, count: count, bytes: bytes))
    }

    /// Entries without values: key 1, 2, ….
    private static func leaf(_ keys: [UInt8]) -> [UInt8] { node(level: 0, keys.map { ([$0], [0]) }) }

    private static func readAlone(_ node: [UInt8], count: UInt64, level: UInt8 = 0) async throws -> [ProllyEntry] {
        let nodes = MemoryNodes()
        nodes.damage(hash, node)
        return try await read(nodes, root: hash, level: level, count: count)
    }

    @Test func `a node by hand is read`() async throws {
        #expect(try await Self.readAlone(Self.leaf([1, 2]), count: 2).map(\.key) == [[1], [2]])
    }

    @Test func `another version is refused`() async {
        await #expect(throws: ProllyError.unknownVersion(2)) {
            try await Self.readAlone([2] + Self.leaf([1]).dropFirst(), count: 1)
        }
    }

    @Test func `keys out of order are refused`() async {
        await #expect(throws: ProllyError.notAscending) { try await Self.readAlone(Self.leaf([2, 1]), count: 2) }
        await #expect(throws: ProllyError.notAscending) { try await Self.readAlone(Self.leaf([1, 1]), count: 2) }
    }

    @Test func `other totals than announced are refused`() async {
        await #expect(throws: ProllyError.wrongTotals) { try await Self.readAlone(Self.leaf([1, 2]), count: 3) }
    }

    @Test func `a leaf where an inner node should be is refused`() async {
        await #expect(throws: ProllyError.wrongLevel(0, expected: 1)) {
            try await Self.readAlone(Self.leaf([1, 2]), count: 2, level: 1)
        }
    }

    @Test func `too many levels are refused`() async {
        await #expect(throws: ProllyError.tooDeep) { try await Self.readAlone(Self.leaf([1]), count: 1, level: 16) }
        await #expect(throws: ProllyError.tooDeep) {
            try await Self.readAlone(Self.node(level: 16, [([1], Self.child(Self.hash, 1, 0))]), count: 1)
        }
    }

    @Test func `nodes longer than a MiB and bytes left over are refused`() async {
        await #expect(throws: ProllyError.tooLong(byteCount: 1_048_577)) {
            try await Self.readAlone([UInt8](repeating: 0, count: 1_048_577), count: 0)
        }
        await #expect(throws: ProllyError.malformed(.trailing(count: 1))) {
            try await Self.readAlone(Self.leaf([1]) + [0], count: 1)
        }
    }

    @Test(
        arguments: [
            [([1], [1, 2]), ([3], [3, 4])], [([1], [1, 3]), ([3], [3, 4])], [([1], [2]), ([3], [3])],
            [([1], [1, 2]), ([3], [])],
        ] as [[([UInt8], [UInt8])]])
    func `children are where their parent says`(children: [([UInt8], [UInt8])]) async throws {
        let nodes = MemoryNodes()
        var items: [(key: [UInt8], rest: [UInt8])] = []
        for (key, keys) in children {
            let reference = try await nodes.store(Self.leaf(keys), level: 0)
            items.append((key, Self.child(reference, UInt64(max(1, keys.count)), 0)))
        }
        let root = try await nodes.store(Self.node(level: 1, items), level: 1)
        let count = UInt64(children.reduce(0) { $0 + max(1, $1.1.count) })
        if children[0].1 == [1, 2], children[1].1 == [3, 4] {
            #expect(try await Self.read(nodes, root: root, level: 1, count: count).count == 4)
        } else {
            await #expect(throws: ProllyError.self) { try await Self.read(nodes, root: root, level: 1, count: count) }
        }
    }

    @Test func `a node that refers to itself ends at its level`() async throws {
        let nodes = MemoryNodes()
        nodes.damage(Self.hash, Self.node(level: 1, [([1], Self.child(Self.hash, 1, 0))]))
        await #expect(throws: ProllyError.wrongLevel(1, expected: 0)) {
            try await Self.read(nodes, root: Self.hash, level: 1, count: 1)
        }
    }

    @Test func `sums that pass 2⁶⁴ are refused`() async throws {
        let items = [([1], Self.child(Self.hash, .max, 0)), ([2], Self.child(Self.hash, 1, 0))] as [([UInt8], [UInt8])]
        await #expect(throws: ProllyError.wrongTotals) {
            try await Self.readAlone(Self.node(level: 1, items), count: 0, level: 1)
        }
    }

    @Test func `an empty inner node and an empty reference are refused`() async {
        await #expect(throws: ProllyError.emptyNode) {
            try await Self.readAlone(Self.node(level: 1, []), count: 0, level: 1)
        }
        await #expect(throws: ProllyError.self) {
            try await Self.readAlone(Self.node(level: 1, [([1], Self.child([], 1, 0))]), count: 1, level: 1)
        }
    }

    @Test(arguments: 0..<300 as Range<UInt64>)
    func `damaged nodes give an error or some entries, never a trap`(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let nodes = MemoryNodes()
        let tree = ProllyTree(.small(seed % 3 == 0 ? .sequence : .map), in: nodes)
        let entries = ProllyTreeTests.entries(60, seed: seed)
        let root = try await tree.build(entries)
        guard let (reference, node) = nodes.all.sorted(by: { $0.key.precedes($1.key) }).randomElement(using: &random)
        else { return }
        var damaged = node
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
            damaged.removeLast(Int.random(in: 1...damaged.count, using: &random))
        }
        nodes.damage(reference, damaged)
        _ = try? await tree.array(of: root)
        _ = try? await tree.locate(byte: 500, in: root)
        guard tree.kind.order == .map else { return }
        _ = try? await tree.lookup(entries[30].key, in: root)
        _ = try? await tree.apply([ProllyEdit(key: entries[20].key, value: nil)], to: root)
        _ = try? await tree.forEachDifference(from: root, to: try await tree.build(entries.dropLast(7))) { _ in true }
    }
}

extension [UInt8] {
    fileprivate func precedes(_ other: [UInt8]) -> Bool { lexicographicallyPrecedes(other) }
}
