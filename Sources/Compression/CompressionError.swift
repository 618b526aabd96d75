/// What can be wrong with a compressed blob.
public enum CompressionError: Error, Equatable, CustomStringConvertible {
    /// The payload has another length than its codec and raw length allow.
    case wrongLength(payload: Int, raw: Int)
    /// The table of end offsets does not describe blocks that lie one after another.
    case badTable(block: Int)
    /// A block is not one zstd frame of just the length that it must have.
    case badBlock(Int)
    /// What follows the payload's end is not zeros.
    case badPadding
    /// A raw length is above `BlobCodec.maximumRawByteCount`.
    case tooLong(raw: Int)

    public var description: String {
        switch self {
        case .wrongLength(let payload, let raw): "a payload of \(payload) bytes cannot hold a blob of \(raw)"
        case .badTable(let block): "the end of compressed block \(block) is out of order"
        case .badBlock(let block): "compressed block \(block) is damaged"
        case .badPadding: "the padding of a payload is not zero"
        case .tooLong(let raw): "a blob of \(raw) bytes is longer than a segment"
        }
    }
}
