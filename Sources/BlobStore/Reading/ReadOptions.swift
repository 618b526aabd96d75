/// How much the reading side holds in memory and how patient it is.
public struct ReadOptions: Sendable {
    /// Fragment ranges kept after they were read.
    public var cacheByteCount = 64 << 20
    /// The longest single range request.
    public var requestByteCount = 4 << 20
    /// How far reading goes ahead of a sequence of small reads, at most.
    public var readAheadByteCount = 1 << 20
    /// How many whole segments of those that must be read verified are kept, 32 MiB each.
    public var verifiedSegmentCount = 2
    /// How long a node of which nothing is known may take to begin its answer before other rows are asked as well.
    public var firstHedge: Duration = .milliseconds(800)
    /// The least that any node is waited for: below it, hedging would only add load.
    public var leastHedge: Duration = .milliseconds(40)
    /// Other choices of rows that are tried before whole fragments are fetched.
    public var choiceLimit = 16

    public init() {}
}
