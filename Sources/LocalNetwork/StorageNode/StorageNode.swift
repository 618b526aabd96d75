internal import CESS
internal import HTTPServer
public import Logging
public import Primitives
public import Substrate

/// A CESS storage node: cess-miner's HTTP interface, its reports and its registration, without proofs of space.
public enum StorageNode {
    /// How a node is run.
    public struct Configuration: Sendable {
        /// Holds everything the node keeps; one process at a time.
        public var directory: String
        /// An `http` URL. The node starts and serves without it, and takes uploads as soon as it is there.
        public var rpcEndpoint: String
        /// The network's genesis hash. Nil for what the directory has, or in a new one that of the first chain that is met;
        /// from then on the node works for no other network.
        public var genesis: Bytes32?
        public var key: KeyPair
        public var host: String = "127.0.0.1"
        /// 0 lets the system choose.
        public var port: Int = 0
        /// What is registered on chain; nil for `http://host:port`.
        public var endpoint: String?
        /// Without the extensions `trimmed-bodies` and `standard-ranges`.
        public var isStock = false
        /// Between two looks at what is to be reported; 30 s in the field.
        public var reportInterval: Duration = .seconds(30)

        public init(directory: String, rpcEndpoint: String, key: KeyPair) {
            self.directory = directory
            self.rpcEndpoint = rpcEndpoint
            self.key = key
        }
    }

    /// What a node stakes for the one TiB that it declares: 4000 TCESS.
    public static let stakePerTebibyte = RuntimeParameters.stakingPerTiB

    /// Runs a node until the task is cancelled.
    ///
    /// - Parameter ready: is called with the port once the node answers.
    /// - Throws: if the directory cannot be used, another process has it, or the port is taken;
    ///   `StorageNodeError.otherNetwork`.
    public static func run(
        _ configuration: Configuration, logger: Logger, ready: @escaping @Sendable (_ port: Int) -> Void
    ) async throws {
        let store = try NodeStore(directory: configuration.directory)
        let chain = try CESSNodeChain(
            rpcEndpoint: configuration.rpcEndpoint, key: configuration.key, store: store,
            expectedGenesis: configuration.genesis)
        try await run(configuration, store: store, chain: chain, logger: logger, ready: ready)
    }

    static func run(
        _ configuration: Configuration, store: NodeStore, chain: any NodeChain, logger: Logger,
        ready: @escaping @Sendable (_ port: Int) -> Void
    ) async throws {
        let faults = NodeFaults(nodeDirectory: configuration.directory)
        let state = NodeState(
            account: configuration.key.accountID, endpoint: configuration.endpoint ?? "",
            rpcEndpoint: configuration.rpcEndpoint)
        let server = NodeServer(
            store: store, chain: chain, faults: faults, state: state, isStock: configuration.isStock, log: logger)
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                var http = HTTPServerConfiguration(host: configuration.host, port: configuration.port)
                // Stock nodes have no limit, and say of every long body that its size is wrong.
                http.maximumBodyByteCount = .max
                try await HTTPServer.run(
                    http,
                    handler: { request, body in try await server.reply(to: request, &body) },
                    ready: { port.yield($0) })
            }
            group.addTask {
                for await bound in ports {
                    if configuration.endpoint == nil { state.update(endpoint: "http://\(configuration.host):\(bound)") }
                    ready(bound)
                    var reporter = NodeReporter(
                        store: store, chain: chain, faults: faults, state: state, picksInOrder: configuration.isStock,
                        log: logger)
                    try await reporter.run(interval: configuration.reportInterval)
                }
            }
            try await group.next()
        }
    }
}

/// Why a storage node does not start.
public enum StorageNodeError: Error, Equatable, CustomStringConvertible {
    /// What the directory holds belongs to another network.
    case otherNetwork(directory: String, kept: Bytes32, asked: Bytes32)

    public var description: String {
        switch self {
        case .otherNetwork(let directory, let kept, let asked):
            "what \(directory) holds belongs to the network \(kept.hex.prefix(16))…, not \(asked.hex.prefix(16))…"
        }
    }
}
