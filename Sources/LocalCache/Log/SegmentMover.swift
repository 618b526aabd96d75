internal import Primitives
internal import Synchronization

/// Appends again what of a segment has to stay.
///
/// Bytes are read and collected first; what of them is still current is decided when they are appended, under the lock that
/// writers take, so that nothing newer is shadowed.
struct SegmentMover {
    private struct Item {
        let file: FileNumber
        let extent: Extent
        /// Where its bytes are in the payload.
        let offset: Int
    }

    private struct Put {
        let key: [UInt8]
        let value: [UInt8]
        let payloadPosition: UInt32
    }

    private let cache: LocalCache
    private let segment: Segment
    private let keepsUsed: Bool
    private var items: [Item] = []
    private var puts: [Put] = []
    private var putByteCount = 0
    private var payload: [UInt8] = []
    private(set) var movedByteCount: UInt64 = 0
    /// Clean bytes that stay because they were used: at most half a segment of them, or cleaning would never come to an end
    /// where everything is used.
    private var keptByteCount: UInt64 = 0

    private static let payloadByteCount = 1 << 20
    private static let maximumItemCount = 4096

    init(_ cache: LocalCache, _ segment: Segment, keepsUsed: Bool) {
        self.cache = cache
        self.segment = segment
        self.keepsUsed = keepsUsed
    }

    /// Collects what of a record has to stay, and forgets the rest.
    ///
    /// - Throws: `CacheError.damaged` if that cannot be read; as `LocalCache.append`.
    mutating func add(_ record: SegmentRecord) throws(CacheError) {
        for change in record.changes {
            switch change {
            case .data(let file, let start, let count, _, _):
                try add(record, file, start..<start + UInt64(count), isHole: false)
            case .erased(let file, let range): try add(record, file, range, isHole: true)
            case .put(let key, let value): try add(record, key, value)
            case .truncated, .removed, .cleaned, .deleted, .trimmed: break
            }
        }
    }

    private mutating func add(
        _ record: SegmentRecord, _ file: FileNumber, _ range: Range<UInt64>, isHole: Bool
    ) throws(CacheError) {
        let parts = cache.index.withLock { index in
            index.extents(of: file, in: range).filter {
                $0.segment == segment.number && $0.payloadPosition == record.payloadPosition && $0.isHole == isHole
            }
        }
        for part in parts {
            let isKept = keepsUsed && part.isUsed && !isHole && keptByteCount + part.count <= segment.byteCount / 2
            if part.isDirty || isKept {
                if !part.isDirty { keptByteCount += part.count }
                try add(part, file)
            } else {
                cache.index.withLock { $0.drop(part, of: file) }
            }
        }
    }

    private mutating func add(_ extent: Extent, _ file: FileNumber) throws(CacheError) {
        if extent.isHole {
            items.append(Item(file: file, extent: extent, offset: 0))
            if items.count >= Self.maximumItemCount { try flush() }
            return
        }
        var start = extent.start
        while start < extent.end {
            let room = UInt64(Self.payloadByteCount - payload.count)
            let part = extent.clipped(to: start..<min(start + room, extent.end))
            try collect(part, file)
            start = part.end
            if payload.count >= Self.payloadByteCount || items.count >= Self.maximumItemCount { try flush() }
        }
    }

    private mutating func collect(_ extent: Extent, _ file: FileNumber) throws(CacheError) {
        let offset = payload.count
        payload.append(contentsOf: repeatElement(0, count: Int(extent.count)))
        if Self.read(extent, from: segment, cache.readers, into: &payload, at: offset) {
            items.append(Item(file: file, extent: extent, offset: offset))
            return
        }
        payload.removeLast(payload.count - offset)
        // It may be clean or overwritten by now.
        let isNeeded = cache.index.withLock { $0.current(extent, of: file).contains(where: \.isDirty) }
        if isNeeded { throw .damaged(file, extent.range) }
    }

    private static func read(
        _ extent: Extent, from segment: Segment, _ readers: ExtentReader, into payload: inout [UInt8], at offset: Int
    ) -> Bool {
        var span = payload.mutableSpan
        var place = span._mutatingExtracting(offset..<offset + Int(extent.count))
        return readers.read(extent, segment, into: &place)
    }

    private mutating func add(_ record: SegmentRecord, _ key: [UInt8], _ value: [UInt8]) throws(CacheError) {
        let (number, position) = (segment.number, record.payloadPosition)
        guard cache.index.withLock({ $0.isCurrent(key, in: number, payloadPosition: position) }) else { return }
        puts.append(Put(key: key, value: value, payloadPosition: position))
        putByteCount += key.count + value.count
        if putByteCount >= Self.payloadByteCount || puts.count >= Self.maximumItemCount { try flush() }
    }

    /// Appends what was collected.
    ///
    /// - Throws: as `LocalCache.append`.
    mutating func flush() throws(CacheError) {
        if items.isEmpty && puts.isEmpty { return }
        let (items, puts, number) = (items, puts, segment.number)
        try cache.append(payload.span, isPrivileged: true) { index throws(CacheError) in
            var plan = RecordPlan()
            for item in items {
                for part in index.current(item.extent, of: item.file) {
                    plan.move(part, item.extent, item.file, item.offset)
                }
            }
            for put in puts where index.isCurrent(put.key, in: number, payloadPosition: put.payloadPosition) {
                plan.changes.append(.put(key: put.key, value: put.value))
                plan.epochs.append(0)
            }
            return plan
        }
        movedByteCount += UInt64(SealedBlocks.sealedByteCount(payload: payload.count) + putByteCount)
        self.items.removeAll(keepingCapacity: true)
        self.puts.removeAll(keepingCapacity: true)
        putByteCount = 0
        payload.removeAll(keepingCapacity: true)
    }
}

extension RecordPlan {
    /// Adds what is left of an extent whose bytes are in the payload from `offset` on. Neighbours become one.
    fileprivate mutating func move(_ part: Extent, _ whole: Extent, _ file: FileNumber, _ offset: Int) {
        if part.isHole {
            // A clean one shows the zeros that the base has, too.
            guard part.isDirty else { return }
            changes.append(.erased(file, part.range))
            epochs.append(part.epoch)
            return
        }
        let place = offset + Int(part.start - whole.start)
        if case .data(file, let start, let count, let before, part.isDirty) = changes.last, epochs.last == part.epoch,
            start + UInt64(count) == part.start, before + count == place
        {
            changes[changes.count - 1] = .data(
                file, start: start, count: count + Int(part.count), offset: before, isDirty: part.isDirty)
            return
        }
        changes.append(
            .data(file, start: part.start, count: Int(part.count), offset: place, isDirty: part.isDirty))
        epochs.append(part.epoch)
    }
}
