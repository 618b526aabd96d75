/// Puts the nodes of one level together again where their items changed.
///
/// It sees every item from a border that stays to the next one that the old and the new nodes share. A node that
/// comes out as it was keeps its reference and is not stored again.
struct ProllyRewriter: Sendable {
    private let kind: ProllyKind
    private let nodes: any ProllyNodes
    private var open: ProllyOpenNode
    /// What was replaced and what replaces it, both in ascending order.
    private var removed: [ProllyItem] = []
    private(set) var added: [ProllyItem] = []
    /// Replaced nodes that may still come out unchanged.
    private var old: ArraySlice<(item: ProllyItem, bytes: [UInt8])> = []

    init(level: UInt8, _ kind: ProllyKind, in nodes: any ProllyNodes) {
        self.kind = kind
        self.nodes = nodes
        open = ProllyOpenNode(level: level)
    }

    /// Whether the last item taken is followed by a border.
    var isAtBorder: Bool { open.isEmpty }

    /// Whether a border lies here if `item` comes next.
    func isAtBorder(before item: ProllyItem) -> Bool {
        open.isEmpty || open.mustClose(before: item.encoded(level: open.level), kind)
    }

    /// The only item that there is, if no node was closed and one item is open.
    var onlyItem: ProllyItem? { added.isEmpty && open.itemCount == 1 ? open.firstItem : nil }

    /// Says that `node`, of which its parent says `item`, is being replaced.
    mutating func replace(_ node: ProllyNode, _ item: ProllyItem) {
        removed.append(item)
        old.append((item, node.bytes))
    }

    mutating func add(_ item: ProllyItem) async throws {
        let encoded = item.encoded(level: open.level)
        if open.mustClose(before: encoded, kind) { try await close() }
        if try open.add(item, encoded: encoded, kind) { try await close() }
    }

    /// Closes the open node, if there is one.
    mutating func close() async throws {
        guard !open.isEmpty else { return }
        let closed = open.close()
        while let first = old.first, first.item.key.precedes(closed.firstKey) { old.removeFirst() }
        if let first = old.first, first.bytes == closed.bytes {
            added.append(first.item)
        } else {
            added.append(closed.item(reference: try await nodes.store(closed.bytes, level: open.level)))
        }
    }

    /// What changed, as edits of the level above.
    var edits: [ProllyItemEdit] {
        var edits: [ProllyItemEdit] = []
        var replacing = added[...]
        for item in removed {
            while let next = replacing.first, next.key.precedes(item.key) {
                edits.append(ProllyItemEdit(key: next.key, item: next))
                replacing.removeFirst()
            }
            guard let next = replacing.first, next.key == item.key else {
                edits.append(ProllyItemEdit(key: item.key, item: nil))
                continue
            }
            if next != item { edits.append(ProllyItemEdit(key: next.key, item: next)) }
            replacing.removeFirst()
        }
        return edits + replacing.map { ProllyItemEdit(key: $0.key, item: $0) }
    }
}

/// A change to the items of a level.
struct ProllyItemEdit: Sendable {
    let key: [UInt8]
    let item: ProllyItem?
}
