internal import DriveFormat
internal import SCALE

/// A draft from its beginning to its end: changes, and between them what is left of the base, item by item of its list.
///
/// Memory: a path of the base's list.
struct DraftRuns {
    enum Run {
        case draft(Range<UInt64>)
        /// A part of what the base has there.
        case base(Range<UInt64>)
        /// A whole chunk of the base.
        ///
        /// - Parameter isLast: whether the base has a hole or its end after it: then it ends there for no other reason.
        case chunk(ChunkKey, Range<UInt64>, isLast: Bool)
        case hole(Hole)
    }

    struct Hole {
        var range: Range<UInt64>
        /// Whether the base has a hole that begins there, and that ends there.
        var beginsInBase = false
        var endsInBase = false
    }

    private let draft: FileDraft
    private var items: BaseItems
    private var position: UInt64 = 0
    private var nextChange = 0

    init(_ draft: FileDraft, in trees: DriveTrees) {
        self.draft = draft
        items = BaseItems(draft.base?.content ?? .none, in: trees)
    }

    mutating func next() async throws -> Run? {
        while nextChange < draft.changes.count, draft.changes[nextChange].range.upperBound <= position {
            nextChange += 1
        }
        guard position < draft.size else { return nil }
        let change = nextChange < draft.changes.count ? draft.changes[nextChange] : nil
        if let change, change.range.lowerBound <= position {
            let range = advance(to: change.range.upperBound)
            return change.isHole ? .hole(Hole(range: range)) : .draft(range)
        }
        let end = change?.range.lowerBound ?? draft.size
        let keptEnd = min(end, draft.keptByteCount)
        guard position < keptEnd, let item = try await items.item(at: position) else {
            return .hole(Hole(range: advance(to: end)))
        }
        let range = advance(to: min(keptEnd, item.range.upperBound))
        if item.chunk?.isHole == true {
            return .hole(
                Hole(
                    range: range, beginsInBase: range.lowerBound == item.range.lowerBound,
                    endsInBase: range.upperBound == item.range.upperBound))
        }
        guard let chunk = item.chunk, range == item.range else { return .base(range) }
        return .chunk(chunk, range, isLast: items.isLast)
    }

    private mutating func advance(to end: UInt64) -> Range<UInt64> {
        defer { position = end }
        return position..<end
    }
}

/// The chunks and holes that a content consists of, with the bytes that they stand for.
private struct BaseItems {
    struct Item {
        /// Nil for bytes in the entry.
        let chunk: ChunkKey?
        let range: Range<UInt64>
    }

    private var list: ProllyEntries.Iterator?
    private var current: Item?
    private var following: ChunkKey?

    init(_ content: Content, in trees: DriveTrees) {
        switch content {
        case .inline(let bytes): current = Item(chunk: nil, range: 0..<UInt64(bytes.count))
        case .chunk(let id, let length): following = ChunkKey(id: id, length: UInt64(length))
        case .chunks(let root): list = trees.chunkLists.entries(of: root).makeAsyncIterator()
        case .none, .directory, .device: break
        }
    }

    /// Whether a hole follows the item that was found last, or nothing.
    var isLast: Bool { following?.isHole ?? true }

    /// The item that holds a byte; nil behind the last one.
    ///
    /// - Parameter offset: not before the one asked for last.
    mutating func item(at offset: UInt64) async throws -> Item? {
        if current == nil, following == nil { try await read() }
        while current.map({ $0.range.upperBound <= offset }) ?? true {
            guard let chunk = following else { return nil }
            let start = current?.range.upperBound ?? 0
            let (end, isTooLong) = start.addingReportingOverflow(chunk.length)
            guard !isTooLong else { throw ProllyError.wrongTotals }
            current = Item(chunk: chunk, range: start..<end)
            try await read()
        }
        return current
    }

    private mutating func read() async throws {
        following = try await list?.next().map { try ChunkKey(scaleBytes: $0.key) }
    }
}
