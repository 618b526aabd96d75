/// A key that two maps hold differently.
public struct ProllyChange: Hashable, Sendable {
    public let key: [UInt8]
    /// nil where the old map lacks the key.
    public let old: [UInt8]?
    /// nil where the new map lacks the key.
    public let new: [UInt8]?
}

extension ProllyTree {
    /// Calls `body` for every key that two maps hold differently, in order. Subtrees of equal reference are not loaded.
    ///
    /// - Returns: whether `body` wanted all of it; it stops by returning false.
    @discardableResult
    public func forEachDifference(
        from old: TreeRoot, to new: TreeRoot, _ body: (ProllyChange) async throws -> Bool
    ) async throws -> Bool {
        precondition(kind.order == .map, "only maps are compared")
        if old == new { return true }
        var left = ProllyFrontier(old, self)
        var right = ProllyFrontier(new, self)
        while true {
            let change: ProllyChange
            switch (left.first, right.first) {
            case (nil, nil): return true
            case (let a?, let b?) where a == b:
                left.skip()
                right.skip()
                continue
            case (let a?, let b?) where a.level == 0 && b.level == 0 && a.item.key == b.item.key:
                change = ProllyChange(key: a.item.key, old: a.item.payload, new: b.item.payload)
                left.skip()
                right.skip()
            case (let a?, let b) where a.level == 0 && (b.map { a.item.key.precedes($0.item.key) } ?? true):
                change = ProllyChange(key: a.item.key, old: a.item.payload, new: nil)
                left.skip()
            case (let a, let b?) where b.level == 0 && (a.map { b.item.key.precedes($0.item.key) } ?? true):
                change = ProllyChange(key: b.item.key, old: nil, new: b.item.payload)
                right.skip()
            case (let a, let b):
                let isLeft = Self.opensFirst(a, b)
                if isLeft { try await left.open() } else { try await right.open() }
                continue
            }
            guard try await body(change) else { return false }
        }
    }

    /// Whether the left part is opened next: the one that begins first, else the higher one. Never an entry, since one
    /// that begins first is a change.
    private static func opensFirst(_ left: ProllyFrontier.Part?, _ right: ProllyFrontier.Part?) -> Bool {
        guard let left, let right else { return left != nil }
        return left.item.key == right.item.key
            ? left.level >= right.level : left.item.key.precedes(right.item.key)
    }
}

/// What of a tree has not been looked at yet: entries and whole subtrees, in order.
struct ProllyFrontier: Sendable {
    /// An entry (level 0), or a node by what its parent says: a leaf has level 1 here, as an item of a level-1 node.
    struct Part: Hashable, Sendable {
        let level: UInt8
        let item: ProllyItem
    }

    private let tree: ProllyTree
    /// Last is next.
    private var parts: [Part]

    init(_ root: TreeRoot, _ tree: ProllyTree) {
        self.tree = tree
        // The root's first key is not known before it is loaded; an empty one begins before all others.
        let item = ProllyItem(key: [], payload: root.reference, count: root.count, byteSum: root.bytes)
        parts = [Part(level: root.level + 1, item: item)]
    }

    var first: Part? { parts.last }

    mutating func skip() { parts.removeLast() }

    /// Replaces the first part, a node, by what it holds.
    mutating func open() async throws {
        let part = parts.removeLast()
        let root = TreeRoot(
            reference: part.item.payload, level: part.level - 1, count: part.item.count, bytes: part.item.byteSum)
        let node = try await ProllyWalk.load(root, tree.kind, in: tree.nodes)
        // As in a walk: a node begins as its parent says (of the root nobody does), and what comes next in the parent begins behind this node.
        if !part.item.key.isEmpty, node.items.first?.key != part.item.key { throw ProllyError.outsideParent }
        if let next = parts.last, let last = node.items.last, !last.key.precedes(next.item.key) {
            throw ProllyError.outsideParent
        }
        parts += node.items.reversed().map { Part(level: node.level, item: $0) }
    }
}
