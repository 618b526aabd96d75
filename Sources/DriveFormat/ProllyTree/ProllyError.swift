public import SCALE

/// What can be wrong with a prolly tree, read or written.
public enum ProllyError: Error, Equatable, CustomStringConvertible {
    /// A node's bytes do not decode.
    case malformed(ScaleError)
    /// A node, a key, an entry or a reference is longer than it may be.
    case tooLong(byteCount: Int)
    case unknownVersion(UInt8)
    /// A node is not on the level below its parent's.
    case wrongLevel(UInt8, expected: UInt8)
    /// The tree has more levels than `ProllyLimits.levelCount`.
    case tooDeep
    /// Keys of a map, or edits, do not strictly ascend.
    case notAscending
    /// A node's keys are not those that its parent says.
    case outsideParent
    /// A node's counts or sums are not what its parent says, or pass 2⁶⁴.
    case wrongTotals
    /// A node without entries that is not the root of an empty tree.
    case emptyNode
    /// A value that the tree's kind cannot weigh.
    case badValue

    public var description: String {
        switch self {
        case .malformed(let error): "a tree node does not decode: \(error)"
        case .tooLong(let byteCount): "\(byteCount) bytes are too long for a tree"
        case .unknownVersion(let version): "tree nodes of version \(version) are unknown"
        case .wrongLevel(let level, let expected): "a tree node is on level \(level) instead of \(expected)"
        case .tooDeep: "a tree has more than \(ProllyLimits.levelCount) levels"
        case .notAscending: "the keys of a tree do not ascend"
        case .outsideParent: "a tree node has other keys than its parent says"
        case .wrongTotals: "a tree node has other totals than its parent says"
        case .emptyNode: "a tree node is empty"
        case .badValue: "a tree holds a value that it cannot"
        }
    }
}

/// What trees are bounded by. Format: Docs/Format/ProllyTree.md, "Limits".
public enum ProllyLimits {
    public static let levelCount = 16
    public static let keyByteCount = 1024
    public static let referenceByteCount = 128
    /// An entry's encoding.
    public static let entryByteCount = 512 << 10
    public static let nodeByteCount = 1 << 20
}
