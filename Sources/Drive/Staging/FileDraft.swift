public import DriveFormat

/// A file as it is to be, told by what is new of it and by the file that it was.
public struct FileDraft: Sendable {
    /// Bytes that are not the base's.
    public struct Change: Sendable {
        public let range: Range<UInt64>
        /// Whether nothing is there, which reads as zeros, instead of data.
        public let isHole: Bool

        public init(_ range: Range<UInt64>, isHole: Bool = false) {
            self.range = range
            self.isHole = isHole
        }
    }

    /// The new length in bytes.
    public var size: UInt64
    /// The inode whose content it had, as a commit or this change's own staging has it; nil for none. Never one of several
    /// names of it.
    public var base: Entry?
    /// Bytes of the base from here on are not part of it any more. Up to the size, what no change covers is a hole there.
    public var baseLimit: UInt64
    /// Ascending, disjoint, within the size.
    public var changes: [Change]
    /// Gives bytes that were asked for, neither more nor fewer: of one change with data, at most 1 MiB at a time, ascending.
    public var read: @Sendable (Range<UInt64>) async throws -> [UInt8]

    public init(
        size: UInt64, base: Entry? = nil, baseLimit: UInt64 = .max, changes: [Change],
        read: @escaping @Sendable (Range<UInt64>) async throws -> [UInt8]
    ) {
        self.size = size
        self.base = base
        self.baseLimit = baseLimit
        self.changes = changes
        self.read = read
    }

    /// Bytes of the base that may still be part of it.
    var keptByteCount: UInt64 { min(baseLimit, base?.size ?? 0, size) }

    /// Whether it is what its base is.
    var isBase: Bool {
        guard let base else { return false }
        return base.size == size && baseLimit >= size && changes.allSatisfy(\.range.isEmpty)
    }

    var isValid: Bool {
        var end: UInt64 = 0
        for change in changes {
            guard change.range.lowerBound >= end else { return false }
            end = change.range.upperBound
        }
        return end <= size && base.map { $0.type == .file && $0.linkGroup == nil } ?? true
    }
}
