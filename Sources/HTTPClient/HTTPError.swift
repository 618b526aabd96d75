/// Why there was no HTTP answer.
public enum HTTPError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The URL or a header cannot be sent.
    case badRequest(String)
    /// No connection came about: unknown host, refused, unreachable, or TLS failed.
    case cannotConnect(String)
    /// The connection broke before the answer was whole.
    case connectionLost(String)
    case timedOut
    case responseTooLarge(limit: Int)
    /// The answer is not HTTP.
    case malformedResponse(String)
    case cancelled

    public var description: String {
        switch self {
        case .badRequest(let what): "the request cannot be sent: \(what)"
        case .cannotConnect(let why): "cannot connect: \(why)"
        case .connectionLost(let why): "the connection was lost: \(why)"
        case .timedOut: "no answer in time"
        case .responseTooLarge(let limit): "the answer is longer than \(limit) bytes"
        case .malformedResponse(let what): "the answer is not HTTP: \(what)"
        case .cancelled: "cancelled"
        }
    }
}
