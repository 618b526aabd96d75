internal import Primitives
internal import Synchronization

/// How room is made: the oldest segment's contents that must not be lost, or were used lately, are appended again; then it is
/// deleted. Always the oldest: what a newer one says of it, such as that a file was removed, must not go before it.
extension LocalCache {
    /// Evicts until the cache is within its limits, and `byteCount` smaller than it was, or nothing can be evicted any more.
    ///
    /// - Returns: how much smaller it got.
    /// - Throws: `CacheError.damaged` or `unreadableSegment` if the oldest segment holds something that is nowhere else and cannot
    ///   be read; `full` if the disk has no room for moving; `system`, `closed`, `unsynced`.
    @discardableResult
    public func makeRoom(_ byteCount: UInt64 = 0) throws(CacheError) -> UInt64 {
        try cleaning.withLock { _ throws(CacheError) in
            defer { _ = reserve.restore() }
            return try evict(max(byteCount, excess), keepsUsed: byteCount == 0)
        }
    }

    /// After a segment was begun, by whoever did so; the others go on.
    func keepWithinLimits() {
        guard mayNeedRoom.load(ordering: .relaxed), mayNeedRoom.exchange(false, ordering: .relaxed) else { return }
        let wanted = excess
        if wanted == 0 { return }
        // The caller's own change is made; what fails here fails again for whoever asks for room.
        _ = cleaning.withLockIfAvailable { _ in try? evict(wanted, keepsUsed: true) }
    }

    /// Whether anything became free.
    func makeRoomOnFullDisk(for byteCount: Int) -> Bool {
        cleaning.withLock { _ in
            defer { _ = reserve.restore() }
            let wanted = max(2 * UInt64(byteCount), UInt64(limits.segmentByteCount))
            return ((try? evict(wanted, keepsUsed: false)) ?? 0) > 0
        }
    }

    /// How much the cache is over its limits, and a sixteenth more, so that not every segment asks for another one.
    private var excess: UInt64 {
        let over = byteCount.subtractingReportingOverflow(limits.byteCount)
        let own = over.overflow || over.partialValue == 0 ? 0 : over.partialValue + limits.byteCount / 16
        guard limits.minimumFreeByteCount > 0, let free = directory.freeByteCount else { return own }
        return max(own, limits.minimumFreeByteCount - min(free, limits.minimumFreeByteCount))
    }

    private struct Candidate {
        let segment: Segment
        let moved: UInt64
        var gain: UInt64 { segment.byteCount - min(moved, segment.byteCount) }
    }

    /// - Precondition: `cleaning` is held.
    private func evict(_ wanted: UInt64, keepsUsed: Bool) throws(CacheError) -> UInt64 {
        if wanted == 0 { return 0 }
        var candidates = candidates()
        if candidates.reduce(0, { $0 + $1.gain }) < wanted {
            log.withLock { $0.closeHead() }
            candidates = self.candidates()
        }
        var freed: UInt64 = 0
        for candidate in Self.worthwhile(candidates, wanted, isUrgent: !keepsUsed) {
            if freed >= wanted { break }
            let moved = try clean(candidate.segment, keepsUsed: keepsUsed)
            freed += candidate.segment.byteCount - min(moved, candidate.segment.byteCount)
        }
        return freed
    }

    /// All segments but the head, the oldest first.
    private func candidates() -> [Candidate] {
        let head = log.withLock { $0.head }
        return index.withLock { index in
            index.segments.values.filter { $0 !== head }.sorted { $0.number < $1.number }.map {
                Candidate(segment: $0, moved: UInt64(clamping: index.usage[$0.number]?.movedByteCount ?? 0))
            }
        }
    }

    /// The oldest that together give what is wanted, or all that there is to get; none if that is too little for the work.
    ///
    /// - Parameter isUrgent: whether 32 bytes may be moved for each that gets free, not only four.
    private static func worthwhile(
        _ candidates: [Candidate], _ wanted: UInt64, isUrgent: Bool
    ) -> ArraySlice<Candidate> {
        var (gain, moved): (UInt64, UInt64) = (0, 0)
        var best = (count: 0, gain: UInt64(0), moved: UInt64(0))
        for (place, candidate) in candidates.enumerated() {
            gain += candidate.gain
            moved += candidate.moved
            // One that is all dirty is not worth it, unless there is something behind it.
            if candidate.gain > candidate.segment.byteCount / 64 { best = (place + 1, gain, moved) }
            if gain >= wanted { break }
        }
        return best.gain > best.moved / (isUrgent ? 32 : 4) ? candidates.prefix(best.count) : []
    }

    /// Moves what has to stay, and deletes the segment, which is the oldest.
    ///
    /// - Returns: how much was moved.
    private func clean(_ segment: Segment, keepsUsed: Bool) throws(CacheError) -> UInt64 {
        var mover = SegmentMover(self, segment, keepsUsed: keepsUsed)
        if let records = try segment.readFooter()?.records {
            for record in records { try mover.add(record) }
        } else {
            var scanner = try SegmentScanner(
                segment, limit: segment.end, verifiesPayloads: false, buffers: readers.buffers)
            while let record = try scanner.next() { try mover.add(record) }
        }
        try mover.flush()
        try append(Span(), isPrivileged: true) { _ throws(CacheError) in
            RecordPlan(changes: [.trimmed(through: segment.number)])
        }
        // Also what shadows bytes of this segment has to be durable before they go.
        try sync()
        let isEmpty = index.withLock { $0.usage[segment.number]?.isEmpty ?? true }
        guard isEmpty else { throw .unreadableSegment(segment.number) }
        try directory.remove(segment.number)
        index.withLock { $0.remove(segment) }
        // Before the next one goes: it may say what of this one was removed.
        try directory.sync()
        return mover.movedByteCount
    }
}
