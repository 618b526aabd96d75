internal import NIOCore
internal import NIOWebSocket

/// The sending side of a WebSocket; any task may use it.
public struct WebSocket: Sendable {
    let channel: any Channel

    /// Sends one text message; returns when it is with the system, so a slow reader slows its sender.
    public func send(_ text: String) async throws {
        try await write(.text, ByteBuffer(string: text))
    }

    /// Sends one text message of UTF-8 bytes.
    public func send(utf8 bytes: [UInt8]) async throws {
        try await write(.text, ByteBuffer(bytes: bytes))
    }

    func write(_ opcode: WebSocketOpcode, _ data: ByteBuffer) async throws {
        try await channel.writeAndFlush(WebSocketFrame(fin: true, opcode: opcode, data: data)).get()
    }

    func close(_ code: WebSocketErrorCode) async throws {
        var data = ByteBuffer()
        data.write(webSocketErrorCode: code)
        try await write(.connectionClose, data)
    }
}

/// The messages of a WebSocket's other side. Pings are answered and fragments put together on the way.
public struct WebSocketMessages {
    private var iterator: InboundParts<WebSocketFrame>
    private let socket: WebSocket
    private(set) var ended = false

    init(_ iterator: InboundParts<WebSocketFrame>, socket: WebSocket) {
        self.iterator = iterator
        self.socket = socket
    }

    /// The next text message's UTF-8 bytes, or nil when the other side closed.
    ///
    /// - Throws: `HTTPServerError.notText` for a message that is not UTF-8.
    public mutating func next() async throws -> [UInt8]? {
        while !ended, let frame = try await iterator.next() {
            switch frame.opcode {
            case .text, .binary:
                let bytes = Array(frame.unmaskedData.readableBytesView)
                guard String(validating: bytes, as: UTF8.self) != nil else { throw HTTPServerError.notText }
                return bytes
            case .ping: try await socket.write(.pong, frame.unmaskedData)
            case .connectionClose:
                ended = true
                try await socket.write(.connectionClose, frame.unmaskedData)
            default: continue
            }
        }
        ended = true
        return nil
    }
}
