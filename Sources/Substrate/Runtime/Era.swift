public import SCALE

/// The blocks in which an extrinsic may be included.
///
/// Format: Docs/Protocol/CESS.md, 7.3.
public enum Era: Hashable, Sendable, ScaleCodable {
    case immortal
    /// `period` is a power of two, 4…65536; `phase` is below it.
    case mortal(period: UInt32, phase: UInt32)

    /// The era that begins at `current` (or a little before: long periods count in coarser steps).
    ///
    /// - Parameter period: rounded up to a power of two, 4…65536.
    public init(period: UInt32, current: BlockNumber) {
        var rounded: UInt32 = 4
        while rounded < min(period, 65536) { rounded *= 2 }
        let step = Self.step(of: rounded)
        self = .mortal(period: rounded, phase: current % rounded / step * step)
    }

    /// The block whose hash is signed, for an era that `current` lies in; nil if immortal.
    public func birth(current: BlockNumber) -> BlockNumber? {
        guard case .mortal(let period, let phase) = self else { return nil }
        return (max(current, phase) - phase) / period * period + phase
    }

    /// The first block in which the extrinsic is dead; nil if immortal.
    public func death(current: BlockNumber) -> BlockNumber? {
        guard case .mortal(let period, _) = self, let birth = birth(current: current) else { return nil }
        let (death, overflow) = birth.addingReportingOverflow(period)
        return overflow ? .max : death
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        let start = decoder.offset
        let first = try decoder.byte()
        if first == 0 {
            self = .immortal
            return
        }
        let encoded = UInt16(first) | UInt16(try decoder.byte()) << 8
        let period = UInt32(2) << UInt32(encoded & 15)
        let phase = UInt32(encoded >> 4) * Self.step(of: period)
        guard period >= 4, phase < period else { throw .invalid("an impossible era", offset: start) }
        self = .mortal(period: period, phase: phase)
    }

    public func encode(to encoder: inout ScaleEncoder) {
        switch self {
        case .immortal: encoder.integer(UInt8(0))
        case .mortal(let period, let phase):
            let exponent = UInt16(min(max(period.trailingZeroBitCount - 1, 1), 15))
            encoder.integer(exponent | UInt16(phase / Self.step(of: period)) << 4)
        }
    }

    private static func step(of period: UInt32) -> UInt32 { max(period >> 12, 1) }
}
