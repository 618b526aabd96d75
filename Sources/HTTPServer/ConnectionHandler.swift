internal import NIOCore
internal import NIOHTTP1
internal import NIOWebSocket

/// What a connection turned out to speak.
enum Protocol: Sendable {
    case http(NIOAsyncChannel<HTTPServerRequestPart, HTTPPart<HTTPResponseHead, IOData>>)
    case webSocket(NIOAsyncChannel<WebSocketFrame, WebSocketFrame>, HTTPRequestHead)
}

/// A connection, and what it will turn out to speak.
struct AcceptedConnection: Sendable {
    let channel: any Channel
    let negotiation: EventLoopFuture<Protocol>
}

/// Serves connections, each from its first byte to its last.
struct ConnectionHandler: Sendable {
    let configuration: HTTPServerConfiguration
    let handler: HTTPServer.Handler
    let webSocket: HTTPServer.WebSocketHandler?
    let slots: ConnectionSlots

    /// Never throws: what goes wrong on one connection ends that connection.
    func serve(_ accepted: AcceptedConnection) async {
        // Taken before the client has said anything: one that says nothing counts as well.
        guard slots.take() else {
            try? await accepted.channel.close().get()  // or it is closed already
            return
        }
        defer { slots.release() }
        guard let connection = try? await accepted.negotiation.get() else { return }
        do {
            switch connection {
            case .http(let channel):
                try await channel.executeThenClose { inbound, _ in
                    try await serve(InboundParts(inbound), on: channel.channel)
                }
            case .webSocket(let channel, let head):
                try await channel.executeThenClose { inbound, _ in
                    try await serve(head, inbound, on: channel.channel)
                }
            }
        } catch {}  // the client is gone, or spoke nonsense and was told so by the pipeline
    }

    private func serve(
        _ inbound: InboundParts<HTTPServerRequestPart>, on channel: any Channel
    ) async throws {
        var iterator = inbound
        while case .head(let head) = try await iterator.next() {
            let awaitsContinue = head.headers["expect"].contains { $0.lowercased() == "100-continue" }
            var body = HTTPRequestBody(
                iterator, channel: channel, limit: configuration.maximumBodyByteCount,
                awaitsContinue: awaitsContinue)
            let request = HTTPRequest(head, remoteAddress: channel.remoteAddress?.ipAddress ?? "")
            let response = await reply(to: request, &body)
            // The pipeline has answered a broken request itself.
            guard !body.isBroken, let response else { return }
            // Whoever was not told to continue may send the body or not: only a new connection is clear again.
            let isLast = !head.isKeepAlive || response.status == 413 || body.awaitsContinue
            try await HTTPResponseWriter(channel: channel, sendsBody: head.method != .HEAD)
                .send(response, closing: isLast)
            if isLast {
                // Closing on unread bytes would reset the connection, and the client might never see the reply: so we
                // say that nothing more comes, and listen until the client stops.
                if !body.ended, !body.awaitsContinue {
                    try await channel.close(mode: .output).get()
                    await body.discard(atMost: configuration.maximumBodyByteCount)
                }
                return
            }
            iterator = try await body.drained()
        }
    }

    /// Nil to close the connection without a word.
    private func reply(to request: HTTPRequest, _ body: inout HTTPRequestBody) async -> HTTPResponse? {
        if let announced = request.headers["content-length"].flatMap(Int.init),
            announced > configuration.maximumBodyByteCount
        {
            return HTTPResponse(status: 413)
        }
        do { return try await handler(request, &body) } catch HTTPServerError.bodyTooLarge {
            return HTTPResponse(status: 413)
        } catch HTTPServerError.noReply { return nil } catch { return HTTPResponse(status: 500) }
    }

    private func serve(
        _ head: HTTPRequestHead, _ inbound: NIOAsyncChannelInboundStream<WebSocketFrame>, on channel: any Channel
    ) async throws {
        guard let webSocket else { return }
        let socket = WebSocket(channel: channel)
        var messages = WebSocketMessages(InboundParts(inbound), socket: socket)
        do {
            try await webSocket(
                HTTPRequest(head, remoteAddress: channel.remoteAddress?.ipAddress ?? ""), socket, &messages)
        } catch HTTPServerError.notText {
            try await socket.close(.dataInconsistentWithMessage)
        }
        if !messages.ended { try await socket.close(.normalClosure) }
    }
}
