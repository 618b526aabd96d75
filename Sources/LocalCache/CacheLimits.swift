/// How much room a `LocalCache` takes.
public struct CacheLimits: Hashable, Sendable {
    /// What the cache may take on the disk. It is exceeded where more than that is dirty.
    public var byteCount: UInt64
    /// What the cache leaves to others on the same disk, as far as it can evict.
    public var minimumFreeByteCount: UInt64
    /// When a segment is full; at most 1 GiB. The cache keeps one file descriptor open for each segment.
    var segmentByteCount: UInt32 = 64 << 20
    /// Of a longer footer nobody has anything.
    var footerByteCount: Int { Int(segmentByteCount / 4) }

    public init(byteCount: UInt64, minimumFreeByteCount: UInt64 = 0) {
        self.byteCount = byteCount
        self.minimumFreeByteCount = minimumFreeByteCount
    }

    /// The greatest offset, exclusive: that of the kernel.
    static let fileByteCount: UInt64 = 1 << 63
}

/// What opening a cache has found that it could not use. All empty after a clean or an unclean end of the process.
public struct ReplayReport: Hashable, Sendable {
    /// Files that were renamed, because one of them, or a segment before them, is not whole.
    public var setAside: [String] = []
    /// Bytes at the end of the last segment that are no whole record: what a power loss has torn.
    public var tornByteCount: UInt64 = 0
    /// Segments that should be there and are not.
    public var missing: [UInt32] = []
}
