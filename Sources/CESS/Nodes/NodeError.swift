public import HTTPClient

/// What a storage node can do wrong when it is asked for something.
public enum NodeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There was no HTTP answer.
    case unreachable(HTTPError)
    case timedOut
    case cancelled
    /// What is registered as the node's endpoint is not an address.
    case unusableEndpoint(String)
    /// The node knows no such deal, or the deal has no such fragment: its chain may lag behind, or the deal is complete.
    case notInDeal
    /// The node does not hold the fragment.
    case absent
    /// The node cannot look the deal up now.
    case nodeLostChain
    /// The node does not serve this range.
    case rangeRefused
    /// Any other refusal, with the code and the words of the node's answer.
    case refused(code: Int, message: String)
    /// The answer has another length than was asked for.
    case wrongLength(expected: Int, received: Int)
    /// A whole fragment that is not the one that was asked for.
    case corrupt
    /// An answer that this protocol does not have.
    case malformedAnswer

    public var description: String {
        switch self {
        case .unreachable(let error): "the node cannot be reached: \(error)"
        case .timedOut: "the node did not answer in time"
        case .cancelled: "cancelled"
        case .unusableEndpoint(let text): "the node's endpoint is not an address: \(text)"
        case .notInDeal: "the node does not see the fragment in a deal"
        case .absent: "the node does not hold the fragment"
        case .nodeLostChain: "the node cannot ask the chain at the moment"
        case .rangeRefused: "the node refused the range"
        case .refused(let code, let message): "the node refused: \(message) (\(code))"
        case .wrongLength(let expected, let received): "the node sent \(received) bytes instead of \(expected)"
        case .corrupt: "the node sent bytes that are not the fragment"
        case .malformedAnswer: "the node's answer makes no sense"
        }
    }

    init(_ error: HTTPError) {
        self =
            switch error {
            case .timedOut: .timedOut
            case .cancelled: .cancelled
            default: .unreachable(error)
            }
    }
}
