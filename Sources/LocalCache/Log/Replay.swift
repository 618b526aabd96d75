internal import Glibc
internal import Primitives

/// Opens a directory's segments and makes all of their changes once more, up to the first that is not whole.
///
/// Which segments follow each other is what their headers say: each names the one before it and where that ends. Of two that
/// name the same one, the newer counts: it was begun by a process that had set the older one aside.
struct Replay {
    private let directory: CacheDirectory
    private let key: Secret
    private let buffers: BufferPool
    private let footerLimit: Int
    private let random: (Int) -> [UInt8]
    private(set) var index = CacheIndex()
    private(set) var report = ReplayReport()
    /// The segment that the next one follows.
    private(set) var last: (number: UInt32, end: UInt64) = (0, 0)
    private(set) var nextNumber: UInt32 = 1
    private var trimmed: UInt32 = 0

    init(
        _ directory: CacheDirectory, key: Secret, _ limits: CacheLimits, buffers: BufferPool,
        random: @escaping (Int) -> [UInt8]
    ) {
        self.directory = directory
        self.key = key
        self.buffers = buffers
        self.random = random
        footerLimit = limits.footerByteCount
    }

    /// - Parameter body: is called for every change of a record, in order.
    /// - Throws: `CacheError.wrongKey`, `system`, `unsynced`.
    mutating func run(_ body: (RecordChange) -> Void) throws(CacheError) {
        let (numbers, highest) = try directory.segments()
        nextNumber = highest + 1
        var found: [Segment] = []
        var blank: [UInt32] = []
        var foreign: [UInt32] = []
        for number in numbers {
            switch try Self.open(number, directory, key) {
            case .segment(let segment): found.append(segment)
            case .blank: blank.append(number)
            case .foreign: foreign.append(number)
            }
        }
        if found.isEmpty, !foreign.isEmpty { throw .wrongKey(directory: directory.path) }
        let chain = Self.chain(found)
        let replayed = try replay(chain, body)
        let kept = Set(chain[..<replayed].map(\.number))
        try setAside(foreign + found.map(\.number).filter { !kept.contains($0) })
        // A file without even a header never held anything.
        for number in blank { try directory.remove(number) }
        try directory.sync()
        noteMissing(chain)
    }

    private enum Opened {
        case segment(Segment)
        case blank
        case foreign
    }

    private static func open(
        _ number: UInt32, _ directory: CacheDirectory, _ key: Secret
    ) throws(CacheError) -> Opened {
        let file = try StoredFile(path: directory.path(of: number), flags: O_RDWR)
        let byteCount = try file.byteCount()
        guard byteCount >= UInt64(SegmentHeader.byteCount) else { return .blank }
        guard let bytes = try file.bytes(at: 0, count: SegmentHeader.byteCount) else { return .foreign }
        guard let header = SegmentHeader(sealed: bytes, key: key), header.number == number else {
            return bytes.allSatisfy { $0 == 0 } ? .blank : .foreign
        }
        let start = UInt64(SegmentHeader.byteCount)
        return .segment(Segment(header, file: file, key: key, recordsEnd: start, fileByteCount: byteCount))
    }

    /// The segments that follow each other, from the oldest on.
    private static func chain(_ segments: [Segment]) -> [Segment] {
        var successors: [UInt32: Segment] = [:]
        for segment in segments { successors[segment.header.previousNumber] = segment }
        guard var current = segments.first else { return [] }
        var chain = [current]
        while let next = successors[current.number], next.number > current.number {
            chain.append(next)
            current = next
        }
        return chain
    }

    /// How many segments count.
    private mutating func replay(
        _ chain: [Segment], _ body: (RecordChange) -> Void
    ) throws(CacheError) -> Int {
        for (place, segment) in chain.enumerated() {
            let told = place + 1 < chain.count ? chain[place + 1].header.previousEnd : nil
            let isWhole = try replay(segment, told: told, body)
            index.add(segment)
            last = (segment.number, segment.end)
            if !isWhole { return place + 1 }
        }
        return chain.count
    }

    /// Whether the segment's records end where the next segment says; of the last one, true.
    private mutating func replay(
        _ segment: Segment, told: UInt64?, _ body: (RecordChange) -> Void
    ) throws(CacheError) -> Bool {
        if let footer = try segment.readFooter(), told == nil || told == footer.end {
            for record in footer.records { apply(record, segment, body) }
            segment.setEnd(footer.end, fileByteCount: segment.byteCount)
            return true
        }
        var scanner = try SegmentScanner(
            segment, limit: told, verifiesPayloads: true, buffers: buffers, footerLimit: footerLimit)
        while let record = try scanner.next() { apply(record, segment, body) }
        segment.setEnd(scanner.position, fileByteCount: segment.byteCount)
        // The process before may have died without syncing it; what follows must not become durable before it.
        try segment.file.sync()
        if told == nil { report.tornByteCount = segment.byteCount - min(scanner.position, segment.byteCount) }
        let isWhole = told == nil || told == scanner.position
        // The next opening need not scan it again. What follows the last record goes, but not before a newer segment says that it
        // does not count.
        if isWhole, told != nil || scanner.position == segment.byteCount {
            segment.write(scanner.footer, noncePrefix: random(XChaCha20Poly1305Stream.noncePrefixByteCount))
        }
        return isWhole
    }

    private mutating func apply(_ record: SegmentRecord, _ segment: Segment, _ body: (RecordChange) -> Void) {
        for change in record.changes {
            index.apply(change, of: record, in: segment.number, epoch: 0)
            switch change {
            case .put(let key, let value): body(.put(key: key, value: value))
            case .deleted(let key): body(.delete(key: key))
            case .trimmed(let number): trimmed = max(trimmed, number)
            default: break
            }
        }
    }

    private mutating func setAside(_ numbers: [UInt32]) throws(CacheError) {
        for number in numbers.sorted() { report.setAside.append(try directory.setAside(number)) }
    }

    private mutating func noteMissing(_ chain: [Segment]) {
        guard let before = chain.first?.header.previousNumber, before > trimmed else { return }
        report.missing.append(before)
    }
}
