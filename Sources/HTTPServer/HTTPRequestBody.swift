internal import NIOCore
internal import NIOHTTP1

/// A piece of a request's body, as the socket gave it.
public struct BodyChunk: Sendable {
    let buffer: ByteBuffer

    public var byteCount: Int { buffer.readableBytes }

    /// Lends the bytes without copying them.
    public func withBytes<R, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
        try body(buffer.readableBytesUInt8Span)
    }

    /// A copy.
    public var bytes: [UInt8] { Array(buffer.readableBytesView) }
}

/// A request's body, pulled piece by piece: the client is not read from faster than `next` is called.
public struct HTTPRequestBody {
    private var iterator: InboundParts<HTTPServerRequestPart>
    private let channel: any Channel
    private let limit: Int
    private var received = 0
    private(set) var ended = false
    /// The client waits for `100 Continue` before it sends anything.
    private(set) var awaitsContinue: Bool
    /// The connection ended in the middle; nothing can be answered any more.
    private(set) var isBroken = false

    init(
        _ iterator: InboundParts<HTTPServerRequestPart>, channel: any Channel,
        limit: Int, awaitsContinue: Bool
    ) {
        self.iterator = iterator
        self.channel = channel
        self.limit = limit
        self.awaitsContinue = awaitsContinue
    }

    /// Whether there is still somebody to answer, as far as is known.
    public var isConnected: Bool { channel.isActive }

    /// The next piece, or nil at the end.
    ///
    /// - Throws: `HTTPServerError.bodyTooLarge` or `connectionLost`.
    public mutating func next() async throws -> BodyChunk? {
        guard !ended else { return nil }
        if awaitsContinue {
            awaitsContinue = false
            let head = HTTPResponseHead(version: .http1_1, status: .continue)
            try await channel.writeAndFlush(HTTPPart<HTTPResponseHead, IOData>.head(head)).get()
        }
        let part: HTTPServerRequestPart?
        do { part = try await iterator.next() } catch {
            isBroken = true
            throw error
        }
        switch part {
        case .body(let buffer):
            received += buffer.readableBytes
            guard received <= limit else { throw HTTPServerError.bodyTooLarge(limit: limit) }
            return BodyChunk(buffer: buffer)
        case .end:
            ended = true
            return nil
        case .head, nil:
            isBroken = true
            throw HTTPServerError.connectionLost
        }
    }

    /// The whole body, if it has at most `limit` bytes.
    public mutating func collect(limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let chunk = try await next() {
            guard bytes.count + chunk.byteCount <= limit else { throw HTTPServerError.bodyTooLarge(limit: limit) }
            bytes.append(contentsOf: chunk.buffer.readableBytesView)
        }
        return bytes
    }

    /// Reads what still comes, but not for ever, and throws it away.
    mutating func discard(atMost count: Int) async {
        var discarded = 0
        while !ended, discarded < count, case .body(let buffer)? = try? await iterator.next() {
            discarded += buffer.readableBytes
        }
    }

    /// Reads to the end, and gives the connection back for its next request.
    consuming func drained() async throws -> InboundParts<HTTPServerRequestPart> {
        while try await next() != nil {}
        return iterator
    }
}
