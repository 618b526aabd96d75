/// Something that answers JSON-RPC calls of a Substrate node: `RPCClient` over HTTP, or a test's own.
///
/// An implementation retries nothing and ends each call within a deadline or when its task is cancelled.
public protocol RPCTransport: Sendable {
    /// Names the server in messages.
    var endpoint: String { get }

    /// Calls one method and returns its result, which may be `null`.
    ///
    /// - Parameter deadline: nil for the transport's own.
    func call(_ method: String, _ params: [JSONValue], deadline: Duration?) async throws(RPCError) -> JSONValue
}

extension RPCTransport {
    /// Calls one method within the transport's own deadline.
    public func call(_ method: String, _ params: [JSONValue] = []) async throws(RPCError) -> JSONValue {
        try await call(method, params, deadline: nil)
    }
}

extension RPCClient: RPCTransport {}
