internal import CESS
internal import Glibc
internal import Substrate

/// What several storage nodes can have in common, so that one failure, or one operator's will, takes all of them away. No
/// more than two rows of a volume go to nodes that share one of these (Docs/Design.md, "Trust").
enum SharedFate: Hashable, Sendable {
    case beneficiary(AccountID)
    case stakingAccount(AccountID)
    case host(String)
    /// /24 of IPv4, /48 of IPv6. Names are not resolved.
    case subnet([UInt8])

    static let limit = 2

    /// Nodes on this very machine, as those of the local network, share no host with anybody.
    static func of(_ node: Miner) -> Set<SharedFate> {
        var fates: Set<SharedFate> = [.beneficiary(node.beneficiary), .stakingAccount(node.stakingAccount)]
        guard let url = NodeEndpoint.url(node.endpoint) else { return fates }
        let host = Self.host(of: url)
        if let address = address(host, AF_INET, byteCount: 4) {
            guard address[0] != 127 else { return fates }
            fates.insert(.subnet(Array(address.prefix(3))))
        } else if let address = address(host, AF_INET6, byteCount: 16) {
            guard address != [UInt8](repeating: 0, count: 15) + [1] else { return fates }
            fates.insert(.subnet(Array(address.prefix(6))))
        } else if host == "localhost" {
            return fates
        }
        fates.insert(.host(host))
        return fates
    }

    /// `http://user@Host:80/path` → `host`; `http://[::1]:80` → `::1`.
    private static func host(of url: String) -> String {
        var rest = url.utf8.drop { $0 != UInt8(ascii: "/") }.drop { $0 == UInt8(ascii: "/") }
        rest = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        if let at = rest.lastIndex(of: UInt8(ascii: "@")) { rest = rest[rest.index(after: at)...] }
        if rest.first == UInt8(ascii: "[") {
            rest = rest.dropFirst().prefix { $0 != UInt8(ascii: "]") }
        } else {
            rest = rest.prefix { $0 != UInt8(ascii: ":") }
        }
        return Substring(rest).lowercased()
    }

    private static func address(_ text: String, _ family: Int32, byteCount: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let isAddress = unsafe bytes.withUnsafeMutableBytes { unsafe inet_pton(family, text, $0.baseAddress) == 1 }
        return isAddress ? Array(bytes.prefix(byteCount)) : nil
    }
}
