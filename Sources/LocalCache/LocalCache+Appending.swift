internal import Glibc
internal import Primitives
internal import Synchronization

/// How changes get into the log. A payload is sealed outside of all locks; the record's place, its changes and their effect on
/// the index belong together, and are decided under the lock of the log.
extension LocalCache {
    /// Appends; where the disk is full, evicts something and tries again, once.
    func appendMakingRoom(
        _ payload: Span<UInt8>, isPrivileged: Bool,
        _ plan: (borrowing CacheIndex) throws(CacheError) -> RecordPlan
    ) throws(CacheError) {
        do {
            try append(payload, isPrivileged: isPrivileged, plan)
        } catch {
            guard error == .full, makeRoomOnFullDisk(for: payload.count) else { throw error }
            try append(payload, isPrivileged: isPrivileged, plan)
        }
        keepWithinLimits()
    }

    /// - Parameters:
    ///   - isPrivileged: whether it may use what is held back on a full disk.
    ///   - plan: what the record says, given what is there; nothing is written if that is nothing.
    /// - Throws: `CacheError.full`, `tooLarge`, `closed`, `system`, and what `plan` throws; nothing was changed then.
    func append(
        _ payload: Span<UInt8>, isPrivileged: Bool,
        _ plan: (borrowing CacheIndex) throws(CacheError) -> RecordPlan
    ) throws(CacheError) {
        let sealedByteCount = SealedBlocks.sealedByteCount(payload: payload.count)
        var buffer = writeBuffers.take(sealedByteCount)
        defer { writeBuffers.give(buffer) }
        while true {
            let segment = try log.withLock { log throws(CacheError) in try head(&log, isPrivileged: isPrivileged) }
            let counter = segment.takeCounters(1 + SealedBlocks.count(payload: payload.count))
            let cipher = segment.takeCipher()
            var span = buffer.mutableSpan
            var sealed = span._mutatingExtracting(0..<sealedByteCount)
            cipher.seal(payload: payload, from: counter + 1, into: &sealed)
            segment.give(cipher)
            let isAppended = try log.withLock { log throws(CacheError) in
                // The segment was closed meanwhile: its key is not that of the next one.
                guard log.head === segment else { return false }
                let plan = try index.withLock { index throws(CacheError) in try plan(index) }
                if plan.changes.isEmpty { return true }
                try write(
                    plan, counter: counter, payloadByteCount: payload.count,
                    buffer.span.extracting(0..<sealedByteCount), isPrivileged: isPrivileged, &log, segment)
                return true
            }
            if isAppended { return }
        }
    }

    private func write(
        _ plan: RecordPlan, counter: UInt64, payloadByteCount: Int, _ sealed: Span<UInt8>, isPrivileged: Bool,
        _ log: inout LogState, _ segment: Segment
    ) throws(CacheError) {
        let header = LoggedChange.encode(plan.changes)
        guard header.count <= RecordPrefix.maximumHeaderByteCount else { throw .tooLarge }
        let prefix = RecordPrefix(
            headerByteCount: header.count, payloadByteCount: payloadByteCount, counter: counter)
        var first = prefix.bytes
        let cipher = segment.takeCipher()
        first += cipher.seal(header, counter: counter, authenticating: first)
        segment.give(cipher)

        let position = segment.end
        try withReserve(isPrivileged) { () throws(CacheError) in
            do throws(CacheError) { try segment.file.write(first.span, sealed, at: position) } catch {
                // What was written of it is no whole record, and the next one takes its place.
                try? segment.file.truncate(to: position)
                throw error
            }
        }
        let end = position + UInt64(prefix.byteCount)
        segment.setEnd(end, fileByteCount: end)
        log.footer.add(prefix, header: header, limit: limits.footerByteCount)
        let record = SegmentRecord(prefix, at: position, changes: plan.changes)
        index.withLock { index in
            for (place, change) in plan.changes.enumerated() {
                let epoch = plan.epochs.isEmpty ? index.epoch : plan.epochs[place]
                index.apply(change, of: record, in: segment.number, epoch: epoch)
            }
        }
        appended.add(1, ordering: .sequentiallyConsistent)
    }

    /// The segment that records go to, begun if need be.
    private func head(_ log: inout LogState, isPrivileged: Bool) throws(CacheError) -> Segment {
        if log.isClosed { throw .closed }
        if !isPrivileged, !reserve.restore() { throw .full }
        if let head = log.head {
            let isFull = head.end >= limits.segmentByteCount || head.takenCounters >= 1 << 31
            if !isFull { return head }
            log.closeHead()
        }
        guard log.nextNumber <= CacheDirectory.maximumNumber else { throw .full }
        let header = SegmentHeader(
            number: log.nextNumber, previousNumber: log.previous.number, previousEnd: log.previous.end,
            noncePrefix: random(XChaCha20Poly1305Stream.noncePrefixByteCount),
            salt: random(SegmentHeader.saltByteCount))
        let segment = try withReserve(isPrivileged) { () throws(CacheError) in try makeSegment(header) }
        if index.withLock({ $0.segments.isEmpty }) { try makeDurable(segment) }
        log.head = segment
        log.nextNumber += 1
        log.hasNewNames = true
        index.withLock { $0.add(segment) }
        mayNeedRoom.store(true, ordering: .relaxed)
        return segment
    }

    private func makeSegment(_ header: SegmentHeader) throws(CacheError) -> Segment {
        let path = directory.path(of: header.number)
        // Truncated: the file may be left of an attempt that found the disk full.
        let file = try StoredFile(path: path, flags: O_RDWR | O_CREAT | O_TRUNC)
        do {
            try file.write(header.sealed(with: key).span, Span(), at: 0)
        } catch {
            try? directory.remove(header.number)
            throw error
        }
        let end = UInt64(SegmentHeader.byteCount)
        return Segment(header, file: file, key: key, recordsEnd: end, fileByteCount: end)
    }

    /// The oldest segment is always durable, be it empty: opening begins with it. If the power took its name or header, and left
    /// segments that follow it, these would be taken for the whole log.
    private func makeDurable(_ segment: Segment) throws(CacheError) {
        do {
            try segment.file.sync()
            try directory.sync()
        } catch {
            try? directory.remove(segment.number)
            throw error
        }
        didSync()
    }

    /// Does `body` once more if it finds the disk full, with the room that is held back for this.
    private func withReserve<R>(
        _ isPrivileged: Bool, _ body: () throws(CacheError) -> R
    ) throws(CacheError) -> R {
        do { return try body() } catch {
            guard error == .full, isPrivileged, reserve.release() else { throw error }
            return try body()
        }
    }
}
