import DriveFormat
import Primitives
import TestSupport
import Testing

@Suite struct ProllyEditTests {
    /// Edits of a map: replaced, removed and new keys, near each other or all over.
    private static func edits(
        of values: inout [[UInt8]: [UInt8]], count: Int, using random: inout SplitMix64
    ) -> [ProllyEdit] {
        var edits: [[UInt8]: [UInt8]?] = [:]
        let sorted = values.keys.sorted { $0.lexicographicallyPrecedes($1) }
        let start = sorted.isEmpty ? 0 : Int.random(in: 0..<sorted.count, using: &random)
        let isLocal = Bool.random(using: &random)
        for index in 0..<count {
            let existing: [UInt8]? =
                sorted.isEmpty
                ? nil : isLocal ? sorted[(start + index) % sorted.count] : sorted.randomElement(using: &random)
            switch (Int.random(in: 0..<4, using: &random), existing) {
            case (0, let key?), (1, let key?): edits[key] = .some(nil)
            case (2, let key?): edits[key] = .random(count: Int.random(in: 0...200, using: &random), using: &random)
            case (_, let key?) where isLocal:
                edits[key + [0]] = .random(count: Int.random(in: 0...60, using: &random), using: &random)
            default:
                let key = [UInt8].random(count: Int.random(in: 0...6, using: &random), using: &random)
                edits[key] = .random(count: Int.random(in: 0...60, using: &random), using: &random)
            }
        }
        for (key, value) in edits { values[key] = value }
        return edits.map { ProllyEdit(key: $0.key, value: $0.value) }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }

    private static func entries(_ values: [[UInt8]: [UInt8]]) -> [ProllyEntry] {
        values.map { ProllyEntry(key: $0.key, value: $0.value) }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `an edited map is the map built anew`(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let tree = ProllyTree(.small(), in: MemoryNodes())
        var values: [[UInt8]: [UInt8]] = [:]
        for _ in 0..<Int.random(in: 0...600, using: &random) {
            values[.random(count: Int.random(in: 1...6, using: &random), using: &random)] =
                .random(count: Int.random(in: 0...60, using: &random), using: &random)
        }
        var root = try await tree.build(Self.entries(values))
        for step in 0..<12 {
            let count = [1, 1, 2, 5, 30, 200].randomElement(using: &random) ?? 1
            let edits = Self.edits(of: &values, count: count, using: &random)
            root = try await tree.apply(edits, to: root)
            #expect(try await tree.build(Self.entries(values)) == root, "step \(step)")
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `a map can be emptied and filled again`(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let tree = ProllyTree(.small(), in: MemoryNodes())
        let entries = ProllyTreeTests.entries(400, seed: seed)
        let full = try await tree.build(entries)
        var root = full
        var keys = entries.map(\.key).shuffled(using: &random)
        while !keys.isEmpty {
            let some = keys.prefix(Int.random(in: 1...150, using: &random))
            keys.removeFirst(some.count)
            let edits = some.sorted { $0.lexicographicallyPrecedes($1) }.map { ProllyEdit(key: $0, value: nil) }
            root = try await tree.apply(edits, to: root)
        }
        #expect(try await tree.build([]) == root)
        root = try await tree.apply(entries.map { ProllyEdit(key: $0.key, value: $0.value) }, to: root)
        #expect(root == full)
    }

    @Test func `an edit of a large map touches a path`() async throws {
        let nodes = MemoryNodes()
        let tree = ProllyTree(.standard(), in: nodes)
        let entries = ProllyTreeTests.entries(20_000)
        let root = try await tree.build(entries)
        let (loaded, stored) = (nodes.loadedCount, nodes.storedCount)
        let edited = try await tree.apply([ProllyEdit(key: entries[9999].key, value: [1, 2, 3])], to: root)
        #expect(edited != root)
        #expect(nodes.loadedCount - loaded <= 8)
        #expect(nodes.storedCount - stored <= 4)
    }

    @Test func `edits that change nothing store nothing`() async throws {
        let nodes = MemoryNodes(numbering: true)
        let tree = ProllyTree(.small(), in: nodes)
        let entries = ProllyTreeTests.entries(500)
        let root = try await tree.build(entries)
        let stored = nodes.storedCount
        let edits =
            entries.enumerated().filter { $0.offset % 7 == 0 }.map { ProllyEdit(key: $1.key, value: $1.value) }
        #expect(try await tree.apply(edits, to: root) == root)
        #expect(
            try await tree.apply([ProllyEdit(key: [9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9], value: nil)], to: root)
                == root)
        #expect(try await tree.apply([], to: root) == root)
        #expect(nodes.storedCount == stored)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `nodes that stay the same keep their references`(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let nodes = MemoryNodes(numbering: true)
        let tree = ProllyTree(.small(), in: nodes)
        let entries = ProllyTreeTests.entries(500, seed: seed)
        let root = try await tree.build(entries)
        var values = Dictionary(uniqueKeysWithValues: entries.map { ($0.key, $0.value) })
        let edited = try await tree.apply(Self.edits(of: &values, count: 5, using: &random), to: root)
        #expect(try await tree.array(of: edited) == Self.entries(values))
        var reachable: [[UInt8]] = []
        try await tree.forEachNode(of: edited) { reference, _ in
            reachable.append(reference)
            return true
        }
        // Numbered names tell copies apart: no two reachable nodes are equal, so nothing was stored twice.
        let all = nodes.all
        var contents: Set<[UInt8]> = []
        for reference in reachable { contents.insert(all[reference] ?? []) }
        #expect(contents.count == reachable.count)
        var old: Set<[UInt8]> = []
        try await tree.forEachNode(of: root) { reference, _ in
            old.insert(reference)
            return true
        }
        let oldContents = Set(old.map { all[$0] ?? [] })
        for reference in reachable where !old.contains(reference) {
            #expect(!oldContents.contains(all[reference] ?? []), "stored again though it was there")
        }
    }

    @Test func `edits that do not ascend are refused`() async throws {
        let tree = ProllyTree(.small(), in: MemoryNodes())
        let root = try await tree.build([])
        await #expect(throws: ProllyError.notAscending) {
            try await tree.apply([.init(key: [2], value: []), .init(key: [2], value: nil)], to: root)
        }
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `differences are those of the entries`(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let nodes = MemoryNodes(numbering: seed % 2 == 0)
        let tree = ProllyTree(.small(), in: nodes)
        let entries = ProllyTreeTests.entries(Int.random(in: 0...600, using: &random), seed: seed)
        let old = try await tree.build(entries)
        let before = Dictionary(uniqueKeysWithValues: entries.map { ($0.key, $0.value) })
        var after = before
        let count = Int.random(in: 0...40, using: &random)
        let new = try await tree.apply(Self.edits(of: &after, count: count, using: &random), to: old)
        var changes: [ProllyChange] = []
        try await tree.forEachDifference(from: old, to: new) {
            changes.append($0)
            return true
        }
        let keys = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
        #expect(changes.map(\.key) == keys.sorted { $0.lexicographicallyPrecedes($1) })
        #expect(changes.allSatisfy { $0.old == before[$0.key] && $0.new == after[$0.key] })
    }

    @Test func `comparing large maps loads the paths that differ`() async throws {
        let nodes = MemoryNodes()
        let tree = ProllyTree(.standard(), in: nodes)
        let entries = ProllyTreeTests.entries(20_000)
        let old = try await tree.build(entries)
        let new = try await tree.apply([ProllyEdit(key: entries[5000].key, value: nil)], to: old)
        let loaded = nodes.loadedCount
        try await tree.forEachDifference(from: old, to: new) { _ in true }
        #expect(nodes.loadedCount - loaded <= 8)
    }
}
