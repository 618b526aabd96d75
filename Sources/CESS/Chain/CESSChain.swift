public import HTTPClient
public import Primitives
internal import SCALE
public import Substrate

/// A client of the CESS chain.
///
/// Every read is made at a block that the caller names, so that several reads see one state. With several servers, a read
/// that fails on one is made on the next. Which network it is, is settled once: a server of another one is never used.
///
/// Errors: `RPCError` for servers that do not answer, `ChainError` and `MetadataError` for answers that cannot be used,
/// `CancellationError`; for submissions `SubmissionError` as well.
public final class CESSChain: Sendable {
    let servers: ChainServers
    let runtimes: RuntimeStore
    let options: Options

    /// The hash of block 0, which names the network.
    public let genesis: Bytes32
    /// Of the runtime at the time of connecting.
    public let constants: ChainConstants

    public struct Options: Sendable {
        /// Where metadata is kept between runs; nil for nowhere.
        public var metadataDirectory: String?
        /// How often a wait looks; nil for a quarter of the block time, within 0.1…2 s.
        public var pollInterval: Duration?
        public var clock: any Clock<Duration>

        public init(
            metadataDirectory: String? = nil, pollInterval: Duration? = nil,
            clock: any Clock<Duration> = ContinuousClock()
        ) {
            self.metadataDirectory = metadataDirectory
            self.pollInterval = pollInterval
            self.clock = clock
        }
    }

    private init(
        servers: ChainServers, runtimes: RuntimeStore, options: Options, genesis: Bytes32, constants: ChainConstants
    ) {
        self.servers = servers
        self.runtimes = runtimes
        self.options = options
        self.genesis = genesis
        self.constants = constants
    }

    /// Connects to a network by the URLs of its RPC servers.
    ///
    /// - Parameters:
    ///   - endpoints: `http`, `https`, `ws` or `wss` URLs; the first is asked first.
    ///   - expectedGenesis: the network's genesis hash; nil to take that of the first server that answers.
    public static func connect(
        to endpoints: [String], expectedGenesis: Bytes32?, httpClient: HTTPClient, options: Options = Options()
    ) async throws -> CESSChain {
        try await connect(
            to: endpoints.map { RPCClient(endpoint: $0, httpClient: httpClient) }, expectedGenesis: expectedGenesis,
            options: options)
    }

    /// Connects to a network by its servers.
    public static func connect(
        to servers: [any RPCTransport], expectedGenesis: Bytes32?, options: Options = Options()
    ) async throws -> CESSChain {
        let servers = ChainServers(servers, expectedGenesis: expectedGenesis)
        let (genesis, best) = try await servers.read { server in
            guard let genesis = try await server.blockHash(0) else { throw ChainError.unknownBlock("0") }
            return (genesis, try await server.bestHash())
        }
        let runtimes = RuntimeStore(
            servers: servers, cache: options.metadataDirectory.map(MetadataCache.init(directory:)))
        let runtime = try await runtimes.runtime(at: best, genesis: genesis)
        return CESSChain(
            servers: servers, runtimes: runtimes, options: options, genesis: genesis, constants: runtime.constants)
    }
}

// MARK: Blocks

extension CESSChain {
    /// The newest block that can no longer be undone, with its time.
    public func finalizedBlock() async throws -> BlockRef {
        try await servers.read { server in try await self.block(try await server.finalizedHead(), on: server) }
    }

    /// The newest block, with its time.
    public func bestBlock() async throws -> BlockRef {
        try await servers.read { server in try await self.block(try await server.bestHash(), on: server) }
    }

    /// What each server that answers calls the newest finalized block, by endpoint: a server that lies by holding back new
    /// blocks shows beside an honest one.
    public func newestFinalizedBlocks() async throws -> [String: BlockRef] {
        try await servers.readAll { server in try await self.block(try await server.finalizedHead(), on: server) }
    }

    /// The hash of the block of this height on the best chain; nil if there is none yet.
    public func blockHash(_ number: BlockNumber) async throws -> Bytes32? {
        try await servers.read { try await $0.blockHash(number) }
    }

    /// The runtime of a block.
    public func runtime(at block: Bytes32) async throws -> ChainRuntime {
        try await runtimes.runtime(at: block, genesis: genesis)
    }

    /// The events of a block, in order.
    public func events(at block: Bytes32) async throws -> [EventRecord] {
        let metadata = try await runtime(at: block).metadata
        return try await servers.read { server in
            guard let bytes = try await server.storage(StorageKey("System", "Events").bytes, at: block) else {
                return []
            }
            do throws(ScaleError) { return try metadata.decodeEvents(bytes) } catch {
                throw ChainError.malformed("System.Events", error)
            }
        }
    }

    private func block(_ hash: Bytes32, on server: any RPCTransport) async throws -> BlockRef {
        guard let header = try await server.header(hash) else { throw ChainError.unknownBlock(hash.hex) }
        let now = try ChainItem.now.decode(try await server.storage(ChainItem.now.prefix.bytes, at: hash)) {
            (decoder) throws(ScaleError) in try decoder.integer(UInt64.self)
        }
        return BlockRef(number: header.number, hash: hash, milliseconds: now)
    }
}
