public import Primitives

/// A block's height.
public typealias BlockNumber = UInt32

/// A block by height and hash: the view of the chain that reads are made at.
public struct BlockRef: Hashable, Sendable, CustomStringConvertible {
    public let number: BlockNumber
    public let hash: Bytes32
    /// What the block's author says the time is, in milliseconds since 1970; nil where it was not asked for.
    public let milliseconds: UInt64?

    public init(number: BlockNumber, hash: Bytes32, milliseconds: UInt64? = nil) {
        self.number = number
        self.hash = hash
        self.milliseconds = milliseconds
    }

    public var description: String { "\(number) (\(hash.hex.prefix(8))…)" }
}
