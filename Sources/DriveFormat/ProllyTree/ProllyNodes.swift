/// Where the nodes of trees are kept: a blob store, or memory.
///
/// References are opaque, 1…128 bytes, equal only for equal nodes. Nothing is retried here; cancellation passes through.
public protocol ProllyNodes: Sendable {
    /// A node's bytes, which the tree does not trust.
    func load(_ reference: [UInt8]) async throws -> [UInt8]

    /// Keeps a node and names it. Storing the same bytes again may give another reference. A node comes after all the
    /// nodes that it refers to.
    func store(_ node: [UInt8], level: UInt8) async throws -> [UInt8]
}

/// An entry of a tree.
public struct ProllyEntry: Hashable, Sendable {
    public var key: [UInt8]
    public var value: [UInt8]

    public init(key: [UInt8], value: [UInt8]) {
        self.key = key
        self.value = value
    }

    init(_ item: ProllyItem) { self.init(key: item.key, value: item.payload) }
}

/// A change to a map: a new value for a key, or none.
public struct ProllyEdit: Hashable, Sendable {
    public var key: [UInt8]
    /// nil removes the key, where it is.
    public var value: [UInt8]?

    public init(key: [UInt8], value: [UInt8]?) {
        self.key = key
        self.value = value
    }
}
