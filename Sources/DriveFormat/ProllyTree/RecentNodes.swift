internal import Synchronization

/// Nodes that are kept in memory for a while after they were loaded and checked: whoever asks for one place after the other in a tree
/// comes by the same nodes again and again, and to load one costs a hundred times as much as to find a place in it.
///
/// Memory: about ten times `byteLimit`, in plain.
public final class RecentNodes: ProllyNodes {
    /// What was asked for lately, and what was before that: the older half goes when the younger is full.
    private struct State {
        var young: [[UInt8]: ProllyNode] = [:]
        var old: [[UInt8]: ProllyNode] = [:]
        var youngByteCount = 0

        mutating func insert(_ node: ProllyNode, for reference: [UInt8], limit: Int) {
            guard young.updateValue(node, forKey: reference) == nil else { return }
            youngByteCount += node.bytes.count
            guard youngByteCount > limit else { return }
            (old, young, youngByteCount) = (young, [:], 0)
        }
    }

    private let nodes: any ProllyNodes
    private let byteLimit: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - nodes: where they come from; a reference stands for the same node for ever.
    ///   - byteLimit: of nodes as they are stored.
    public init(_ nodes: any ProllyNodes, byteLimit: Int) {
        self.nodes = nodes
        self.byteLimit = byteLimit
    }

    public func load(_ reference: [UInt8]) async throws -> [UInt8] { try await nodes.load(reference) }

    public func store(_ node: [UInt8], level: UInt8) async throws -> [UInt8] {
        try await nodes.store(node, level: level)
    }

    /// - Throws: what loading it throws; `ProllyError`.
    func node(_ reference: [UInt8], of kind: ProllyKind) async throws -> ProllyNode {
        let known = state.withLock { state -> ProllyNode? in
            guard let node = state.young[reference] ?? state.old[reference] else { return nil }
            state.insert(node, for: reference, limit: byteLimit)
            return node
        }
        if let known { return known }
        let node = try ProllyNode(try await nodes.load(reference), kind: kind)
        state.withLock { $0.insert(node, for: reference, limit: byteLimit) }
        return node
    }
}
