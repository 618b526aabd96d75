public import Primitives

/// A block's height.
public typealias BlockNumber = UInt32

/// A block by height and hash: the view of the chain that reads are made at.
public struct BlockRef: Hashable, Sendable, CustomStringConvertible {
    public let number: BlockNumber
    public let hash: Bytes32

    public init(number: BlockNumber, hash: Bytes32) {
        self.number = number
        self.hash = hash
    }

    public var description: String { "\(number) (\(hash.hex.prefix(8))…)" }
}
