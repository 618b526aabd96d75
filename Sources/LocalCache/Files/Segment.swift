internal import Primitives
internal import Synchronization

/// A segment's file. It stays readable as long as somebody holds this, even after it was deleted.
final class Segment: Sendable {
    let header: SegmentHeader
    let file: StoredFile
    private let key: Secret
    /// Where the last whole record ends.
    private let recordsEnd: Atomic<UInt64>
    private let fileByteCount: Atomic<UInt64>
    private let nextCounter = Atomic<UInt64>(SegmentHeader.counter + 1)
    private let ciphers = Mutex<[SegmentCipher]>([])

    /// More than there are cores is never in use at once for long.
    private static let cipherCapacity = 8

    init(_ header: SegmentHeader, file: StoredFile, key: Secret, recordsEnd: UInt64, fileByteCount: UInt64) {
        self.header = header
        self.file = file
        self.key = key
        self.recordsEnd = Atomic(recordsEnd)
        self.fileByteCount = Atomic(fileByteCount)
    }

    var number: UInt32 { header.number }
    var end: UInt64 { recordsEnd.load(ordering: .acquiring) }
    /// What it takes on the disk.
    var byteCount: UInt64 { fileByteCount.load(ordering: .relaxed) }

    func setEnd(_ end: UInt64, fileByteCount byteCount: UInt64) {
        recordsEnd.store(end, ordering: .releasing)
        fileByteCount.store(byteCount, ordering: .relaxed)
    }

    /// Nonce counters that nobody else gets; the first of them.
    func takeCounters(_ count: Int) -> UInt64 {
        nextCounter.wrappingAdd(UInt64(count), ordering: .relaxed).oldValue
    }

    var takenCounters: UInt64 { nextCounter.load(ordering: .relaxed) }

    /// A cipher that nobody else uses until it is given back.
    func takeCipher() -> SegmentCipher {
        ciphers.withLock { $0.popLast() } ?? SegmentCipher(key: key, header: header)
    }

    func give(_ cipher: SegmentCipher) {
        ciphers.withLock { free in
            if free.count < Self.cipherCapacity { free.append(cipher) }
        }
    }

    /// Writes a footer behind the last record, in the place of whatever is there. Where that fails there is none: opening takes
    /// longer, and that is all.
    ///
    /// - Precondition: all records are synced, and none will follow.
    func write(_ footer: SegmentFooter, noncePrefix: [UInt8]) {
        if footer.isTooLong { return }
        let end = end
        let bytes = footer.sealed(end: end, noncePrefix: noncePrefix, key: key, segment: header)
        do {
            try file.truncate(to: end)
            try file.write(bytes.span, Span(), at: end)
            setEnd(end, fileByteCount: end + UInt64(bytes.count))
        } catch { try? file.truncate(to: end) }
    }

    /// Where the records end and what they are, as the footer says; nil if there is no footer that opens.
    ///
    /// - Throws: `CacheError.system` if the disk does not give its bytes.
    func readFooter() throws(CacheError) -> (end: UInt64, records: [SegmentRecord])? {
        let byteCount = try file.byteCount()
        let trailerStart = byteCount.subtractingReportingOverflow(UInt64(SegmentFooter.trailerByteCount))
        guard !trailerStart.overflow,
            let trailer = try file.bytes(at: trailerStart.partialValue, count: SegmentFooter.trailerByteCount),
            let (bodyByteCount, noncePrefix) = SegmentFooter.parse(trailer: trailer)
        else { return nil }
        let sealedByteCount = bodyByteCount + SealedBlocks.tagByteCount
        let start = trailerStart.partialValue.subtractingReportingOverflow(UInt64(sealedByteCount))
        guard !start.overflow, let sealed = try file.bytes(at: start.partialValue, count: sealedByteCount)
        else { return nil }
        let cipher = SegmentCipher(key: key, header: header, noncePrefix: noncePrefix)
        guard let body = cipher.open(sealed, counter: 0, authenticating: trailer),
            let footer = SegmentFooter.decode(body: body), footer.end == start.partialValue
        else { return nil }
        return footer
    }
}
