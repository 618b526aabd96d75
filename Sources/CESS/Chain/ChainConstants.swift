internal import SCALE
internal import Substrate

/// What the runtime fixes for its network (Docs/Protocol/CESS.md, 4.5).
public struct ChainConstants: Hashable, Sendable {
    /// Between two blocks.
    public let blockTime: Duration
    /// Blocks in a day, as leases are counted.
    public let dayLength: UInt32
    /// What an account must keep to stay alive.
    public let existentialDeposit: UInt128
    /// Segments in a file, at most.
    public let maximumSegmentCount: Int
    /// The network's SS58 prefix.
    public let addressPrefix: UInt16
    /// Blocks from a territory's deadline until its files are removed.
    public let frozenBlocks: UInt32
    /// Bytes of ordinary extrinsics in a block, so of one extrinsic at most.
    public let maximumExtrinsicByteCount: Int

    /// - Throws: `MetadataError.absent` for a constant without which nothing can be done, `differs` if a segment does not
    ///   have 12 fragments.
    init(_ metadata: Metadata) throws(MetadataError) {
        let fragments: UInt32 = try metadata.number("FileBank", "FragmentCount")
        guard fragments == CESSLimits.fragmentCount else {
            throw .differs(what: "FileBank.FragmentCount", expected: "12", found: "\(fragments)")
        }
        blockTime = .milliseconds(Int64(clamping: try metadata.number("Babe", "ExpectedBlockTime") as UInt64))
        dayLength = max(1, try metadata.number("StorageHandler", "OneDay"))
        existentialDeposit = try metadata.number("Balances", "ExistentialDeposit")
        maximumSegmentCount = Int(try metadata.number("FileBank", "SegmentCount") as UInt32)
        addressPrefix = (try? metadata.number("System", "SS58Prefix")) ?? SS58.cessTestnet
        frozenBlocks = (try? metadata.number("StorageHandler", "FrozenDays")) ?? UInt32(clamping: 7 * UInt64(dayLength))
        maximumExtrinsicByteCount = metadata.normalBlockLength ?? 3_932_160
    }
}

extension Metadata {
    /// A constant that is a plain integer.
    fileprivate func number<T: FixedWidthInteger>(_ pallet: String, _ name: String) throws(MetadataError) -> T {
        let constant = try constant(pallet, name)
        guard let value = (try? decode(constant.bytes, as: constant.type))?.unsigned, let number = T(exactly: value)
        else { throw .differs(what: "\(pallet).\(name)", expected: "\(T.self)", found: types.name(of: constant.type)) }
        return number
    }

    fileprivate var normalBlockLength: Int? {
        guard let constant = try? constant("System", "BlockLength"),
            let lengths = try? decode(constant.bytes, as: constant.type)
        else { return nil }
        return lengths.unwrapped["max"]?["normal"]?.unsigned.flatMap { Int(exactly: $0) }
    }
}
