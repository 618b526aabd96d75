/// The end of the log, where records are appended.
struct LogState {
    /// Begun with the first record: opening and closing a cache leaves nothing behind.
    var head: Segment?
    /// Of the head.
    var footer = SegmentFooter()
    var nextNumber: UInt32
    /// The segment before the head, or before the next one if there is no head.
    var previous: (number: UInt32, end: UInt64)
    /// Segments that are full and not synced yet; their footers come after that.
    var unsynced: [(segment: Segment, footer: SegmentFooter)] = []
    /// Whether files were made whose names are not durable yet.
    var hasNewNames = false
    var isClosed = false

    /// Ends the head: what is appended next goes to a new segment.
    mutating func closeHead() {
        guard let segment = head else { return }
        unsynced.append((segment, footer))
        previous = (segment.number, segment.end)
        head = nil
        footer = SegmentFooter()
    }
}

/// What a record says. It is decided under the lock of the log, so that nothing comes between.
struct RecordPlan {
    var changes: [LoggedChange] = []
    /// For each change the epoch in which its bytes were written, where that is not the present one.
    var epochs: [UInt64] = []
}
