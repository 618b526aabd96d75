extension ProllyTree {
    /// Changes a map: the result is the tree that building it anew would give, borders and all.
    ///
    /// Level by level from the leaves up, the nodes that an edit touches are put together again, and those behind them
    /// until old and new borders meet; everything else is neither loaded nor stored. Edits that change nothing give
    /// the same root.
    ///
    /// - Parameter edits: keys strictly ascending.
    /// - Throws: `ProllyError.notAscending`, `badValue` or `tooLong` for edits that cannot be; what `load` and `store`
    ///   throw. Nodes stored before an error are left over.
    public func apply(_ edits: [ProllyEdit], to root: TreeRoot) async throws -> TreeRoot {
        precondition(kind.order == .map, "only maps are edited by key")
        guard zip(edits, edits.dropFirst()).allSatisfy({ $0.key.precedes($1.key) }) else {
            throw ProllyError.notAscending
        }
        var pending = try edits.map { edit in
            guard let value = edit.value else { return ProllyItemEdit(key: edit.key, item: nil) }
            guard let weight = kind.weight(edit.key, value) else { throw ProllyError.badValue }
            let item = ProllyItem(key: edit.key, payload: value, count: 1, byteSum: weight)
            return ProllyItemEdit(key: edit.key, item: item)
        }
        for level in 0...root.level {
            if pending.isEmpty { return root }
            let rewriter = try await rewrite(level, of: root, pending)
            guard level == root.level else {
                pending = rewriter.edits
                continue
            }
            return try await finish(rewriter, replacing: root)
        }
        return root
    }

    /// Applies edits to the items on one level.
    private func rewrite(
        _ level: UInt8, of root: TreeRoot, _ edits: [ProllyItemEdit]
    ) async throws -> ProllyRewriter {
        var rewriter = ProllyRewriter(level: level, kind, in: nodes)
        var edits = edits[...]
        var walk = try await ProllyWalk(root, kind, in: nodes, floor: level + 1)
        while let first = edits.first {
            try await walk.seek(first.key)
            // A border may lie where it does because of the item behind it; when that changes, the node before may too.
            if let current = walk.current, !current.key.precedes(first.key) { try await walk.retreat() }
            try await rewriteRun(&walk, &edits, &rewriter, isTop: level == root.level)
        }
        return rewriter
    }

    /// Rewrites nodes from the one here on, until the old and the new borders meet and no edit falls into the next node.
    private func rewriteRun(
        _ walk: inout ProllyWalk, _ edits: inout ArraySlice<ProllyItemEdit>, _ rewriter: inout ProllyRewriter,
        isTop: Bool
    ) async throws {
        while let item = walk.current, let node = try await walk.loadCurrent() {
            let bound = walk.bound
            rewriter.replace(node, item)
            try await Self.merge(node.items, &edits, below: bound, into: &rewriter)
            guard bound != nil else {
                // An inner root of one item is superfluous: the item's node is the root.
                if !(isTop && node.level > 0 && rewriter.onlyItem != nil) { try await rewriter.close() }
                return
            }
            try await walk.advance()
            if let next = edits.first, Self.lies(next.key, below: walk.bound) { continue }
            if rewriter.isAtBorder { return }
            if let next = try await walk.loadCurrent()?.items.first, rewriter.isAtBorder(before: next) {
                return try await rewriter.close()
            }
        }
    }

    /// Feeds a node's items, changed by the edits that fall into it.
    private static func merge(
        _ items: [ProllyItem], _ edits: inout ArraySlice<ProllyItemEdit>, below bound: [UInt8]?,
        into rewriter: inout ProllyRewriter
    ) async throws {
        var items = items[...]
        while true {
            let edit = edits.first.flatMap { lies($0.key, below: bound) ? $0 : nil }
            if let edit, items.first.map({ !$0.key.precedes(edit.key) }) ?? true {
                if items.first?.key == edit.key { items.removeFirst() }
                if let item = edit.item { try await rewriter.add(item) }
                edits.removeFirst()
            } else if let item = items.first {
                items.removeFirst()
                try await rewriter.add(item)
            } else {
                return
            }
        }
    }

    private static func lies(_ key: [UInt8], below bound: [UInt8]?) -> Bool { bound.map { key.precedes($0) } ?? true }

    /// The root of what the rewriter made of the old root's level.
    private func finish(_ rewriter: ProllyRewriter, replacing root: TreeRoot) async throws -> TreeRoot {
        if let only = rewriter.onlyItem, root.level > 0 { return try await lowered(only, level: root.level - 1) }
        if rewriter.added.count == 1, let only = rewriter.added.first {
            return try await lowered(only, level: root.level)
        }
        if rewriter.added.isEmpty { return try await build([]) }
        var builder = ProllyBuilder(kind, in: nodes, base: root.level + 1)
        for item in rewriter.added { try await builder.append(item) }
        return try await builder.finish()
    }

    /// The root that the only node of a level makes: itself, or what is below as long as that is one node.
    private func lowered(_ item: ProllyItem, level: UInt8) async throws -> TreeRoot {
        let root = TreeRoot(reference: item.payload, level: level, count: item.count, bytes: item.byteSum)
        guard level > 0 else { return root }
        let node = try await ProllyWalk.load(root, kind, in: nodes)
        guard node.items.count == 1, let only = node.items.first else { return root }
        return try await lowered(only, level: level - 1)
    }
}
