/// The trees of one kind in one store: reading, building, merging. A value without state; roots are passed in.
///
/// Everything read is checked; wrong bytes give a `ProllyError`, never a trap. Errors of `load` and `store` pass
/// through.
///
/// Format: Docs/Format/ProllyTree.md.
public struct ProllyTree: Sendable {
    public let kind: ProllyKind
    public let nodes: any ProllyNodes

    public init(_ kind: ProllyKind, in nodes: any ProllyNodes) {
        self.kind = kind
        self.nodes = nodes
    }

    /// A builder for entries in order, whose memory does not depend on how many there are.
    public func builder() -> ProllyBuilder { ProllyBuilder(kind, in: nodes) }

    /// Stores a tree of the given entries, in their order.
    public func build(_ entries: some Sequence<ProllyEntry>) async throws -> TreeRoot {
        var builder = builder()
        for entry in entries { try await builder.append(entry) }
        return try await builder.finish()
    }

    /// The value of a key of a map; one path is loaded.
    public func lookup(_ key: [UInt8], in root: TreeRoot) async throws -> [UInt8]? {
        precondition(kind.order == .map, "only maps are looked up by key")
        var walk = try await ProllyWalk(root, kind, in: nodes)
        try await walk.seek(key)
        guard let item = walk.current, item.key == key else { return nil }
        return item.payload
    }

    /// The entries of the leaf that holds a key of a map, or would; one path is loaded.
    public func leaf(at key: [UInt8], in root: TreeRoot) async throws -> [ProllyEntry] {
        precondition(kind.order == .map, "only maps are looked up by key")
        var walk = try await ProllyWalk(root, kind, in: nodes)
        try await walk.seek(key)
        return walk.neighbours.map { ProllyEntry($0) }
    }

    /// The entry that holds the byte at an offset, and where that entry begins; nil behind the last byte. One path is
    /// loaded.
    public func locate(byte offset: UInt64, in root: TreeRoot) async throws -> (entry: ProllyEntry, start: UInt64)? {
        var walk = try await ProllyWalk(root, kind, in: nodes)
        guard let start = try await walk.seek(byte: offset), let item = walk.current else { return nil }
        return (ProllyEntry(item), start)
    }

    /// All entries in order, from the first whose key does not precede `key` (of a map) or from the beginning.
    public func entries(of root: TreeRoot, from key: [UInt8]? = nil) -> ProllyEntries {
        precondition(key == nil || kind.order == .map, "only maps are read from a key")
        return ProllyEntries(tree: self, root: root, start: key.map { .key($0) } ?? .beginning)
    }

    /// The entries from the one that holds the byte at an offset.
    public func entries(of root: TreeRoot, fromByte offset: UInt64) -> ProllyEntries {
        ProllyEntries(tree: self, root: root, start: .byte(offset))
    }

    /// Merges maps into a new one, streaming: of equal keys, the first map's wins.
    ///
    /// - Parameters:
    ///   - newest: entries that win over all maps, in the order of their keys.
    ///   - roots: newest first.
    public func merge<Newest: AsyncSequence>(
        _ newest: Newest, over roots: [TreeRoot]
    ) async throws -> TreeRoot where Newest.Element == ProllyEntry {
        precondition(kind.order == .map, "only maps are merged")
        var entries = newest.makeAsyncIterator()
        var next = try await entries.next(isolation: #isolation)
        var walks: [ProllyWalk] = []
        for root in roots {
            var walk = try await ProllyWalk(root, kind, in: nodes)
            try await walk.descend()
            if walk.current != nil { walks.append(walk) }
        }
        var builder = builder()
        while true {
            let item = walks.compactMap(\.current).min { $0.key.precedes($1.key) }  // the first of equal ones
            if let entry = next, item.map({ !$0.key.precedes(entry.key) }) ?? true {
                for index in walks.indices where walks[index].current?.key == entry.key {
                    try await walks[index].advance()
                }
                try await builder.append(entry)
                next = try await entries.next(isolation: #isolation)
            } else if let item {
                for index in walks.indices where walks[index].current?.key == item.key {
                    try await walks[index].advance()
                }
                try await builder.append(item)
            } else {
                return try await builder.finish()
            }
            walks.removeAll { $0.current == nil }
        }
    }

    /// Calls `body` for every node of a tree, each before those that it refers to.
    ///
    /// - Parameter body: gets a node's reference and level, and says whether to go on below it. Leaves are named
    ///   without being loaded, unless the tree is one leaf.
    public func forEachNode(
        of root: TreeRoot, _ body: (_ reference: [UInt8], _ level: UInt8) async throws -> Bool
    ) async throws {
        guard try await body(root.reference, root.level), root.level > 0 else { return }
        let node = try await ProllyWalk.load(root, kind, in: nodes)
        for item in node.items {
            try await forEachNode(
                of: TreeRoot(
                    reference: item.payload, level: root.level - 1, count: item.count, bytes: item.byteSum), body)
        }
    }
}

/// Entries of a tree in order, loaded a node at a time.
public struct ProllyEntries: AsyncSequence, Sendable {
    enum Start: Sendable {
        case beginning
        case key([UInt8])
        case byte(UInt64)
    }

    let tree: ProllyTree
    let root: TreeRoot
    let start: Start

    public func makeAsyncIterator() -> Iterator { Iterator(sequence: self) }

    public struct Iterator: AsyncIteratorProtocol {
        let sequence: ProllyEntries
        private var walk: ProllyWalk?

        init(sequence: ProllyEntries) { self.sequence = sequence }

        public mutating func next() async throws -> ProllyEntry? {
            if walk == nil {
                walk = try await begin()
            } else {
                try await walk?.advance()
            }
            return (walk?.current).map { ProllyEntry($0) }
        }

        private func begin() async throws -> ProllyWalk {
            var walk = try await ProllyWalk(sequence.root, sequence.tree.kind, in: sequence.tree.nodes)
            switch sequence.start {
            case .beginning: try await walk.descend()
            case .byte(let offset): _ = try await walk.seek(byte: offset)
            case .key(let key):
                try await walk.seek(key)
                if let item = walk.current, item.key.precedes(key) { try await walk.advance() }
            }
            return walk
        }
    }
}
