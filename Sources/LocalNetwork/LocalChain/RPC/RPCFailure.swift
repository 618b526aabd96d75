internal import Substrate

/// An error object of JSON-RPC 2.0, with Substrate's codes.
struct RPCFailure: Error {
    let code: Int
    let message: String
    var data: String?

    static let parse = RPCFailure(code: -32700, message: "Parse error")
    static let invalidRequest = RPCFailure(code: -32600, message: "Invalid request")
    static let methodNotFound = RPCFailure(code: -32601, message: "Method not found")
    static func invalidParameters(_ detail: String) -> RPCFailure {
        RPCFailure(code: -32602, message: "Invalid params", data: detail)
    }
    static func client(_ detail: String) -> RPCFailure { RPCFailure(code: 4003, message: "Client error: \(detail)") }
    static func internalError(_ error: any Error) -> RPCFailure {
        RPCFailure(code: -32603, message: "Internal error", data: String(describing: error))
    }

    /// As Substrate's server says it, of one answer and of a batch's together.
    static let answerTooBig = RPCFailure(
        code: -32008, message: "Response is too big",
        data: "Exceeded max limit of \(RPCServer.maximumAnswerByteCount)")
    static let batchTooBig = RPCFailure(
        code: -32011, message: "The batch response was too large",
        data: "Exceeded max limit of \(RPCServer.maximumAnswerByteCount)")
    static func tooMany(limit: Int) -> RPCFailure {
        RPCFailure(code: 4002, message: "count exceeds maximum value. max: \(limit)")
    }

    init(code: Int, message: String, data: String? = nil) {
        (self.code, self.message, self.data) = (code, message, data)
    }

    init(_ rejection: PoolRejection) {
        self.init(code: rejection.code, message: rejection.message, data: rejection.data)
    }

    var json: JSONValue {
        var members: [String: JSONValue] = ["code": .integer(code), "message": .string(message)]
        if let data { members["data"] = .string(data) }
        return .object(members)
    }
}
