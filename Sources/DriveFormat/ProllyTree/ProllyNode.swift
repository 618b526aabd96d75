internal import SCALE

/// What a node holds: entries in a leaf, summaries of the nodes below elsewhere.
struct ProllyItem: Hashable, Sendable {
    /// An entry's key, or the first key below.
    var key: [UInt8]
    /// An entry's value, or the reference of the node below.
    var payload: [UInt8]
    /// Entries; 1 for an entry.
    var count: UInt64
    /// The sum of the entries' weights.
    var byteSum: UInt64

    func encoded(level: UInt8) -> [UInt8] {
        var encoder = ScaleEncoder(reserving: key.count + payload.count + 24)
        encoder.byteVector(key)
        encoder.byteVector(payload)
        if level > 0 {
            encoder.compact(count)
            encoder.compact(byteSum)
        }
        return encoder.bytes
    }

    /// Reads an item; an entry gets its weight from the kind.
    init(from decoder: inout ScaleDecoder, level: UInt8, kind: ProllyKind) throws(ScaleError) {
        let offset = decoder.offset
        key = try decoder.byteVector(limit: ProllyLimits.keyByteCount)
        if level > 0 {
            payload = try decoder.byteVector(limit: ProllyLimits.referenceByteCount)
            count = try decoder.compact(UInt64.self)
            byteSum = try decoder.compact(UInt64.self)
            guard !payload.isEmpty, count > 0 else { throw .invalid("a node refers to nothing", offset: offset) }
        } else {
            payload = try decoder.byteVector(limit: ProllyLimits.entryByteCount)
            count = 1
            guard let weight = kind.weight(key, payload) else {
                throw .invalid("a value that the tree cannot hold", offset: offset)
            }
            byteSum = weight
        }
    }

    init(key: [UInt8], payload: [UInt8], count: UInt64, byteSum: UInt64) {
        self.key = key
        self.payload = payload
        self.count = count
        self.byteSum = byteSum
    }
}

/// One node, read and checked as far as it can be by itself.
///
/// Format: Docs/Format/ProllyTree.md, "Nodes".
struct ProllyNode: Sendable {
    static let version: UInt8 = 1

    let level: UInt8
    let items: [ProllyItem]
    let totals: ProllyTotals
    /// The node as it is stored.
    let bytes: [UInt8]

    init(_ bytes: [UInt8], kind: ProllyKind) throws(ProllyError) {
        guard bytes.count <= ProllyLimits.nodeByteCount else { throw .tooLong(byteCount: bytes.count) }
        let (version, level, items) = try Self.fields(of: bytes, kind: kind)
        guard version == Self.version else { throw .unknownVersion(version) }
        guard level < ProllyLimits.levelCount else { throw .tooDeep }
        if items.isEmpty, level > 0 { throw .emptyNode }
        if kind.order == .map {
            guard zip(items, items.dropFirst()).allSatisfy({ $0.key.precedes($1.key) }) else { throw .notAscending }
        }
        var totals = ProllyTotals()
        for item in items { try totals.add(item) }
        self.level = level
        self.items = items
        self.totals = totals
        self.bytes = bytes
    }

    private static func fields(
        of bytes: [UInt8], kind: ProllyKind
    ) throws(ProllyError) -> (version: UInt8, level: UInt8, items: [ProllyItem]) {
        do throws(ScaleError) {
            var decoder = ScaleDecoder(bytes)
            let version = try decoder.byte()
            guard version == Self.version else { return (version, 0, []) }
            let level = try decoder.byte()
            let items = try decoder.vector { (decoder) throws(ScaleError) in
                try ProllyItem(from: &decoder, level: level, kind: kind)
            }
            try decoder.finish()
            return (version, level, items)
        } catch {
            throw .malformed(error)
        }
    }

    /// The stored form of a node whose entries are encoded already.
    static func bytes(level: UInt8, itemCount: Int, body: [UInt8]) -> [UInt8] {
        var encoder = ScaleEncoder(reserving: body.count + 8)
        encoder.integer(version)
        encoder.integer(level)
        encoder.compact(itemCount)
        encoder.raw(body)
        return encoder.bytes
    }
}

extension [ProllyItem] {
    /// The last item whose key does not come after `key`; the first one if all do.
    func index(for key: [UInt8]) -> Int {
        var (low, high) = (0, count)  // items before `low` do not come after the key, those from `high` on do
        while low < high {
            let middle = (low + high) / 2
            if key.precedes(self[middle].key) { high = middle } else { low = middle + 1 }
        }
        return Swift.max(0, low - 1)
    }
}

/// Entries and their weights, summed up without passing 2⁶⁴.
struct ProllyTotals: Hashable, Sendable {
    var count: UInt64 = 0
    var byteSum: UInt64 = 0

    mutating func add(_ item: ProllyItem) throws(ProllyError) {
        let (count, countOverflow) = count.addingReportingOverflow(item.count)
        let (byteSum, sumOverflow) = byteSum.addingReportingOverflow(item.byteSum)
        guard !countOverflow, !sumOverflow else { throw .wrongTotals }
        (self.count, self.byteSum) = (count, byteSum)
    }
}

extension [UInt8] {
    /// Raw-byte order; the one of map keys.
    func precedes(_ other: [UInt8]) -> Bool {
        let (first, second) = (span, other.span)
        for index in 0..<Swift.min(first.count, second.count) where first[index] != second[index] {
            return first[index] < second[index]
        }
        return first.count < second.count
    }
}
