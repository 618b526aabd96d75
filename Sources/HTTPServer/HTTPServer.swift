internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOWebSocket

/// An HTTP/1.1 and WebSocket server on one port.
///
/// Handlers run on the event loop's own thread, so a request costs no switch between threads. They may hash a chunk or
/// write it to a file there; what can take longer (fsync, a database) belongs on a thread of its own, awaited.
public enum HTTPServer {
    /// Answers one request. What is left of `body` when it returns is read and thrown away. An error becomes an empty
    /// reply with status 500, `HTTPServerError.noReply` a closed connection.
    public typealias Handler =
        @Sendable (_ request: HTTPRequest, _ body: inout HTTPRequestBody) async throws ->
        HTTPResponse

    /// Talks over one WebSocket until it returns or the other side is gone.
    public typealias WebSocketHandler =
        @Sendable (
            _ request: HTTPRequest, _ socket: WebSocket, _ messages: inout WebSocketMessages
        ) async throws -> Void

    /// Serves until the task is cancelled; then no connection is left, and `CancellationError` is not thrown.
    ///
    /// - Parameters:
    ///   - webSocket: who talks on upgraded connections; nil refuses the upgrade.
    ///   - ready: called once with the port that was bound.
    /// - Throws: `HTTPServerError.cannotListen`.
    public static func run(
        _ configuration: HTTPServerConfiguration, handler: @escaping Handler, webSocket: WebSocketHandler? = nil,
        ready: @Sendable (Int) -> Void = { _ in }
    ) async throws {
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: configuration.threads)
        let connections = ConnectionHandler(
            configuration: configuration, handler: handler, webSocket: webSocket,
            slots: ConnectionSlots(limit: configuration.maximumConnections))
        let result: Result<Void, any Error>
        do {
            let server = try await listen(configuration, on: loops, webSockets: webSocket != nil)
            ready(server.channel.localAddress?.port ?? configuration.port)
            try await accept(from: server, into: connections)
            result = .success(())
        } catch { result = .failure(error) }
        try? await loops.shutdownGracefully()  // fails only when it was shut down before
        if !Task.isCancelled { try result.get() }
    }

    private static func accept(
        from server: NIOAsyncChannel<AcceptedConnection, Never>, into connections: ConnectionHandler
    ) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            defer { group.cancelAll() }
            try await server.executeThenClose { inbound in
                for try await accepted in inbound {
                    group.addTask(executorPreference: LoopExecutor(accepted.channel.eventLoop)) {
                        await connections.serve(accepted)
                    }
                }
            }
        }
    }

    private static func listen(
        _ configuration: HTTPServerConfiguration, on loops: MultiThreadedEventLoopGroup, webSockets: Bool
    ) async throws -> NIOAsyncChannel<AcceptedConnection, Never> {
        do {
            return try await ServerBootstrap(group: loops)
                .serverChannelOption(.backlog, value: 256)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                // Small requests stay small; a body of megabytes comes in few, large pieces.
                .childChannelOption(
                    .recvAllocator,
                    value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 8192, maximum: 262_144)
                )
                .bind(host: configuration.host, port: configuration.port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        AcceptedConnection(
                            channel: channel,
                            negotiation: try configure(channel, configuration, webSockets: webSockets))
                    }
                }
        } catch {
            throw HTTPServerError.cannotListen(
                host: configuration.host, port: configuration.port, reason: String(describing: error))
        }
    }

    /// Builds the pipeline of one connection; the future says which protocol its first request asked for.
    private static func configure(
        _ channel: any Channel, _ configuration: HTTPServerConfiguration, webSockets: Bool
    ) throws -> EventLoopFuture<Protocol> {
        let idle = TimeAmount(configuration.idleTimeout)
        try channel.pipeline.syncOperations.addHandler(IdleStateHandler(allTimeout: idle))
        try channel.pipeline.syncOperations.addHandler(IdleConnectionHandler())
        let upgrader = NIOTypedWebSocketServerUpgrader<Protocol>(
            maxFrameSize: configuration.maximumMessageByteCount,
            shouldUpgrade: { channel, _ in
                channel.eventLoop.makeSucceededFuture(webSockets ? HTTPHeaders() : nil)
            },
            upgradePipelineHandler: { channel, head in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.handler(type: IdleConnectionHandler.self).pings = true
                    try pipeline.addHandler(
                        NIOWebSocketFrameAggregator(
                            minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: 1024,
                            maxAccumulatedFrameSize: configuration.maximumMessageByteCount))
                    return .webSocket(try NIOAsyncChannel(wrappingChannelSynchronously: channel), head)
                }
            })
        let upgrades = NIOTypedHTTPServerUpgradeConfiguration<Protocol>(
            upgraders: [upgrader],
            notUpgradingCompletionHandler: { channel in
                channel.eventLoop.makeCompletedFuture {
                    .http(
                        try NIOAsyncChannel(
                            wrappingChannelSynchronously: channel,
                            configuration: .init(backPressureStrategy: .init(lowWatermark: 2, highWatermark: 4))))
                }
            })
        var http = NIOUpgradableHTTPServerPipelineConfiguration(upgradeConfiguration: upgrades)
        http.decoderConfiguration.maxHeaderFieldSize = configuration.maximumHeaderByteCount
        http.decoderConfiguration.maxHeaderListSize = configuration.maximumHeaderByteCount
        http.decoderConfiguration.maxHeaderFieldCount = 100
        let negotiation = try channel.pipeline.syncOperations.configureUpgradableHTTPServerPipeline(configuration: http)
        try channel.pipeline.syncOperations.addHandler(ErrorClosingHandler())
        return negotiation
    }
}

/// Where to listen, and how much of everything is accepted.
public struct HTTPServerConfiguration: Sendable {
    public var host: String
    /// 0 lets the system choose.
    public var port: Int
    /// Event loop threads. One is enough to fill a loopback; more only help where handlers compute.
    public var threads = 1
    /// Further connections are closed at once; one counts from the moment that it is accepted.
    public var maximumConnections = 1024
    /// Of all header fields together.
    public var maximumHeaderByteCount = 65_536
    /// Longer bodies end in status 413 and a closed connection.
    public var maximumBodyByteCount = 64 << 20
    /// Of one WebSocket message.
    public var maximumMessageByteCount = 16 << 20
    /// A connection on which nothing moved for so long is closed; a WebSocket is pinged first.
    public var idleTimeout: Duration = .seconds(120)

    public init(host: String = "127.0.0.1", port: Int = 0) {
        self.host = host
        self.port = port
    }
}

/// Why a server stopped, or a connection ended early.
public enum HTTPServerError: Error, Equatable, CustomStringConvertible {
    case cannotListen(host: String, port: Int, reason: String)
    case bodyTooLarge(limit: Int)
    /// The client went away in the middle of a request.
    case connectionLost
    /// A WebSocket message was not UTF-8 text.
    case notText
    /// Thrown by a handler that will not answer.
    case noReply

    public var description: String {
        switch self {
        case .cannotListen(let host, let port, let reason): "cannot listen on \(host):\(port): \(reason)"
        case .bodyTooLarge(let limit): "the request's body is longer than \(limit) bytes"
        case .connectionLost: "the client went away"
        case .notText: "the message is not UTF-8 text"
        case .noReply: "the request is not answered"
        }
    }
}
