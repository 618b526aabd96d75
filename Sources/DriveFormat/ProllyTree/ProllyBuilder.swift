/// Builds a tree from entries in order, with one open node a level in memory.
public struct ProllyBuilder: Sendable {
    private let kind: ProllyKind
    private let nodes: any ProllyNodes
    /// 0, or higher where the levels below exist already.
    private let base: UInt8
    private var levels: [Level] = []
    private var lastKey: [UInt8]?

    private struct Level: Sendable {
        var open: ProllyOpenNode
        var closedCount = 0
        var lastClosed: ProllyItem?
    }

    public init(_ kind: ProllyKind, in nodes: any ProllyNodes) { self.init(kind, in: nodes, base: 0) }

    init(_ kind: ProllyKind, in nodes: any ProllyNodes, base: UInt8) {
        self.kind = kind
        self.nodes = nodes
        self.base = base
    }

    /// Appends an entry; nodes that are complete with it are stored.
    ///
    /// - Throws: `ProllyError.notAscending` for a map's key that does not come after the last one, `tooLong`,
    ///   `badValue`; what `store` throws.
    public mutating func append(key: [UInt8], value: [UInt8]) async throws {
        guard let weight = kind.weight(key, value) else { throw ProllyError.badValue }
        try await append(ProllyItem(key: key, payload: value, count: 1, byteSum: weight))
    }

    public mutating func append(_ entry: ProllyEntry) async throws {
        try await append(key: entry.key, value: entry.value)
    }

    mutating func append(_ item: ProllyItem) async throws {
        if kind.order == .map {
            if let lastKey, !lastKey.precedes(item.key) { throw ProllyError.notAscending }
            lastKey = item.key
        }
        try await append(item, at: 0)
    }

    /// Stores what is still open.
    public mutating func finish() async throws -> TreeRoot {
        var index = 0
        // The root is the lowest level's only node; above it there is at most one item that nothing refers to.
        while index < levels.count {
            if !levels[index].open.isEmpty { try await close(index) }
            if levels[index].closedCount == 1, let root = levels[index].lastClosed {
                return TreeRoot(
                    reference: root.payload, level: levels[index].open.level, count: root.count, bytes: root.byteSum)
            }
            index += 1
        }
        let empty = try await nodes.store(ProllyNode.bytes(level: 0, itemCount: 0, body: []), level: 0)
        return TreeRoot(reference: empty, level: 0, count: 0, bytes: 0)
    }

    private mutating func append(_ item: ProllyItem, at index: Int) async throws {
        if index == levels.count {
            guard Int(base) + index < ProllyLimits.levelCount else { throw ProllyError.tooDeep }
            levels.append(Level(open: ProllyOpenNode(level: base + UInt8(index))))
        }
        let encoded = item.encoded(level: levels[index].open.level)
        if levels[index].open.mustClose(before: encoded, kind) { try await close(index) }
        if try levels[index].open.add(item, encoded: encoded, kind) { try await close(index) }
    }

    private mutating func close(_ index: Int) async throws {
        let closed = levels[index].open.close()
        let reference = try await nodes.store(closed.bytes, level: levels[index].open.level)
        let item = closed.item(reference: reference)
        levels[index].closedCount += 1
        levels[index].lastClosed = item
        try await append(item, at: index + 1)
    }
}
