internal import Primitives

extension FID {
    /// The FID of a file with these segments, by the tree rule: the root of a binary Merkle tree over the raw hashes, where
    /// the odd last node of any level is paired with itself (a single segment too).
    ///
    /// - Precondition: there is at least one segment.
    ///
    /// Format: Docs/Protocol/CESS.md, 1.3.
    public static func of(segments: some Collection<SegmentHash>) -> FID {
        precondition(!segments.isEmpty, "a file has at least one segment")
        var level = segments.map { $0.bytes.bytes }
        repeat {
            level = stride(from: 0, to: level.count, by: 2).map { left in
                SHA256.hash(level[left] + level[min(left + 1, level.count - 1)]).bytes
            }
        } while level.count > 1
        guard let root = Bytes32(level[0]) else { preconditionFailure("a SHA-256 has 32 bytes") }
        return FID(root)
    }

    /// The FID as the CD2N gateways make it: SHA-256 of all raw segment hashes in a row. Only for recognising their files.
    public static func flat(segments: some Collection<SegmentHash>) -> FID {
        FID(SHA256.hash(segments.flatMap { $0.bytes.bytes }))
    }

    /// Whether this FID belongs to a file with these segments, by either rule.
    public func matches(segments: some Collection<SegmentHash>) -> Bool {
        !segments.isEmpty && (self == .of(segments: segments) || self == .flat(segments: segments))
    }
}
