public import HTTPClient
internal import Primitives
internal import Substrate

/// Talks to storage nodes in cess-miner's HTTP interface, with all its oddities (Docs/Protocol/CESS.md, section 3).
///
/// Requests are signed with a key that is made for this client and kept nowhere: a node checks that a signature is valid,
/// not whose it is, and it could be replayed for ever.
public struct NodeClient: Sendable {
    /// How long a node may take.
    public struct Deadlines: Sendable {
        public var connection: Duration = .seconds(5)
        public var status: Duration = .seconds(5)
        /// For a whole fragment.
        public var transfer: Duration = .seconds(600)
        /// While nothing moves.
        public var stall: Duration = .seconds(20)

        public init() {}
    }

    private let httpClient: HTTPClient
    private let deadlines: Deadlines
    private let key = KeyPair.throwaway()

    public init(httpClient: HTTPClient, deadlines: Deadlines = Deadlines()) {
        self.httpClient = httpClient
        self.deadlines = deadlines
    }

    /// Asks a node for its status, and with it for its extensions.
    public func status(of endpoint: String) async throws(NodeError) -> NodeStatus {
        let response = try await send(
            HTTPRequest(
                url: try url(endpoint, "/status"), deadline: deadlines.status,
                connectDeadline: min(deadlines.connection, deadlines.status), maximumResponseByteCount: 1 << 20))
        let answer = try NodeAnswer(response)
        guard answer.code == 200 else { throw .refused(code: answer.code, message: answer.message) }
        return NodeStatus(answer.data)
    }

    /// Stores a fragment. May be repeated: a node that has it answers at once.
    ///
    /// - Parameters:
    ///   - content: the fragment, 8 MiB, without some or all of its trailing zeros. The zero fragment needs no content.
    ///   - trimmed: whether the node takes bodies without the trailing zeros; otherwise they are sent.
    ///   - sendRate: at most about so many bytes a second.
    /// - Throws: `NodeError.notInDeal` also while the node's chain has not seen the declaration yet.
    public func put(
        _ content: [UInt8], hash: FragmentHash, fid: FID, to endpoint: String, trimmed: Bool = false,
        sendRate: Int? = nil
    ) async throws(NodeError) {
        precondition(content.count <= CESSLimits.fragmentByteCount, "a fragment has at most 8 MiB")
        let boundary = SystemRandom.bytes(16).hex
        let head = """
            --\(boundary)\r
            Content-Disposition: form-data; name="file"; filename="\(hash.hex)"\r
            Content-Type: application/octet-stream\r
            \r

            """
        var headers = signedHeaders(hash, fid)
        headers.append(("Content-Type", "multipart/form-data; boundary=\(boundary)"))
        var parts = [Array(head.utf8)]
        if hash != .zero {  // the node makes that one itself
            parts.append(content)
            let zeroCount = CESSLimits.fragmentByteCount - content.count
            if trimmed {
                headers.append(("Fragment-Length", "\(CESSLimits.fragmentByteCount)"))
            } else {
                parts += Self.zeros(zeroCount)
            }
        }
        parts.append(Array("\r\n--\(boundary)--\r\n".utf8))
        let response = try await send(
            HTTPRequest(
                method: "PUT", url: try url(endpoint, "/fragment"), headers: headers, body: .parts(parts),
                deadline: deadlines.transfer, connectDeadline: deadlines.connection, stallDeadline: deadlines.stall,
                maximumResponseByteCount: 1 << 20, sendRate: sendRate))
        let answer = try NodeAnswer(response)
        switch (answer.code, answer.message) {
        case (200, _): return
        case (400, "fragment does not match fid"): throw .notInDeal
        case (403, let message) where message.contains("rpc"): throw .nodeLostChain
        case (let code, let message): throw .refused(code: code, message: message)
        }
    }

    /// Fetches a whole fragment and checks it against its hash.
    public func fragment(_ hash: FragmentHash, fid: FID, from endpoint: String) async throws(NodeError) -> [UInt8] {
        let byteCount = CESSLimits.fragmentByteCount
        let response = try await get(hash, fid, nil, endpoint, limit: byteCount)
        // A refusal has status 200 as well: only length and hash tell.
        guard response.body.count == byteCount else {
            throw NodeAnswer.refusal(response) ?? .wrongLength(expected: byteCount, received: response.body.count)
        }
        guard SHA256.hash(response.body) == hash.bytes else { throw .corrupt }
        return response.body
    }

    /// Fetches a part of a fragment, which nothing but the caller's own tags can check.
    ///
    /// - Returns: exactly `range.count` bytes.
    public func fragment(
        _ hash: FragmentHash, fid: FID, range: Range<Int>, from endpoint: String
    ) async throws(NodeError) -> [UInt8] {
        precondition(range.lowerBound >= 0 && range.upperBound <= CESSLimits.fragmentByteCount, "a range of a fragment")
        if range.isEmpty { return [] }
        // The end is exclusive, and the total is required.
        let text = "bytes=\(range.lowerBound)-\(range.upperBound)/\(CESSLimits.fragmentByteCount)"
        let response = try await get(hash, fid, text, endpoint, limit: max(range.count, 1 << 16))
        guard response.status == 206 else { throw NodeAnswer.refusal(response) ?? .rangeRefused }
        guard response.body.count == range.count else {
            throw .wrongLength(expected: range.count, received: response.body.count)
        }
        return response.body
    }

    private func get(
        _ hash: FragmentHash, _ fid: FID, _ range: String?, _ endpoint: String, limit: Int
    ) async throws(NodeError) -> HTTPResponse {
        try await send(
            HTTPRequest(
                url: try url(endpoint, "/fragment"),
                headers: signedHeaders(hash, fid) + (range.map { [("Range", $0)] } ?? []),
                deadline: deadlines.transfer, connectDeadline: deadlines.connection, stallDeadline: deadlines.stall,
                maximumResponseByteCount: limit))
    }

    private func send(_ request: HTTPRequest) async throws(NodeError) -> HTTPResponse {
        do { return try await httpClient.send(request) } catch { throw NodeError(error) }
    }

    private func url(_ endpoint: String, _ path: String) throws(NodeError) -> String {
        guard let base = NodeEndpoint.url(endpoint) else { throw .unusableEndpoint(endpoint) }
        return base + path
    }

    /// A fresh message for each request, of characters that no header loses.
    private func signedHeaders(_ hash: FragmentHash, _ fid: FID) -> [(name: String, value: String)] {
        let message = SystemRandom.bytes(8).hex
        return [
            ("Account", SS58.encode(key.accountID, prefix: SS58.cessTestnet)), ("Message", message),
            ("Signature", key.sign(Array(message.utf8)).hex), ("Fid", fid.hex), ("Fragment", hash.hex),
        ]
    }

    /// So many zeros in pieces that share their memory.
    private static func zeros(_ count: Int) -> [[UInt8]] {
        let (whole, rest) = count.quotientAndRemainder(dividingBy: zeroPiece.count)
        return Array(repeating: zeroPiece, count: whole) + (rest > 0 ? [Array(zeroPiece[..<rest])] : [])
    }

    private static let zeroPiece = [UInt8](repeating: 0, count: 256 << 10)
}

/// `{"code":…,"msg":…,"data":…}`, which nodes answer with HTTP status 200 whatever the code is.
struct NodeAnswer {
    let code: Int
    let message: String
    let data: JSONValue

    init(_ response: HTTPResponse) throws(NodeError) {
        guard response.body.count <= 1 << 20, let json = try? JSONValue(jsonBytes: response.body),
            let code = json["code"]?.integer(Int.self)
        else {
            guard response.status == 200 else { throw .refused(code: response.status, message: "") }
            throw .malformedAnswer
        }
        self.code = code
        message = json["msg"]?.string ?? ""
        data = json["data"] ?? .null
    }

    /// The refusal that a reply to `GET /fragment` is; nil if it is none.
    static func refusal(_ response: HTTPResponse) -> NodeError? {
        let answer: NodeAnswer
        do { answer = try NodeAnswer(response) } catch { return error == .malformedAnswer ? nil : error }
        switch answer.code {
        case 404: return .absent
        case 416: return .rangeRefused
        default: return .refused(code: answer.code, message: answer.message)
        }
    }
}
