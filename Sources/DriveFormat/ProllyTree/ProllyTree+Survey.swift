extension ProllyTree {
    /// Reads a whole tree in order, and goes on behind what cannot be read: for whoever wants to know of all that is damaged.
    ///
    /// - Parameters:
    ///   - entry: gets each entry that can be read.
    ///   - damage: gets what keeps a node, and so all below it, from being read; what it throws ends the survey.
    /// - Returns: the nodes that were read.
    /// - Throws: what `entry` and `damage` throw.
    @discardableResult
    public func survey(
        _ root: TreeRoot, entry: (ProllyEntry) async throws -> Void, damage: (any Error) async throws -> Void
    ) async throws -> Int { try await survey(root, first: nil, bound: nil, entry, damage) }

    /// - Parameters:
    ///   - first: the first key below, as the parent says.
    ///   - bound: a key that lies behind all below.
    private func survey(
        _ root: TreeRoot, first: [UInt8]?, bound: [UInt8]?, _ entry: (ProllyEntry) async throws -> Void,
        _ damage: (any Error) async throws -> Void
    ) async throws -> Int {
        let node: ProllyNode
        do {
            node = try await ProllyWalk.load(root, kind, in: nodes)
            if let first { try check(node, first: first, bound: bound) }
        } catch {
            try await damage(error)
            return 0
        }
        var count = 1
        for (index, item) in node.items.enumerated() {
            guard node.level > 0 else {
                try await entry(ProllyEntry(item))
                continue
            }
            let below = TreeRoot(
                reference: item.payload, level: node.level - 1, count: item.count, bytes: item.byteSum)
            let next = index + 1 < node.items.count ? node.items[index + 1].key : bound
            count += try await survey(below, first: item.key, bound: next, entry, damage)
        }
        return count
    }

    private func check(_ node: ProllyNode, first: [UInt8], bound: [UInt8]?) throws(ProllyError) {
        guard let lowest = node.items.first, let last = node.items.last else { throw .emptyNode }
        guard lowest.key == first else { throw .outsideParent }
        if kind.order == .map, let bound, !last.key.precedes(bound) { throw .outsideParent }
    }
}
