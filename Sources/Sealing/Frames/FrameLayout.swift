/// Where the bytes of a payload lie among its sealed frames.
///
/// A payload is cut every 16,384 bytes; each piece is followed by its 16-byte tag, so that frame k lies at k × 16,400.
/// An empty payload is one frame of a tag alone. Format: Docs/Format/Frames.md, "Layout".
public struct FrameLayout: Hashable, Sendable {
    public static let payloadByteCount = 16_384
    public static let tagByteCount = 16
    public static let sealedByteCount = payloadByteCount + tagByteCount
    /// A blob lies within one segment.
    public static let maximumSealedByteCount = 32 << 20

    /// The payload's length.
    public let payloadByteCount: Int

    /// Returns nil for a negative length, or one whose frames would not fit a segment.
    public init?(payloadByteCount: Int) {
        guard 0...Self.maximumSealedByteCount ~= payloadByteCount else { return nil }
        self.payloadByteCount = payloadByteCount
        guard sealedByteCount <= Self.maximumSealedByteCount else { return nil }
    }

    /// The layout whose frames have this total length; nil if there is none.
    public init?(sealedByteCount: Int) {
        guard Self.tagByteCount...Self.maximumSealedByteCount ~= sealedByteCount else { return nil }
        let frameCount = (sealedByteCount - 1) / Self.sealedByteCount + 1
        let last = sealedByteCount - (frameCount - 1) * Self.sealedByteCount
        guard last > Self.tagByteCount || frameCount == 1 else { return nil }
        guard last >= Self.tagByteCount else { return nil }
        payloadByteCount = sealedByteCount - frameCount * Self.tagByteCount
    }

    /// At least one.
    public var frameCount: Int { max(1, (payloadByteCount + Self.payloadByteCount - 1) / Self.payloadByteCount) }

    /// The length of all frames.
    public var sealedByteCount: Int { payloadByteCount + frameCount * Self.tagByteCount }

    /// Where the payload of a run of frames lies in the payload.
    public func payloadRange(ofFrames frames: Range<Int>) -> Range<Int> {
        precondition(frames.lowerBound >= 0 && frames.upperBound <= frameCount, "no such frames")
        return min(
            frames.lowerBound * Self.payloadByteCount, payloadByteCount)..<min(
                frames.upperBound * Self.payloadByteCount, payloadByteCount)
    }

    /// Where a run of frames lies in the sealed blob.
    public func sealedRange(ofFrames frames: Range<Int>) -> Range<Int> {
        precondition(frames.lowerBound >= 0 && frames.upperBound <= frameCount, "no such frames")
        return min(
            frames.lowerBound * Self.sealedByteCount, sealedByteCount)..<min(
                frames.upperBound * Self.sealedByteCount, sealedByteCount)
    }

    /// The frames that hold a range of the payload; none for an empty range.
    public func frames(holding range: Range<Int>) -> Range<Int> {
        precondition(range.lowerBound >= 0 && range.upperBound <= payloadByteCount, "outside the payload")
        let first = range.lowerBound / Self.payloadByteCount
        guard !range.isEmpty else { return first..<first }
        return first..<(range.upperBound - 1) / Self.payloadByteCount + 1
    }

    /// The part of the sealed blob that has to be fetched to read a range of the payload.
    public func sealedRange(holding range: Range<Int>) -> Range<Int> { sealedRange(ofFrames: frames(holding: range)) }
}
