internal import HTTPServer
internal import Substrate

/// JSON-RPC over HTTP and WebSocket.
struct RPCServer: Sendable {
    private static let maximumBodyByteCount = 16 << 20
    /// Requests in one batch.
    private static let maximumBatchCount = 1000
    /// Of all that is answered to one text: Substrate's default.
    static let maximumAnswerByteCount = 15 << 20

    let chain: Chain

    func run(_ configuration: LocalChainConfiguration, ready: @Sendable (Int) -> Void) async throws {
        var server = HTTPServerConfiguration(host: configuration.host, port: configuration.port)
        server.maximumConnections = configuration.maximumConnections
        server.maximumBodyByteCount = Self.maximumBodyByteCount
        server.maximumMessageByteCount = Self.maximumBodyByteCount
        try await HTTPServer.run(
            server, handler: handle,
            webSocket: { _, socket, messages in
                try await RPCSession(server: self, socket: socket).run(&messages)
            }, ready: ready)
    }

    private func handle(_ request: HTTPRequest, _ body: inout HTTPRequestBody) async throws -> HTTPResponse {
        if request.method == "GET", request.path == "/health" { return .json(Array(#"{"isSyncing":false}"#.utf8)) }
        guard request.method == "POST" else { return HTTPResponse(status: 405, headers: [("Allow", "POST")]) }
        let bytes = try await body.collect(limit: Self.maximumBodyByteCount)
        guard let answer = await answer(bytes, by: { await answer($0) }) else { return HTTPResponse() }
        return .json(answer)
    }

    /// Answers a text that holds a request or a batch of them; nil if it holds nothing but notifications.
    ///
    /// - Parameter single: answers one request.
    func answer(_ text: [UInt8], by single: (RPCRequest) async -> JSONValue) async -> [UInt8]? {
        guard let value = try? JSONValue(jsonBytes: text) else {
            return RPCRequest.failure(.parse, id: .null).jsonBytes
        }
        guard let batch = value.array else { return await answer(value, by: single) }
        guard !batch.isEmpty, batch.count <= Self.maximumBatchCount else {
            return RPCRequest.failure(.invalidRequest, id: .null).jsonBytes
        }
        var answers: [UInt8] = []
        for item in batch {
            guard let answer = await answer(item, by: single) else { continue }
            answers.append(UInt8(ascii: answers.isEmpty ? "[" : ","))
            answers += answer
            guard answers.count < Self.maximumAnswerByteCount else {
                return RPCRequest.failure(.batchTooBig, id: .null).jsonBytes
            }
        }
        return answers.isEmpty ? nil : answers + [UInt8(ascii: "]")]
    }

    private func answer(_ value: JSONValue, by single: (RPCRequest) async -> JSONValue) async -> [UInt8]? {
        guard let request = RPCRequest(value) else {
            return RPCRequest.failure(.invalidRequest, id: value["id"] ?? .null).jsonBytes
        }
        let answer = await single(request)
        guard request.id != nil else { return nil }
        let bytes = answer.jsonBytes
        return bytes.count <= Self.maximumAnswerByteCount ? bytes : request.failure(.answerTooBig).jsonBytes
    }

    /// Answers a request that is not about subscriptions.
    func answer(_ request: RPCRequest) async -> JSONValue {
        do {
            return request.success(try await call(request.method, request.parameters))
        } catch let failure as RPCFailure {
            return request.failure(failure)
        } catch { return request.failure(.internalError(error)) }
    }

    private func call(_ method: String, _ parameters: Parameters) async throws -> JSONValue {
        try await chain.run { chain in try Methods.answer(method, parameters, on: chain) }
    }
}

extension Chain {
    /// Does something on the chain's own queue.
    func run<T: Sendable>(_ body: @Sendable (isolated Chain) throws -> T) throws -> T { try body(self) }
}

/// A request of JSON-RPC 2.0.
struct RPCRequest: Sendable {
    /// Nil for a notification, which is not answered.
    let id: JSONValue?
    let method: String
    let parameters: Parameters

    init?(_ value: JSONValue) {
        guard let method = value["method"]?.string else { return nil }
        switch value["params"] {
        case nil, .null?: parameters = Parameters(values: [])
        case .array(let values)?: parameters = Parameters(values: values)
        default: return nil
        }
        id = value["id"]
        self.method = method
    }

    func success(_ result: JSONValue) -> JSONValue {
        .object(["jsonrpc": "2.0", "id": id ?? .null, "result": result])
    }

    func failure(_ failure: RPCFailure) -> JSONValue { Self.failure(failure, id: id ?? .null) }

    static func failure(_ failure: RPCFailure, id: JSONValue) -> JSONValue {
        .object(["jsonrpc": "2.0", "id": id, "error": failure.json])
    }
}
