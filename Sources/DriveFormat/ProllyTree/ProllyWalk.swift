/// A place among the items of one level, and the way to it from the root.
///
/// Nodes are loaded as the walk enters them, and checked against what their parents say.
struct ProllyWalk: Sendable {
    private let kind: ProllyKind
    private let nodes: any ProllyNodes
    /// The level whose items are walked: entries at 0.
    private let floor: UInt8
    /// From the root's level, or a stand-in above it that refers to the root, down to the floor.
    private var stack: [Step] = []

    private struct Step: Sendable {
        let level: UInt8
        let items: [ProllyItem]
        var index: Int
    }

    /// A walk that stands nowhere yet: `descend`, `seek` or `seek(byte:)` comes next.
    ///
    /// - Parameter floor: at most one above the root's level; there, the only item refers to the root.
    init(_ root: TreeRoot, _ kind: ProllyKind, in nodes: any ProllyNodes, floor: UInt8 = 0) async throws {
        self.kind = kind
        self.nodes = nodes
        self.floor = floor
        let node = try await Self.load(root, kind, in: nodes)
        precondition(floor <= root.level + 1, "the floor is not above the tree")
        if floor > root.level {
            let item = ProllyItem(
                key: node.items.first?.key ?? [], payload: root.reference, count: root.count, byteSum: root.bytes)
            stack = [Step(level: floor, items: [item], index: 0)]
        } else {
            stack = [Step(level: root.level, items: node.items, index: 0)]
        }
    }

    // MARK: The place

    /// The item here; nil behind the last one.
    var current: ProllyItem? {
        guard let step = stack.last, step.level == floor, step.index < step.items.count else { return nil }
        return step.items[step.index]
    }

    /// All items of the node that holds the one here.
    var neighbours: [ProllyItem] { stack.last.map { $0.level == floor ? $0.items : [] } ?? [] }

    /// The next item's key, if there is one.
    var bound: [UInt8]? { bound(above: stack.count) }

    /// The first key that lies behind the item at a depth of the way.
    private func bound(above depth: Int) -> [UInt8]? {
        stack[..<depth].last { $0.index + 1 < $0.items.count }.map { $0.items[$0.index + 1].key }
    }

    /// The node that the item here refers to.
    func loadCurrent() async throws -> ProllyNode? {
        guard floor > 0, let item = current else { return nil }
        return try await load(item, level: floor - 1, below: bound)
    }

    // MARK: Steps

    /// From an item above the floor down to the first item below it.
    mutating func descend() async throws { try await descend { _ in 0 } }

    /// To the last item whose key does not come after `key`, else to the first one. Never backwards.
    mutating func seek(_ key: [UInt8]) async throws {
        // Up, until the node here holds the key.
        while stack.count > 1, let bound = bound(above: stack.count - 1), !key.precedes(bound) { stack.removeLast() }
        guard let top = stack.indices.last else { return }
        stack[top].index = max(stack[top].index, stack[top].items.index(for: key))
        try await descend { $0.index(for: key) }
    }

    /// To the item that holds the byte at an offset, counting the items' weights from the beginning.
    ///
    /// - Returns: the offset at which that item begins; nil, and no place, behind the last byte.
    mutating func seek(byte offset: UInt64) async throws -> UInt64? {
        guard stack.count == 1 else { preconditionFailure("a fresh walk") }
        var start: UInt64 = 0
        func index(in items: [ProllyItem]) -> Int {
            for (index, item) in items.enumerated() {
                // Totals were checked, so this cannot pass 2⁶⁴.
                if offset < start + item.byteSum { return index }
                start += item.byteSum
            }
            return items.count
        }
        stack[0].index = index(in: stack[0].items)
        try await descend(index)
        return current == nil ? nil : start
    }

    /// To the next item, or behind the last one.
    mutating func advance() async throws {
        guard let top = stack.indices.last else { return }
        stack[top].index += 1
        while stack.count > 1, let step = stack.last, step.index == step.items.count {
            stack.removeLast()
            stack[stack.count - 1].index += 1
        }
        try await descend()
    }

    /// To the item before this one; not at all from the first one.
    mutating func retreat() async throws {
        guard stack.contains(where: { $0.index > 0 }) else { return }
        while let step = stack.last, step.index == 0 { stack.removeLast() }
        stack[stack.count - 1].index -= 1
        try await descend { $0.count - 1 }
    }

    private mutating func descend(_ index: ([ProllyItem]) -> Int) async throws {
        while let step = stack.last, step.level > floor, step.index < step.items.count {
            let node = try await load(step.items[step.index], level: step.level - 1, below: bound)
            stack.append(Step(level: node.level, items: node.items, index: index(node.items)))
        }
    }

    // MARK: Nodes

    private func load(_ item: ProllyItem, level: UInt8, below bound: [UInt8]?) async throws -> ProllyNode {
        let node = try await Self.load(item.payload, level: level, kind, in: nodes)
        guard node.totals == ProllyTotals(count: item.count, byteSum: item.byteSum) else {
            throw ProllyError.wrongTotals
        }
        guard let first = node.items.first, let last = node.items.last else {
            // Only the root may be empty, and it is no other node's child.
            guard item.count == 0 else { throw ProllyError.emptyNode }
            return node
        }
        guard first.key == item.key else { throw ProllyError.outsideParent }
        if kind.order == .map, let bound, !last.key.precedes(bound) { throw ProllyError.outsideParent }
        return node
    }

    /// The root node, or one that a parent names, without its place in the order being checked.
    static func load(_ root: TreeRoot, _ kind: ProllyKind, in nodes: any ProllyNodes) async throws -> ProllyNode {
        guard root.level < ProllyLimits.levelCount else { throw ProllyError.tooDeep }
        let node = try await Self.load(root.reference, level: root.level, kind, in: nodes)
        guard node.totals == ProllyTotals(count: root.count, byteSum: root.bytes) else {
            throw ProllyError.wrongTotals
        }
        return node
    }

    private static func load(
        _ reference: [UInt8], level: UInt8, _ kind: ProllyKind, in nodes: any ProllyNodes
    ) async throws -> ProllyNode {
        let node =
            if let recent = nodes as? RecentNodes { try await recent.node(reference, of: kind) } else {
                try ProllyNode(try await nodes.load(reference), kind: kind)
            }
        guard node.level == level else { throw ProllyError.wrongLevel(node.level, expected: level) }
        return node
    }
}
