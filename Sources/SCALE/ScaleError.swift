/// What can be wrong with SCALE bytes.
public enum ScaleError: Error, Equatable, CustomStringConvertible {
    /// `needed` more bytes were announced at `offset` than are there.
    case truncated(offset: Int, needed: Int)
    /// A value ended, and `count` bytes were left.
    case trailing(count: Int)
    /// A compact integer was not in its shortest form, or does not fit its type.
    case notCanonical(offset: Int)
    /// A `bool`, `Option` or enum had an index that its type does not have.
    case unknownVariant(UInt8, type: String, offset: Int)
    /// A sequence announced more items than its bound allows.
    case tooLong(count: UInt64, limit: Int, offset: Int)
    /// A string was not UTF-8.
    case notUTF8(offset: Int)
    /// A value broke a rule of its type.
    case invalid(String, offset: Int)

    public var description: String {
        switch self {
        case .truncated(let offset, let needed): "\(needed) more bytes were expected at offset \(offset)"
        case .trailing(let count): "\(count) bytes are left over"
        case .notCanonical(let offset): "the compact integer at offset \(offset) is not canonical"
        case .unknownVariant(let index, let type, let offset): "\(type) has no variant \(index) (offset \(offset))"
        case .tooLong(let count, let limit, let offset):
            "a sequence of \(count) items at offset \(offset) where at most \(limit) are allowed"
        case .notUTF8(let offset): "the string at offset \(offset) is not UTF-8"
        case .invalid(let what, let offset): "\(what) (offset \(offset))"
        }
    }
}
