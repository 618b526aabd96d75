internal import Primitives
internal import Substrate
internal import Synchronization

/// Several RPC servers of one network, of which any may be down, hung, wrong or of another network.
///
/// A read goes to the server that answered last; if that fails in any way, to each of the others in turn.
final class ChainServers: Sendable {
    private let servers: [any RPCTransport]
    private let state: Mutex<State>

    private struct State {
        /// Nil until the first server has answered.
        var genesis: Bytes32?
        /// Servers that were found to be of this network.
        var trusted: Set<Int> = []
        /// Asked first.
        var preferred = 0
    }

    /// How long a server may take while there is another one to ask.
    private static let patience: Duration = .seconds(10)

    init(_ servers: [any RPCTransport], expectedGenesis: Bytes32?) {
        self.servers = servers
        state = Mutex(State(genesis: expectedGenesis))
    }

    var endpoints: [String] { servers.map(\.endpoint) }

    /// Gives `body` one server after the other until it returns.
    ///
    /// - Throws: what the last server that could be asked led to; before that a refusal, which says more than that another
    ///   server is away. That one is of another network says everything while none is known to be of this one, and nothing
    ///   afterwards: then the right one may only be away for a while.
    func read<R>(_ body: (any RPCTransport) async throws -> R) async throws -> R {
        let preferred = state.withLock { $0.preferred }
        var failure: (any Error)?
        for offset in servers.indices {
            let index = (preferred + offset) % servers.count
            do {
                let result = try await ask(index, body)
                if index != preferred { state.withLock { $0.preferred = index } }
                return result
            } catch RPCError.cancelled {
                throw CancellationError()
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                if weight(of: error) >= failure.map(weight(of:)) ?? 0 { failure = error }
            }
        }
        throw failure ?? ChainError.noServers
    }

    /// How much of what went wrong a server's error explains.
    private func weight(of error: any Error) -> Int {
        switch error {
        case ChainError.wrongGenesis: state.withLock { $0.trusted.isEmpty } ? 3 : 0
        case RPCError.refused: 2
        default: 1
        }
    }

    /// Gives `body` each server, and returns what it made of those that answered, by endpoint.
    func readAll<R>(_ body: (any RPCTransport) async throws -> R) async throws -> [String: R] {
        var results: [String: R] = [:]
        for index in servers.indices {
            try Task.checkCancellation()
            results[servers[index].endpoint] = try? await ask(index, body)
        }
        return results
    }

    private func ask<R>(_ index: Int, _ body: (any RPCTransport) async throws -> R) async throws -> R {
        let server: any RPCTransport =
            servers.count == 1
            ? servers[index] : HastyTransport(base: servers[index], defaultDeadline: Self.patience)
        try await checkGenesis(of: server, index)
        return try await body(server)
    }

    private func checkGenesis(of server: any RPCTransport, _ index: Int) async throws {
        if state.withLock({ $0.trusted.contains(index) }) { return }
        let found = try await server.blockHash(0)
        let expected: Bytes32? = state.withLock { state in
            if state.genesis == nil { state.genesis = found }
            if state.genesis == found { state.trusted.insert(index) }
            return state.genesis
        }
        guard let expected else {
            throw RPCError.malformedAnswer(method: "chain_getBlockHash", "it has no genesis")
        }
        guard found == expected else {
            throw ChainError.wrongGenesis(endpoint: server.endpoint, expected: expected, found: found)
        }
    }
}

/// A server with another deadline.
private struct HastyTransport: RPCTransport {
    let base: any RPCTransport
    let defaultDeadline: Duration

    var endpoint: String { base.endpoint }

    func call(_ method: String, _ params: [JSONValue], deadline: Duration?) async throws(RPCError) -> JSONValue {
        try await base.call(method, params, deadline: deadline ?? defaultDeadline)
    }
}
