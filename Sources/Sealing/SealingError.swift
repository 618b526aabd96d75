/// Why sealed bytes could not be opened.
public enum SealingError: Error, Equatable, CustomStringConvertible {
    /// A frame's bytes are not what was sealed: damaged, of another blob, or cut off.
    case notAuthentic(blob: BlobID, frame: Int)
    /// The keys at hand do not include the epoch that the blob names.
    case unknownEpoch(EpochID, blob: BlobID)
    /// The sealed bytes have another length than the blob's pointer says.
    case wrongLength(blob: BlobID, expected: Int, found: Int)

    public var description: String {
        switch self {
        case .notAuthentic(let blob, let frame): "frame \(frame) of blob \(blob) is damaged"
        case .unknownEpoch(let epoch, let blob): "blob \(blob) is sealed in epoch \(epoch), which is not open here"
        case .wrongLength(let blob, let expected, let found):
            "blob \(blob) has \(found) sealed bytes where \(expected) are expected"
        }
    }
}
