internal import Primitives

/// Where everything is: what replaying the log gives, and what every change keeps up to date.
struct CacheIndex {
    /// Of a record key: 16 bytes of its keyed hash, so that keys need not be kept in memory.
    struct RecordTag: Hashable {
        let low: UInt64
        let high: UInt64
    }

    /// Where the newest value of a key is.
    struct RecordPlace: Equatable {
        let segment: UInt32
        let payloadPosition: UInt32
        let byteCount: UInt32
    }

    /// What of a segment must not be lost. It cannot be deleted before all of that is zero.
    struct SegmentUsage: Equatable {
        var dirtyByteCount = 0
        /// Of all holes together; more than 64 bits have room for.
        var dirtyHoleByteCount: Int128 = 0
        var recordCount = 0
        var recordByteCount = 0

        var isEmpty: Bool { dirtyByteCount == 0 && dirtyHoleByteCount == 0 && recordCount == 0 }
        /// What moving it to another segment takes, roughly.
        var movedByteCount: Int { dirtyByteCount + dirtyByteCount / 200 + recordByteCount }
    }

    private(set) var files: [FileNumber: ExtentMap] = [:]
    private(set) var records: [RecordTag: RecordPlace] = [:]
    private(set) var usage: [UInt32: SegmentUsage] = [:]
    private(set) var dirtyByteCount = 0
    private(set) var segments: [UInt32: Segment] = [:]
    /// Counts freezes.
    private(set) var epoch: UInt64 = 0

    private let tagKey: [UInt8]

    init(tagKey: [UInt8] = SystemRandom.bytes(32)) { self.tagKey = tagKey }

    /// Makes a change of a record that the log has.
    mutating func apply(_ change: LoggedChange, of record: SegmentRecord, in segment: UInt32, epoch: UInt64) {
        switch change {
        case .data(let file, let start, let count, let offset, let isDirty):
            let extent = Extent(
                data: record, segment: segment, start: start, count: count, offset: offset, isDirty: isDirty,
                epoch: epoch)
            replace(extent.range, of: file, with: extent)
        case .erased(let file, let range):
            replace(range, of: file, with: Extent(hole: range, record: record, segment: segment, epoch: epoch))
        case .truncated(let file, let end): replace(end..<UInt64.max, of: file, with: nil)
        case .removed(let file): replace(0..<UInt64.max, of: file, with: nil)
        case .cleaned(let file, let range): clean(range, of: file)
        case .put(let key, let value):
            let place = RecordPlace(
                segment: segment, payloadPosition: record.payloadPosition,
                byteCount: UInt32(truncatingIfNeeded: key.count + value.count + 9))
            set(tag(key), to: place)
        case .deleted(let key): set(tag(key), to: nil)
        case .trimmed: break
        }
    }

    mutating func add(_ segment: Segment) { segments[segment.number] = segment }

    mutating func remove(_ segment: Segment) {
        segments[segment.number] = nil
        usage[segment.number] = nil
    }

    func extents(of file: FileNumber, in range: Range<UInt64>) -> [Extent] {
        files[file]?.clipped(to: range) ?? []
    }

    func gaps(of file: FileNumber, in range: Range<UInt64>) -> [Range<UInt64>] {
        files[file]?.gaps(in: range) ?? (range.isEmpty ? [] : [range])
    }

    mutating func markUsed(_ range: Range<UInt64>, of file: FileNumber) { files[file]?.markUsed(range) }

    /// What is dirty in a file and was written in this epoch or before, neighbours as one; the first of them.
    func dirtyRanges(of file: FileNumber, through epoch: UInt64, limit: Int) -> [Range<UInt64>] {
        var ranges: [Range<UInt64>] = []
        files[file]?.forEach(in: 0..<UInt64.max) { extent in
            guard extent.isDirty, extent.epoch <= epoch, ranges.count < limit else { return }
            if let last = ranges.last, last.upperBound == extent.start {
                ranges[ranges.count - 1] = last.lowerBound..<extent.end
            } else {
                ranges.append(extent.range)
            }
        }
        return ranges
    }

    /// Begins a new epoch, and returns the one before it.
    mutating func nextEpoch() -> UInt64 {
        defer { epoch += 1 }
        return epoch
    }

    /// Forgets the parts of a clean extent that are still where it says.
    mutating func drop(_ extent: Extent, of file: FileNumber) {
        for part in current(extent, of: file) where !part.isDirty { replace(part.range, of: file, with: nil) }
    }

    /// The parts of an extent that nothing has shadowed since, as they are now.
    func current(_ extent: Extent, of file: FileNumber) -> [Extent] {
        extents(of: file, in: extent.range).filter { $0.hasOrigin(of: extent) }
    }

    /// Whether the newest value of a key is the one that this record has.
    func isCurrent(_ key: [UInt8], in segment: UInt32, payloadPosition: UInt32) -> Bool {
        guard let place = records[tag(key)] else { return false }
        return place.segment == segment && place.payloadPosition == payloadPosition
    }

    private mutating func clean(_ range: Range<UInt64>, of file: FileNumber) {
        for var part in extents(of: file, in: range) where part.isDirty {
            part.isDirty = false
            replace(part.range, of: file, with: part)
        }
    }

    private mutating func replace(_ range: Range<UInt64>, of file: FileNumber, with extent: Extent?) {
        if range.isEmpty || extent == nil && files[file] == nil { return }
        var removed: [Extent] = []
        files[file, default: ExtentMap()].replace(range, with: extent, removed: &removed)
        if extent == nil, files[file]?.isEmpty ?? false { files[file] = nil }
        for old in removed { count(old, sign: -1) }
        if let extent { count(extent, sign: 1) }
    }

    private mutating func count(_ extent: Extent, sign: Int) {
        guard extent.isDirty else { return }
        if extent.isHole {
            usage[extent.segment, default: SegmentUsage()].dirtyHoleByteCount += Int128(extent.count) * Int128(sign)
        } else {
            let byteCount = Int(extent.count) * sign
            usage[extent.segment, default: SegmentUsage()].dirtyByteCount += byteCount
            dirtyByteCount += byteCount
        }
    }

    private mutating func set(_ tag: RecordTag, to place: RecordPlace?) {
        if let old = records[tag] {
            usage[old.segment, default: SegmentUsage()].recordCount -= 1
            usage[old.segment, default: SegmentUsage()].recordByteCount -= Int(old.byteCount)
        }
        records[tag] = place
        guard let place else { return }
        usage[place.segment, default: SegmentUsage()].recordCount += 1
        usage[place.segment, default: SegmentUsage()].recordByteCount += Int(place.byteCount)
    }

    private func tag(_ key: [UInt8]) -> RecordTag {
        let hash = BLAKE2b.hash(key.span, key: tagKey.span, byteCount: 16)
        var (low, high): (UInt64, UInt64) = (0, 0)
        for index in 0..<8 {
            low = low << 8 | UInt64(hash[index])
            high = high << 8 | UInt64(hash[index + 8])
        }
        return RecordTag(low: low, high: high)
    }
}
