internal import HTTPServer
internal import Primitives
internal import Substrate
internal import Synchronization

/// One WebSocket connection: requests, and the subscriptions that live as long as it does.
final class RPCSession: Sendable {
    /// Subscriptions that one connection may have.
    private static let maximumSubscriptions = 1024

    private let server: RPCServer
    private let socket: WebSocket
    private let subscriptions = Mutex<[String: Task<Void, Never>]>([:])

    init(server: RPCServer, socket: WebSocket) {
        (self.server, self.socket) = (server, socket)
    }

    func run(_ messages: inout WebSocketMessages) async throws {
        // The subscriptions' tasks end here, with the connection.
        defer { subscriptions.withLock { for task in $0.values { task.cancel() } } }
        while let message = try await messages.next() {
            var started: [Subscription] = []
            let answer = await server.answer(message) { request in
                await self.answer(request, starting: &started)
            }
            if let answer { try await socket.send(utf8: answer) }
            // A subscription speaks only after its identifier is with the client.
            for subscription in started { start(subscription) }
        }
    }

    // MARK: Requests

    private static let subscribing: [String: Subscription.Kind] = [
        "chain_subscribeNewHead": .newHeads, "chain_subscribeNewHeads": .newHeads, "subscribe_newHead": .newHeads,
        "chain_subscribeAllHeads": .allHeads, "chain_subscribeFinalizedHeads": .finalizedHeads,
        "chain_subscribeFinalisedHeads": .finalizedHeads, "state_subscribeStorage": .storage([]),
        "state_subscribeRuntimeVersion": .runtimeVersion, "chain_subscribeRuntimeVersion": .runtimeVersion,
        "author_submitAndWatchExtrinsic": .extrinsic(.zero),
    ]
    private static let unsubscribing: Set = [
        "chain_unsubscribeNewHead", "chain_unsubscribeNewHeads", "unsubscribe_newHead", "chain_unsubscribeAllHeads",
        "chain_unsubscribeFinalizedHeads", "chain_unsubscribeFinalisedHeads", "state_unsubscribeStorage",
        "state_unsubscribeRuntimeVersion", "chain_unsubscribeRuntimeVersion", "author_unwatchExtrinsic",
    ]
    static var methods: [String] { Array(subscribing.keys) + unsubscribing }

    private func answer(_ request: RPCRequest, starting started: inout [Subscription]) async -> JSONValue {
        if Self.unsubscribing.contains(request.method) {
            return request.success(.bool(cancel(request.parameters[0]?.string ?? "")))
        }
        guard let kind = Self.subscribing[request.method] else { return await server.answer(request) }
        do {
            guard subscriptions.withLock({ $0.count }) + started.count < Self.maximumSubscriptions else {
                throw RPCFailure(code: -32006, message: "Too many subscriptions on the connection")
            }
            let subscription = try await server.chain.run { chain in
                try Subscription(kind, request.parameters, on: chain)
            }
            started.append(subscription)
            return request.success(.string(subscription.id))
        } catch let rejection as PoolRejection {
            return request.failure(RPCFailure(rejection))
        } catch let failure as RPCFailure {
            return request.failure(failure)
        } catch { return request.failure(.internalError(error)) }
    }

    private func cancel(_ id: String) -> Bool {
        guard let task = subscriptions.withLock({ $0.removeValue(forKey: id) }) else { return false }
        task.cancel()
        return true
    }

    // MARK: Subscriptions

    private func start(_ subscription: Subscription) {
        subscriptions.withLock { subscriptions in
            // Ends when it is cancelled: by the client, or by `run` when the connection ends. Under the lock, so that one
            // that is over at once does not forget itself before it is entered.
            subscriptions[subscription.id] = Task {
                try? await deliver(subscription)  // fails only when the connection is gone
                _ = self.subscriptions.withLock { $0.removeValue(forKey: subscription.id) }
            }
        }
    }

    private func deliver(_ subscription: Subscription) async throws {
        for result in subscription.initial { try await send(result, of: subscription) }
        if subscription.isOver { return }
        var progress = subscription.progress
        for await event in subscription.events {
            for result in progress.results(of: event) { try await send(result, of: subscription) }
            if progress.isOver { return }
        }
    }

    private func send(_ result: JSONValue, of subscription: Subscription) async throws {
        let message = JSONValue.object([
            "jsonrpc": "2.0", "method": .string(subscription.notification),
            "params": .object(["subscription": .string(subscription.id), "result": result]),
        ])
        try await socket.send(utf8: message.jsonBytes)
    }
}
