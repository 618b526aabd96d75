/// A node in the making: it takes items until the border rule closes it.
///
/// Format: Docs/Format/ProllyTree.md, "Borders".
struct ProllyOpenNode: Sendable {
    let level: UInt8
    private(set) var itemCount = 0
    private(set) var firstKey: [UInt8] = []
    private(set) var totals = ProllyTotals()
    private var body: [UInt8] = []
    /// The only item of a node of one, for a root that turns out to be superfluous.
    private(set) var firstItem: ProllyItem?

    init(level: UInt8) { self.level = level }

    var isEmpty: Bool { itemCount == 0 }

    /// Whether there is a border in front of an item only because it would make the node too long.
    func mustClose(before encoded: [UInt8], _ kind: ProllyKind) -> Bool {
        itemCount > 0 && body.count + encoded.count > kind.shape.maximum
    }

    /// Takes an item that fits.
    ///
    /// - Returns: whether a border follows it.
    mutating func add(_ item: ProllyItem, encoded: [UInt8], _ kind: ProllyKind) throws(ProllyError) -> Bool {
        guard item.key.count <= ProllyLimits.keyByteCount else { throw .tooLong(byteCount: item.key.count) }
        guard encoded.count <= ProllyLimits.entryByteCount else { throw .tooLong(byteCount: encoded.count) }
        if itemCount == 0 {
            firstKey = item.key
            firstItem = item
        }
        try totals.add(item)
        itemCount += 1
        body += encoded
        return body.count >= kind.shape.minimum
            && kind.isBorder(level: level, key: item.key, entryByteCount: encoded.count)
    }

    /// The node as it is; then it is empty again.
    mutating func close() -> Closed {
        defer { self = ProllyOpenNode(level: level) }
        return Closed(
            bytes: ProllyNode.bytes(level: level, itemCount: itemCount, body: body), firstKey: firstKey, totals: totals)
    }

    /// A node that is complete and has no reference yet.
    struct Closed: Sendable {
        let bytes: [UInt8]
        let firstKey: [UInt8]
        let totals: ProllyTotals

        /// What its parent says of it.
        func item(reference: [UInt8]) -> ProllyItem {
            precondition(1...ProllyLimits.referenceByteCount ~= reference.count, "a reference has 1 to 128 bytes")
            return ProllyItem(key: firstKey, payload: reference, count: totals.count, byteSum: totals.byteSum)
        }
    }
}
