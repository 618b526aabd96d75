public import Primitives

/// What distinguishes one tree from another: its order, where its borders lie, and what its entries weigh.
///
/// Format: Docs/Format/ProllyTree.md.
public struct ProllyKind: Sendable {
    public enum Order: Sendable, Hashable {
        /// Keys strictly ascend as raw bytes.
        case map
        /// The order is given, and keys may repeat.
        case sequence
    }

    public let order: Order
    /// 32 bytes; borders follow from it.
    let borderKey: Secret
    let weight: @Sendable (_ key: [UInt8], _ value: [UInt8]) -> UInt64?
    let shape: Shape

    /// - Parameters:
    ///   - borderKey: the drive's tree key, 32 bytes.
    ///   - weight: the bytes that an entry stands for, summed up in inner nodes; nil for a key or value that the tree
    ///     cannot hold. A pure function.
    public init(
        _ order: Order, borderKey: Secret,
        weight: @escaping @Sendable (_ key: [UInt8], _ value: [UInt8]) -> UInt64? = { _, _ in 0 }
    ) {
        self.init(order, borderKey: borderKey, shape: .standard, weight: weight)
    }

    /// With another shape than the format's: for tests, which so get deep trees of few entries.
    package init(
        _ order: Order, borderKey: Secret, shape: Shape,
        weight: @escaping @Sendable (_ key: [UInt8], _ value: [UInt8]) -> UInt64? = { _, _ in 0 }
    ) {
        precondition(borderKey.byteCount == 32, "a tree key has 32 bytes")
        self.order = order
        self.borderKey = borderKey
        self.shape = shape
        self.weight = weight
    }

    /// Sizes of nodes, in bytes of encoded entries.
    package struct Shape: Sendable {
        /// No border before a node has this many.
        let minimum: Int
        /// Borders come after this many more, on average.
        let mean: Int
        /// No node of more than one entry has more.
        let maximum: Int

        package init(minimum: Int, mean: Int, maximum: Int) {
            self.minimum = minimum
            self.mean = mean
            self.maximum = maximum
        }

        package static let standard = Shape(minimum: 4 << 10, mean: 12 << 10, maximum: 64 << 10)
    }

    /// Whether the hash puts a border after an entry of this key and encoded length.
    func isBorder(level: UInt8, key: [UInt8], entryByteCount: Int) -> Bool {
        guard entryByteCount < shape.mean else { return true }
        let digest = borderKey.withBytes { BLAKE2b.hash(([level] + key).span, key: $0, byteCount: 32) }
        let hash = digest.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // hash < 2⁶⁴ × bytes / mean, without rounding.
        return UInt128(hash) * UInt128(shape.mean) < UInt128(entryByteCount) << 64
    }
}
