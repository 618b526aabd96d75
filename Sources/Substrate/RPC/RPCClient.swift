public import HTTPClient
internal import Synchronization

/// Speaks JSON-RPC 2.0 with a Substrate node over HTTP POST. Nothing is retried.
public final class RPCClient: Sendable {
    /// As it was given.
    public let endpoint: String
    private let url: String
    private let httpClient: HTTPClient
    private let deadline: Duration
    private let lastID = Atomic<UInt64>(0)

    /// - Parameters:
    ///   - endpoint: an `http` or `https` URL; of a `ws` or `wss` one the same server is asked over HTTP, which Substrate
    ///     serves on the same port.
    ///   - deadline: for one call.
    public init(endpoint: String, httpClient: HTTPClient, deadline: Duration = .seconds(30)) {
        self.endpoint = endpoint
        self.httpClient = httpClient
        self.deadline = deadline
        url =
            if endpoint.hasPrefix("ws://") || endpoint.hasPrefix("wss://") {
                "http" + endpoint.dropFirst(2)
            } else if endpoint.contains("://") {
                endpoint
            } else {
                "http://" + endpoint
            }
    }

    /// Calls one method and returns its result, which may be `null`.
    public func call(
        _ method: String, _ params: [JSONValue] = [], deadline: Duration? = nil
    ) async throws(RPCError) -> JSONValue {
        let id = JSONValue.integer(lastID.add(1, ordering: .relaxed).newValue)
        let request: JSONValue = .object([
            "jsonrpc": "2.0", "id": id, "method": .string(method), "params": .array(params),
        ])
        let deadline = deadline ?? self.deadline
        let response: HTTPResponse
        do {
            response = try await httpClient.send(
                HTTPRequest(
                    method: "POST", url: url, headers: [("Content-Type", "application/json")],
                    body: .bytes(request.jsonBytes), deadline: deadline, connectDeadline: min(deadline, .seconds(10)),
                    // Hexadecimal doubles the size of what is asked for.
                    maximumResponseByteCount: 2 * 64 << 20))
        } catch .timedOut {
            throw .timedOut
        } catch .cancelled {
            throw .cancelled
        } catch {
            throw .unreachable(error)
        }
        guard let answer = try? JSONValue(jsonBytes: response.body), case .object(let members) = answer else {
            guard response.status == 200 else { throw .httpStatus(response.status) }
            throw .malformedAnswer(method: method, "it is not a JSON object")
        }
        if let error = members["error"], let code = error["code"]?.integer(Int.self) {
            throw .refused(method: method, code: code, message: error["message"]?.string ?? "", data: error["data"])
        }
        guard members["id"] == id else { throw .malformedAnswer(method: method, "it answers another call") }
        guard let result = members["result"] else { throw .malformedAnswer(method: method, "it has no result") }
        return result
    }
}
