public import HTTPClient

/// Why an RPC server gave no usable answer.
public enum RPCError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There was no HTTP answer.
    case unreachable(HTTPError)
    case timedOut
    case cancelled
    /// An HTTP answer that is no JSON-RPC answer.
    case httpStatus(Int)
    /// The answer to `method` is not what that method answers.
    case malformedAnswer(method: String, String)
    /// The server answered with an error (codes: Docs/Protocol/CESS.md, section 4.1).
    case refused(method: String, code: Int, message: String, data: JSONValue?)

    public var description: String {
        switch self {
        case .unreachable(let error): "the RPC server cannot be reached: \(error)"
        case .timedOut: "the RPC server did not answer in time"
        case .cancelled: "cancelled"
        case .httpStatus(let status): "the RPC server answered with HTTP status \(status)"
        case .malformedAnswer(let method, let what): "the RPC server's answer to \(method) is malformed: \(what)"
        case .refused(let method, let code, let message, let data):
            "the RPC server refused \(method): \(message) (\(code))" + (data?.string.map { ": \($0)" } ?? "")
        }
    }
}
