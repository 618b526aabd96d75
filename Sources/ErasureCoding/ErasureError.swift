/// What keeps shards from being made or restored.
public enum ErasureError: Error, Equatable, CustomStringConvertible {
    /// Fewer than `needed` distinct shards are there.
    case tooFewShards(present: Int, needed: Int)
    /// Shards of one segment have different lengths.
    case unequalShards
    /// A list of shards has another number of slots than the code has shards.
    case wrongSlotCount(Int)
    /// A segment's length is not a multiple of the number of data shards.
    case unevenSegment(byteCount: Int)
    /// There is no such shard, or it was named twice.
    case invalidShard(index: Int)

    public var description: String {
        switch self {
        case .tooFewShards(let present, let needed): "\(present) shards are there, \(needed) are needed"
        case .unequalShards: "the shards differ in length"
        case .wrongSlotCount(let count): "\(count) slots for \(ReedSolomon.shardCount) shards"
        case .unevenSegment(let byteCount): "\(byteCount) bytes do not divide into \(ReedSolomon.dataShardCount) shards"
        case .invalidShard(let index): "shard \(index) does not exist or is named twice"
        }
    }
}
