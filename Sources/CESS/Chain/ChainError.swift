public import Primitives
public import SCALE
internal import Substrate

/// Why the chain could not be asked or did not give a usable answer. Servers that cannot be reached: `RPCError`.
public enum ChainError: Error, Equatable, CustomStringConvertible {
    /// There is no server to ask.
    case noServers
    /// The server is of another network than the one that was expected.
    case wrongGenesis(endpoint: String, expected: Bytes32, found: Bytes32?)
    /// What a server gave for a storage item is not what that item holds.
    case malformed(String, ScaleError)
    /// The server does not know the block: it is pruned, or was never on its chain.
    case unknownBlock(String)
    /// A list of keys went on without end, or not in order.
    case malformedKeys(String)
    /// The network has no price for territories.
    case noUnitPrice

    public var description: String {
        switch self {
        case .noServers: "no RPC server is configured"
        case .wrongGenesis(let endpoint, let expected, let found):
            "\(endpoint) serves the network \(found.map { "\($0.hex.prefix(16))…" } ?? "without a genesis"), "
                + "not \(expected.hex.prefix(16))…"
        case .malformed(let what, let error): "the RPC server's value of \(what) is malformed: \(error)"
        case .unknownBlock(let block): "the RPC server does not know block \(block)"
        case .malformedKeys(let what): "the RPC server's list of \(what) is malformed"
        case .noUnitPrice: "the network has no price for territories"
        }
    }
}
