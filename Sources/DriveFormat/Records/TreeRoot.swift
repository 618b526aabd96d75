public import SCALE
internal import Sealing

/// The root of a prolly tree, and what it sums up to.
///
/// `reference` is a blob id (32 bytes) where the tree's nodes are found through the index, and a whole
/// `BlobReference` (87 bytes) where they are not: the index itself, the set of volumes, and a commit's own roots.
///
/// Format: Docs/Format/ProllyTree.md, "Root".
public struct TreeRoot: Hashable, Sendable, ScaleCodable {
    public let reference: [UInt8]
    /// 0 for a tree of one leaf.
    public let level: UInt8
    /// Entries in all leaves.
    public let count: UInt64
    /// The sum of the entries' bytes, by the rule of the tree's kind.
    public let bytes: UInt64

    public init(reference: [UInt8], level: UInt8, count: UInt64, bytes: UInt64) {
        self.reference = reference
        self.level = level
        self.count = count
        self.bytes = bytes
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        let offset = decoder.offset
        reference = try decoder.byteVector(limit: BlobReference.byteCount)
        guard reference.count == 32 || reference.count == BlobReference.byteCount else {
            throw .invalid("a tree's root is named by 32 or \(BlobReference.byteCount) bytes", offset: offset)
        }
        if reference.count == BlobReference.byteCount { _ = try BlobReference(scaleBytes: reference) }
        let levelOffset = decoder.offset
        level = try decoder.byte()
        guard level < ProllyLimits.levelCount else {
            throw .invalid("a tree has at most \(ProllyLimits.levelCount) levels", offset: levelOffset)
        }
        count = try decoder.compact(UInt64.self)
        bytes = try decoder.compact(UInt64.self)
    }

    /// Whether the reference is whole, not a blob id.
    public var isPointed: Bool { reference.count == BlobReference.byteCount }

    /// The same tree, named by the blob id of its root: both references begin with it.
    public var named: TreeRoot {
        TreeRoot(reference: Array(reference.prefix(BlobID.byteCount)), level: level, count: count, bytes: bytes)
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.byteVector(reference)
        encoder.integer(level)
        encoder.compact(count)
        encoder.compact(bytes)
    }
}
