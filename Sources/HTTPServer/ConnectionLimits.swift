internal import NIOCore
internal import Synchronization

/// Counts connections up to a limit.
final class ConnectionSlots: Sendable {
    private let limit: Int
    private let taken = Mutex(0)

    init(limit: Int) { self.limit = limit }

    /// False when all are taken.
    func take() -> Bool {
        taken.withLock { taken in
            guard taken < limit else { return false }
            taken += 1
            return true
        }
    }

    func release() { taken.withLock { $0 -= 1 } }
}

/// Closes a connection on which nothing moved for the idle time. A WebSocket may be quiet for long: it is pinged, and
/// closed when not even the pong comes.
final class IdleConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Set once the connection speaks WebSocket.
    var pings = false
    private var awaitsPong = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        awaitsPong = false
        context.fireChannelRead(data)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is IdleStateHandler.IdleStateEvent else { return context.fireUserInboundEventTriggered(event) }
        guard pings, !awaitsPong else { return context.close(promise: nil) }
        awaitsPong = true
        // A whole frame, written below the encoder: FIN and opcode 9, no payload.
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: [0x89, 0x00])), promise: nil)
    }
}

/// Closes a connection that spoke nonsense, also before its first request was complete and anyone served it.
final class ErrorClosingHandler: ChannelInboundHandler {
    typealias InboundIn = NIOAny
    typealias InboundOut = NIOAny

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.fireErrorCaught(error)
        context.close(promise: nil)
    }
}

extension TimeAmount {
    init(_ duration: Duration) { self = .nanoseconds(Int64(clamping: duration / .nanoseconds(1))) }
}

extension Int64 {
    fileprivate init(clamping value: Double) { self = value < 9e18 ? Int64(value) : .max }
}
