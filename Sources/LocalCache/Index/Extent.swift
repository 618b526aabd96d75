/// Bytes of a file that lie in one record's payload, or a hole. 40 bytes: a cache has millions of them.
struct Extent: Equatable {
    private(set) var start: UInt64
    /// Epoch and flags.
    private var stamp: UInt64
    let segment: UInt32
    /// Names the record, and says where its payload begins.
    let payloadPosition: UInt32
    /// The nonce of the payload's first block.
    let blockCounter: UInt32
    /// All of the payload.
    private let payloadLength: UInt32
    /// Where in the payload; of a hole, the upper half of its length.
    private var upper: UInt32
    /// How many bytes; of a hole, the lower half of that.
    private var lower: UInt32

    private static let dirtyBit: UInt64 = 1
    private static let holeBit: UInt64 = 2
    private static let usedBit: UInt64 = 4
    private static let epochShift: UInt64 = 3

    init(
        data record: SegmentRecord, segment: UInt32, start: UInt64, count: Int, offset: Int, isDirty: Bool,
        epoch: UInt64
    ) {
        self.start = start
        stamp = epoch << Self.epochShift | (isDirty ? Self.dirtyBit : 0)
        self.segment = segment
        payloadPosition = record.payloadPosition
        blockCounter = record.blockCounter
        payloadLength = UInt32(truncatingIfNeeded: record.payloadByteCount)
        upper = UInt32(truncatingIfNeeded: offset)
        lower = UInt32(truncatingIfNeeded: count)
    }

    init(hole range: Range<UInt64>, record: SegmentRecord, segment: UInt32, epoch: UInt64) {
        start = range.lowerBound
        stamp = epoch << Self.epochShift | Self.dirtyBit | Self.holeBit
        self.segment = segment
        payloadPosition = record.payloadPosition
        blockCounter = 0
        payloadLength = 0
        upper = 0
        lower = 0
        count = range.upperBound - range.lowerBound
    }

    private(set) var count: UInt64 {
        get { isHole ? UInt64(upper) << 32 | UInt64(lower) : UInt64(lower) }
        set {
            lower = UInt32(truncatingIfNeeded: newValue)
            if isHole { upper = UInt32(truncatingIfNeeded: newValue >> 32) }
        }
    }

    var end: UInt64 { start + count }
    var range: Range<UInt64> { start..<end }
    /// Where its bytes begin in the payload.
    var payloadOffset: Int { isHole ? 0 : Int(upper) }
    var payloadByteCount: Int { Int(payloadLength) }

    var isHole: Bool { stamp & Self.holeBit != 0 }
    /// When it was written, in freezes: what has a later epoch than a frozen file was written after that was frozen.
    var epoch: UInt64 { stamp >> Self.epochShift }

    var isDirty: Bool {
        get { stamp & Self.dirtyBit != 0 }
        set { stamp = newValue ? stamp | Self.dirtyBit : stamp & ~Self.dirtyBit }
    }

    /// Whether it was read since it was written or moved: such a clean extent survives the cleaning of its segment once.
    var isUsed: Bool {
        get { stamp & Self.usedBit != 0 }
        set { stamp = newValue ? stamp | Self.usedBit : stamp & ~Self.usedBit }
    }

    var kind: ExtentKind {
        switch (isDirty, isHole) {
        case (true, false): .dirty
        case (false, false): .clean
        case (true, true): .dirtyHole
        case (false, true): .cleanHole
        }
    }

    /// The part of it that lies in a range, which overlaps it.
    func clipped(to bounds: Range<UInt64>) -> Extent {
        let range = range.clamped(to: bounds)
        var part = self
        if !isHole { part.upper += UInt32(truncatingIfNeeded: range.lowerBound - start) }
        part.start = range.lowerBound
        part.count = range.upperBound - range.lowerBound
        return part
    }

    /// Whether both are parts of what one change has written.
    func hasOrigin(of other: Extent) -> Bool {
        segment == other.segment && payloadPosition == other.payloadPosition && isHole == other.isHole
    }
}
