internal import SCALE

/// A record of a segment: its changes, and what is needed to read its payload.
struct SegmentRecord {
    /// Where the payload begins in the file. No two records of a segment share it: it names the record.
    let payloadPosition: UInt32
    let payloadByteCount: Int
    /// The nonce of the payload's first block.
    let blockCounter: UInt32
    let changes: [LoggedChange]

    /// - Throws: `ScaleError` if the header is not a list of changes.
    init(_ prefix: RecordPrefix, at position: UInt64, header: [UInt8]) throws(ScaleError) {
        self.init(
            prefix, at: position,
            changes: try LoggedChange.decode(header, payloadByteCount: prefix.payloadByteCount))
    }

    /// - Precondition: `position` and the record's length fit 32 bits.
    init(_ prefix: RecordPrefix, at position: UInt64, changes: [LoggedChange]) {
        payloadPosition = UInt32(truncatingIfNeeded: position + UInt64(prefix.payloadOffset))
        payloadByteCount = prefix.payloadByteCount
        blockCounter = UInt32(truncatingIfNeeded: prefix.counter + 1)
        self.changes = changes
    }
}
