internal import Primitives

/// Goes through the records of a segment that has no footer.
struct SegmentScanner {
    private let segment: Segment
    private let fileByteCount: UInt64
    private let verifiesPayloads: Bool
    private let buffers: BufferPool
    private let cipher: SegmentCipher
    /// Where the next record begins: all before it is whole.
    private(set) var position = UInt64(SegmentHeader.byteCount)
    /// Of the records before that.
    private(set) var footer = SegmentFooter()
    private let footerLimit: Int

    private static let blocksAtOnce = 256

    /// - Parameters:
    ///   - limit: where the records end, if that is known.
    ///   - verifiesPayloads: whether a record counts as whole only if its payload opens.
    ///   - footerLimit: how long a footer of them may become, in bytes.
    /// - Throws: `CacheError.system`.
    init(
        _ segment: Segment, limit: UInt64?, verifiesPayloads: Bool, buffers: BufferPool, footerLimit: Int = 0
    ) throws(CacheError) {
        self.segment = segment
        self.verifiesPayloads = verifiesPayloads
        self.buffers = buffers
        self.footerLimit = footerLimit
        cipher = segment.takeCipher()
        fileByteCount = min(try segment.file.byteCount(), limit ?? UInt64(UInt32.max), UInt64(UInt32.max))
    }

    /// The next record; nil where there is none, or none that is whole.
    ///
    /// - Throws: `CacheError.system` if the disk does not give its bytes: what is there must not be taken for the end.
    mutating func next() throws(CacheError) -> SegmentRecord? {
        guard hasRoom(for: RecordPrefix.byteCount),
            let bytes = try segment.file.bytes(at: position, count: RecordPrefix.byteCount),
            let prefix = RecordPrefix(bytes), hasRoom(for: prefix.byteCount),
            let header = try openHeader(prefix, bytes),
            let record = try? SegmentRecord(prefix, at: position, header: header)
        else { return nil }
        if verifiesPayloads, try !isWhole(record) { return nil }
        position += UInt64(prefix.byteCount)
        footer.add(prefix, header: header, limit: footerLimit)
        return record
    }

    private func hasRoom(for byteCount: Int) -> Bool { position + UInt64(byteCount) <= fileByteCount }

    private func openHeader(_ prefix: RecordPrefix, _ prefixBytes: [UInt8]) throws(CacheError) -> [UInt8]? {
        let sealed = try segment.file.bytes(
            at: position + UInt64(RecordPrefix.byteCount),
            count: prefix.headerByteCount + SealedBlocks.tagByteCount)
        guard let sealed else { return nil }
        return cipher.open(sealed, counter: prefix.counter, authenticating: prefixBytes)
    }

    private func isWhole(_ record: SegmentRecord) throws(CacheError) -> Bool {
        let total = SealedBlocks.sealedByteCount(payload: record.payloadByteCount)
        var sealed = buffers.take(min(total, Self.blocksAtOnce * SealedBlocks.sealedByteCount))
        var plaintext = buffers.take(SealedBlocks.byteCount)
        defer {
            buffers.give(sealed)
            buffers.give(plaintext)
        }
        var (done, counter) = (0, UInt64(record.blockCounter))
        while done < total {
            let count = min(total - done, Self.blocksAtOnce * SealedBlocks.sealedByteCount)
            var span = sealed.mutableSpan
            var part = span._mutatingExtracting(0..<count)
            let position = UInt64(record.payloadPosition) + UInt64(done)
            guard try segment.file.read(at: position, into: &part) else { return false }
            var start = 0
            while start < count {
                let block = min(SealedBlocks.sealedByteCount, count - start)
                guard block > SealedBlocks.tagByteCount else { return false }
                var output = plaintext.mutableSpan
                var opened = output._mutatingExtracting(0..<block - SealedBlocks.tagByteCount)
                let bytes = sealed.span.extracting(start..<start + block)
                guard cipher.open(block: bytes, counter: counter, into: &opened) else { return false }
                counter += 1
                start += block
            }
            done += count
        }
        return true
    }
}
