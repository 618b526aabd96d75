/// How a drive is mounted.
public struct MountOptions: Sendable {
    /// Whether nothing may be changed: always so for a commit of the past.
    public var isReadOnly = false
    /// Whether other users may enter it, as far as permissions let them.
    public var allowsOthers = false
    /// Whom everything belongs to; nil for the owners that the drive keeps.
    public var owner: UInt32?
    public var group: UInt32?
    /// Permission bits that nothing has.
    public var mask: UInt16 = 0
    /// After how long changes are committed, and how many bytes of them are waited for at most.
    public var commitInterval: Duration = .seconds(300)
    public var commitByteCount: UInt64 = 256 << 20
    /// How often other machines' commits are looked for.
    public var pollInterval: Duration = .seconds(10)
    /// How long a request may take; then it fails with ETIMEDOUT.
    public var deadline: Duration = .seconds(60)
    /// How much of the disk the mount may take for what it has fetched, and what it leaves to others.
    public var cacheByteCount: UInt64 = 10 << 30
    public var minimumFreeByteCount: UInt64 = 1 << 30
    /// Whether more territory is bought by itself where there is too little; else writers are told that there is no space.
    public var growsTerritory = false
    /// More options for mount.fuse3(8), as they are.
    public var others: [String] = []

    public init() {}
}
