/// Padmé padding: a length says only its magnitude and a few more bits, for at most 12 % of extra bytes.
///
/// From "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", section 4.
/// Format: Docs/Format/Frames.md, "Padding".
public enum Padding {
    /// Chunks from this plaintext length on are not padded: the chunker's cuts hide the ends of longer files.
    public static let limit = 256 << 10

    /// `byteCount` rounded up so that, of its E + 1 binary digits, only the first ⌊log₂ E⌋ + 2 can be other than 0.
    public static func padme(_ byteCount: Int) -> Int {
        precondition(byteCount >= 0)
        guard byteCount > 1 else { return byteCount }
        let exponent = Int.bitWidth - 1 - byteCount.leadingZeroBitCount
        let kept = Int.bitWidth - exponent.leadingZeroBitCount
        let mask = 1 << (exponent - kept) - 1
        return (byteCount + mask) & ~mask
    }

    /// The length that a chunk's payload is filled up to with zeros before it is sealed.
    ///
    /// - Parameters:
    ///   - payloadByteCount: the payload as the codec made it.
    ///   - rawByteCount: the chunk's plaintext.
    public static func paddedByteCount(ofPayload payloadByteCount: Int, rawByteCount: Int) -> Int {
        rawByteCount < limit ? padme(payloadByteCount) : payloadByteCount
    }
}
