import BlobStore
import CESS
import HTTPClient
import Primitives
import Substrate
import Synchronization

/// A storage network in memory, nodes and chain: what the store's two protocols promise, with faults on request.
///
/// Time passes only when somebody asks for the best block: each question makes one. Nodes report what they hold in
/// the block after they got it.
final class MemoryNetwork: Sendable {
    /// What is wrong with a node.
    enum Fault: Sendable, Equatable {
        /// Nobody listens.
        case dead
        /// It accepts requests and never answers.
        case silent
        /// It answers late.
        case slow(Duration)
        /// It damages what it sends, a bit in every KiB.
        case corrupting
        /// It sends whole fragments as they are, and of ranges the bytes of another place.
        case lyingAboutRanges
        /// It sends fewer bytes than were asked for.
        case shortening
        /// It has lost every fragment.
        case forgetful
        /// It takes fragments and never reports them.
        case unreporting
        /// It refuses fragments.
        case refusing
    }

    struct Node: Sendable {
        let account: AccountID
        let endpoint: String
        var fragments: [FragmentHash: [UInt8]] = [:]
        var fault: Fault?
        var isPositive = true
        var idleSpace: UInt128 = 1 << 40
    }

    /// A range that was asked for.
    struct Request: Sendable, Equatable {
        let endpoint: String
        let hash: FragmentHash
        let range: Range<Int>
    }

    struct State: Sendable {
        var nodes: [Node] = []
        var requests: [Request] = []
        var puts = 0
        var probes = 0
        var sentByteCount = 0
        /// Every volume that was ever declared, in order.
        var declarations: [FID] = []
        var chain = MemoryChainState()
        var history: [Bytes32: MemoryChainState] = [:]
        var submissions: [UInt64: MemorySubmission] = [:]
    }

    let state: Mutex<State>
    /// By how many seconds every block looks older than it is.
    let chainAge = Mutex<UInt64>(0)
    /// How many blocks finality is behind the best.
    let finalityLag = Mutex<UInt32>(1)
    /// What probes answer.
    let capabilities: NodeCapabilities
    /// Whether nodes hash what they get, which takes most of the time of a test of many changes.
    let isHashing: Bool

    init(nodes: Int = 15, capabilities: NodeCapabilities = .plain, isHashing: Bool = true) {
        self.capabilities = capabilities
        self.isHashing = isHashing
        state = Mutex(
            State(
                nodes: (0..<nodes).map {
                    Node(
                        account: AccountID(SHA256.hash([UInt8]("node \($0)".utf8))),
                        endpoint: "http://node-\($0):15001")
                }))
    }

    var accounts: [AccountID] { state.withLock { $0.nodes.map(\.account) } }
    var requests: [Request] { state.withLock { $0.requests } }
    /// How many bytes of fragments were asked for.
    var requestedByteCount: Int { state.withLock { $0.requests.reduce(0) { $0 + $1.range.count } } }
    /// The same, but what several fragments were asked for at the same place counts once: on a busy machine other rows are asked
    /// beside a slow one.
    var requestedPlaceCount: Int {
        let places = state.withLock { state in
            state.requests.reduce(into: RangeSet<Int>()) { $0.insert(contentsOf: $1.range) }
        }
        return places.ranges.reduce(0) { $0 + $1.count }
    }

    /// How many bytes of fragments nodes have taken.
    var sentByteCount: Int { state.withLock { $0.sentByteCount } }
    var declarations: [FID] { state.withLock { $0.declarations } }

    func forgetRequests() { state.withLock { $0.requests = [] } }

    func setFault(_ fault: Fault?, of nodes: some Sequence<Int> & Sendable) {
        state.withLock { state in for node in nodes { state.nodes[node].fault = fault } }
    }

    /// Puts a fragment on a node, past the protocol.
    func store(_ fragment: [UInt8], hash: FragmentHash, on node: Int) {
        state.withLock { $0.nodes[node].fragments[hash] = fragment }
    }

    func endpoint(of account: AccountID) -> String? {
        state.withLock { state in state.nodes.first { $0.account == account }?.endpoint }
    }
}

extension MemoryNetwork: FragmentNodes {
    private static let zeros = [UInt8](repeating: 0, count: CESSLimits.fragmentByteCount)

    func probe(_ endpoint: String) async throws -> NodeCapabilities {
        state.withLock { $0.probes += 1 }
        _ = try await reach(endpoint)
        return capabilities
    }

    func put(
        _ content: FragmentContent, hash: FragmentHash, fid: FID, to endpoint: String, capabilities: NodeCapabilities
    ) async throws {
        let node = try await reach(endpoint)
        guard node.fault != .refusing else { throw NodeError.refused(code: 500, message: "system error") }
        if isHashing {
            var stream = SHA256Stream()
            stream.update(content.bytes)
            stream.update(Self.zeros.span.extracting(first: CESSLimits.fragmentByteCount - content.bytes.count))
            guard stream.finish() == hash.bytes else {
                throw NodeError.refused(code: 400, message: "the fragment hash is wrong")
            }
        }
        try state.withLock { state in
            guard let index = state.nodes.firstIndex(where: { $0.endpoint == endpoint }) else { return }
            state.puts += 1
            let deal = state.chain.deals[fid]
            guard
                hash == .zero || state.nodes[index].fragments[hash] != nil
                    || deal?.segments.contains(where: { $0.fragments.contains(hash) }) == true
            else { throw NodeError.notInDeal }
            // Kept without the zeros behind: most fragments of small volumes are little else.
            state.nodes[index].fragments[hash] = content.bytes
            state.sentByteCount += content.bytes.count
        }
    }

    func fragment(_ hash: FragmentHash, fid: FID, range: Range<Int>, from endpoint: String) async throws -> [UInt8] {
        state.withLock { $0.requests.append(Request(endpoint: endpoint, hash: hash, range: range)) }
        let node = try await reach(endpoint)
        guard let kept = node.fragments[hash], node.fault != .forgetful else { throw NodeError.absent }
        func bytes(_ range: Range<Int>) -> [UInt8] {
            let bytes = kept[min(range.lowerBound, kept.count)..<min(range.upperBound, kept.count)]
            return bytes + [UInt8](repeating: 0, count: range.count - bytes.count)
        }
        switch node.fault {
        case .corrupting:
            var bytes = bytes(range)
            for index in stride(from: 0, to: bytes.count, by: 1024) { bytes[index] ^= 0x10 }
            return bytes
        case .lyingAboutRanges where range.count < CESSLimits.fragmentByteCount:
            let start = (range.lowerBound + 4096) % (CESSLimits.fragmentByteCount - range.count)
            return bytes(start..<start + range.count)
        case .shortening: return bytes(range).dropLast()
        default: return bytes(range)
        }
    }

    private func reach(_ endpoint: String) async throws -> Node {
        guard let node = state.withLock({ $0.nodes.first { $0.endpoint == endpoint } }) else {
            throw NodeError.unusableEndpoint(endpoint)
        }
        switch node.fault {
        case .dead: throw NodeError.unreachable(.cannotConnect("connection refused"))
        case .silent:
            try await Task.sleep(for: .seconds(3600))  // until whoever waits gives up
            throw NodeError.timedOut
        case .slow(let time): try await Task.sleep(for: time)
        default: break
        }
        return node
    }
}
