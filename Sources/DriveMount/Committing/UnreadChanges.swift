internal import LocalCache

/// Files that a commit has left out: the cache is damaged where it has what was written to them.
struct UnreadChanges: Error, CustomStringConvertible {
    let count: Int
    /// What was written to them.
    let byteCount: UInt64
    /// The commit that was made of the rest; nil where there was none.
    let commit: String?

    init(_ files: [FrozenInode], besides commit: String?) {
        count = files.count
        byteCount = files.reduce(0) { $0 + ($1.bytes?.dirtyByteCount ?? 0) }
        self.commit = commit
    }

    var description: String {
        "what was written to \(count) files is damaged in the cache and not in the drive; everything else is"
    }
}

extension FrozenFile {
    fileprivate var dirtyByteCount: UInt64 {
        extents(in: 0..<(1 << 44)).reduce(0) { $1.kind == .dirty ? $0 + UInt64($1.range.count) : $0 }
    }
}
