internal import NIOCore
internal import NIOHTTP1

/// What a handler answers. `Content-Length` is added; other fields are sent as given.
public struct HTTPResponse: Sendable {
    public var status: Int
    public var headers: [(String, String)]
    public var body: Body

    public enum Body: Sendable {
        case bytes([UInt8])
        /// `byteCount` bytes from `offset` on, by sendfile. The server owns the descriptor from here on and closes it,
        /// whatever happens.
        case file(descriptor: CInt, offset: Int, byteCount: Int)
        /// Bytes that come over time, of a known length or (nil) chunked.
        case stream(byteCount: Int?, @Sendable (HTTPResponseWriter) async throws -> Void)
    }

    public init(status: Int = 200, headers: [(String, String)] = [], body: Body = .bytes([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A JSON text.
    public static func json(_ bytes: [UInt8], status: Int = 200) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: [("Content-Type", "application/json; charset=utf-8")], body: .bytes(bytes))
    }
}

/// Sends the pieces of a streamed reply; each call returns when the piece is with the system.
public struct HTTPResponseWriter: Sendable {
    let channel: any Channel
    /// A HEAD request's reply has no body.
    let sendsBody: Bool

    public func write(_ bytes: [UInt8]) async throws {
        guard sendsBody else { return }
        try await part(.body(.byteBuffer(ByteBuffer(bytes: bytes))))
    }

    /// As `HTTPResponse.Body.file`, but the descriptor stays the caller's.
    public func write(file descriptor: CInt, offset: Int, byteCount: Int) async throws {
        guard sendsBody, byteCount > 0 else { return }
        let handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: descriptor)
        defer { _ = try? handle.takeDescriptorOwnership() }  // it was open, and nobody else has the handle
        let region = FileRegion(fileHandle: handle, readerIndex: offset, endIndex: offset + byteCount)
        try await part(.body(.fileRegion(region)))
    }

    func part(_ part: HTTPPart<HTTPResponseHead, IOData>) async throws {
        try await channel.writeAndFlush(part).get()
    }

    func send(_ response: HTTPResponse, closing: Bool) async throws {
        defer { response.body.close() }
        var headers = HTTPHeaders(response.headers)
        if let byteCount = response.body.byteCount {
            headers.replaceOrAdd(name: "Content-Length", value: "\(byteCount)")
        }
        if closing { headers.replaceOrAdd(name: "Connection", value: "close") }
        let head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: response.status), headers: headers)
        // What can go in one packet does: nothing is flushed before there is something to wait for.
        channel.write(HTTPPart<HTTPResponseHead, IOData>.head(head), promise: nil)
        switch response.body {
        case .bytes(let bytes):
            if sendsBody, !bytes.isEmpty {
                let body = HTTPPart<HTTPResponseHead, IOData>.body(.byteBuffer(ByteBuffer(bytes: bytes)))
                channel.write(body, promise: nil)
            }
        case .file(let descriptor, let offset, let byteCount):
            try await write(file: descriptor, offset: offset, byteCount: byteCount)
        case .stream(_, let produce): try await produce(self)
        }
        try await part(.end(nil))
    }
}

extension HTTPResponse.Body {
    /// Nil where it is sent chunked.
    fileprivate var byteCount: Int? {
        switch self {
        case .bytes(let bytes): bytes.count
        case .file(_, _, let byteCount): byteCount
        case .stream(let byteCount, _): byteCount
        }
    }

    /// Closes the descriptor that the reply owned.
    fileprivate func close() {
        guard case .file(let descriptor, _, _) = self else { return }
        try? NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: descriptor).close()  // nothing to do about it
    }
}
