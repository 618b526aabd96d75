import DriveFormat
import Primitives
import SCALE
import TestSupport
import Testing

@Suite struct ProllyTreeTests {
    static func entries(_ count: Int, seed: UInt64 = 1) -> [ProllyEntry] {
        var random = SplitMix64(seed: seed)
        var values: [[UInt8]: [UInt8]] = [:]
        while values.count < count {
            let key = [UInt8].random(count: Int.random(in: 1...12, using: &random), using: &random)
            values[key] = [UInt8].random(count: Int.random(in: 0...60, using: &random), using: &random)
        }
        return values.map { ProllyEntry(key: $0.key, value: $0.value) }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }

    @Test(arguments: [0, 1, 2, 10, 100, 1000, 3000])
    func `all entries come back in order, and each by its key`(count: Int) async throws {
        let entries = Self.entries(count)
        let tree = ProllyTree(.small(), in: MemoryNodes())
        let root = try await tree.build(entries)
        #expect(root.count == UInt64(count))
        #expect(root.bytes == UInt64(entries.reduce(0) { $0 + $1.value.count }))
        #expect(try await tree.array(of: root) == entries)
        for entry in entries.prefix(200) { #expect(try await tree.lookup(entry.key, in: root) == entry.value) }
        #expect(try await tree.lookup([UInt8](repeating: 3, count: 20), in: root) == nil)
        #expect(try await tree.lookup([], in: root) == nil)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `a scan begins at the first key that is not smaller`(seed: UInt64) async throws {
        let entries = Self.entries(500, seed: seed)
        let tree = ProllyTree(.small(), in: MemoryNodes())
        let root = try await tree.build(entries)
        var random = SplitMix64(seed: seed)
        for key in [[], [255, 255, 255, 255], entries[17].key, .random(count: 3, using: &random)] {
            let expected = entries.filter { !$0.key.lexicographicallyPrecedes(key) }
            #expect(try await tree.array(of: root, from: key) == expected)
        }
    }

    @Test func `a path is all that a lookup loads`() async throws {
        let nodes = MemoryNodes()
        let tree = ProllyTree(.standard(), in: nodes)
        let entries = Self.entries(20_000)
        let root = try await tree.build(entries)
        let before = nodes.loadedCount
        _ = try await tree.lookup(entries[7777].key, in: root)
        #expect(nodes.loadedCount - before == Int(root.level) + 1)
    }

    @Test func `nodes keep to the format's sizes`() async throws {
        let nodes = MemoryNodes()
        let root = try await ProllyTree(.standard(), in: nodes).build(Self.entries(20_000))
        #expect(root.level >= 1)
        let sizes = nodes.all.values.filter { $0[1] == 0 }.map(\.count)
        #expect(sizes.allSatisfy { $0 <= 65_536 + 6 })
        #expect(sizes.filter { $0 < 4096 }.count <= 1)  // the last one
        #expect(8_000..<24_000 ~= sizes.reduce(0, +) / sizes.count)
    }

    @Test func `a sequence keeps its order and its repetitions`() async throws {
        let tree = ProllyTree(.small(.sequence), in: MemoryNodes())
        let once = Self.entries(300).reversed()
        let entries = Array(once) + Array(once) + [ProllyEntry](repeating: once[once.startIndex], count: 100)
        let root = try await tree.build(entries)
        #expect(try await tree.array(of: root) == entries)
    }

    @Test func `a byte of a sequence is found in its entry`() async throws {
        let tree = ProllyTree(.small(.sequence), in: MemoryNodes())
        let entries = Self.entries(300)
        let root = try await tree.build(entries)
        var start: UInt64 = 0
        for (index, entry) in entries.enumerated() where !entry.value.isEmpty {
            let first = try #require(try await tree.locate(byte: start, in: root))
            #expect(first.entry == entry && first.start == start)
            let last = try #require(try await tree.locate(byte: start + UInt64(entry.value.count) - 1, in: root))
            #expect(last.entry == entry && last.start == start)
            if index == 150 {
                let rest = try await tree.entries(of: root, fromByte: start).reduce(into: []) { $0.append($1) }
                #expect(rest == Array(entries[150...]))
            }
            start += UInt64(entry.value.count)
        }
        #expect(try await tree.locate(byte: start, in: root) == nil)
        #expect(try await tree.locate(byte: .max, in: root) == nil)
    }

    @Test func `keys of a map that do not ascend are refused`() async throws {
        let tree = ProllyTree(.small(), in: MemoryNodes())
        for keys in [[[1], [1]], [[2], [1]]] as [[[UInt8]]] {
            await #expect(throws: ProllyError.notAscending) {
                try await tree.build(keys.map { ProllyEntry(key: $0, value: []) })
            }
        }
    }

    @Test func `keys and entries that are too long are refused`() async throws {
        let tree = ProllyTree(.standard(), in: MemoryNodes())
        let key = [UInt8](repeating: 1, count: 1025)
        await #expect(throws: ProllyError.tooLong(byteCount: 1025)) {
            try await tree.build([.init(key: key, value: [])])
        }
        let value = [UInt8](repeating: 1, count: 524_288)
        await #expect(throws: ProllyError.self) { try await tree.build([.init(key: [1], value: value)]) }
    }

    @Test func `long entries stand alone in their nodes`() async throws {
        let nodes = MemoryNodes()
        let tree = ProllyTree(.standard(), in: nodes)
        let entries = (0..<9 as Range<UInt8>).map {
            ProllyEntry(key: [$0], value: [UInt8](repeating: $0, count: 70_000))
        }
        let root = try await tree.build(entries)
        #expect(nodes.storedCount == 10)
        #expect(try await tree.array(of: root) == entries)
    }

    @Test(arguments: 0..<30 as Range<UInt64>)
    func `merged maps hold the newest value of every key`(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let tree = ProllyTree(.small(), in: MemoryNodes())
        var roots: [TreeRoot] = []
        var expected: [[UInt8]: [UInt8]] = [:]
        for _ in 0..<Int.random(in: 0...5, using: &random) {
            let count = Int.random(in: 0...200, using: &random)
            var values: [[UInt8]: [UInt8]] = [:]
            for _ in 0..<count {
                values[[UInt8.random(in: 0...255, using: &random)]] = .random(count: 9, using: &random)
            }
            expected.merge(values) { _, new in new }
            let entries = values.map { ProllyEntry(key: $0.key, value: $0.value) }
            roots.insert(try await tree.build(entries.sorted { $0.key[0] < $1.key[0] }), at: 0)
        }
        let newest = (0..<UInt8.random(in: 0...9, using: &random)).map { number in
            ProllyEntry(key: [number * 28], value: [number])
        }
        for entry in newest { expected[entry.key] = entry.value }
        let merged = try await tree.merge(
            AsyncStream { stream in
                for entry in newest { stream.yield(entry) }
                stream.finish()
            }, over: roots)
        let entries = expected.map { ProllyEntry(key: $0.key, value: $0.value) }.sorted { $0.key[0] < $1.key[0] }
        #expect(try await tree.build(entries) == merged)
    }

    @Test func `every node of a tree is named, parents first`() async throws {
        let nodes = MemoryNodes()
        let tree = ProllyTree(.small(), in: nodes)
        let root = try await tree.build(Self.entries(1000))
        var seen: Set<[UInt8]> = []
        var levels: [UInt8] = []
        try await tree.forEachNode(of: root) { reference, level in
            levels.append(level)
            return seen.insert(reference).inserted
        }
        #expect(seen == Set(nodes.all.keys))
        #expect(levels.first == root.level)
    }
}
