/// How a local chain is run.
public struct LocalChainConfiguration: Sendable {
    /// Where the chain's file lies; it is created if it is not there.
    public var directory: String
    public var host = "127.0.0.1"
    /// 0 lets the system choose.
    public var port = 0
    public var blockTime: Duration = .seconds(1)
    /// How many blocks the finalized one lies behind the best.
    public var finalityLag: UInt32 = 1
    /// Blocks of a day: leases count in them. Nil follows the block time, so that a day lasts 24 hours; at most
    /// `maximumDayBlocks`.
    public var dayBlocks: UInt32?
    /// Days for which a territory stays frozen before it ends.
    public var frozenDays: UInt32 = 7
    /// Blocks whose state can still be read; older ones keep header and extrinsics.
    public var keptBlocks: UInt32 = 4096
    public var maximumConnections = 1024

    /// The runtime's constants count up to 180 days in blocks of 32 bits.
    public static let maximumDayBlocks: UInt32 = 10_000_000

    public init(directory: String) { self.directory = directory }

    /// The timing of the real network.
    public mutating func makeFaithful() {
        blockTime = .seconds(6)
        finalityLag = 3
    }

    var parameters: RuntimeParameters {
        let milliseconds = max(1, UInt64(blockTime / .milliseconds(1)))
        let day = dayBlocks ?? UInt32(clamping: 86_400_000 / milliseconds)
        return RuntimeParameters(
            blockTime: milliseconds, oneDay: min(max(1, day), Self.maximumDayBlocks), frozenDays: frozenDays)
    }
}
