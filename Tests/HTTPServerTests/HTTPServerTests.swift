import Foundation
import Synchronization
import Testing

@testable import HTTPServer

/// Runs a server while `body` talks to its port; both have ended when it returns.
private func withServer(
    _ configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
    webSocket: HTTPServer.WebSocketHandler? = nil, handler: @escaping HTTPServer.Handler,
    _ body: (Int) async throws -> Void
) async throws {
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let server = Task {
        try await HTTPServer.run(configuration, handler: handler, webSocket: webSocket) { port.yield($0) }
    }
    var iterator = ports.makeAsyncIterator()
    let bound = try #require(await iterator.next())
    do { try await body(bound) } catch {
        server.cancel()
        throw error
    }
    server.cancel()
    try await server.value
}

private let echo: HTTPServer.Handler = { request, body in
    let bytes = try await body.collect(limit: 1 << 20)
    let query = request.query.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
    let path = request.path ?? "malformed"
    return HTTPResponse(body: .bytes(Array("\(request.method) \(path) [\(query)] \(bytes.count)".utf8)))
}

@Test func `requests on one connection are answered in order`() async throws {
    try await withServer(handler: echo) { port in
        let client = try RawClient(port: port)
        try await client.send(
            "POST /a%20b?x=1&y=%2B+z HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
                + "GET /%zz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        let text = String(decoding: try await client.receive(), as: UTF8.self)
        let first = try #require(text.range(of: "POST /a b [x=1,y=+ z] 3"))
        let second = try #require(text.range(of: "GET malformed [] 0"))
        #expect(first.upperBound < second.lowerBound)
    }
}

@Test func `a body is streamed in pieces whose sum is the body`() async throws {
    let handler: HTTPServer.Handler = { _, body in
        var sum = 0
        var count = 0
        while let chunk = try await body.next() {
            count += chunk.byteCount
            chunk.withBytes { span in for index in span.indices { sum += Int(span[index]) } }
        }
        return HTTPResponse(body: .bytes(Array("\(count) \(sum)".utf8)))
    }
    try await withServer(handler: handler) { port in
        let client = try RawClient(port: port)
        let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0) }
        try await client.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.count)\r\n\r\n")
        try await client.send(body)
        let sum = body.reduce(0) { $0 + Int($1) }
        #expect(try await client.receiveText(containing: "\(sum)").hasSuffix("3000000 \(sum)"))
    }
}

@Test func `a file's range goes out by descriptor, and a HEAD request gets its length alone`() async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "served-\(UUID().uuidString)").path
    let content = (0..<500_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
    try Data(content).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let handler: HTTPServer.Handler = { _, _ in
        HTTPResponse(status: 206, body: .file(descriptor: open(path, O_RDONLY), offset: 1000, byteCount: 400_000))
    }
    try await withServer(handler: handler) { port in
        for method in ["GET", "HEAD"] {
            let client = try RawClient(port: port)
            try await client.send("\(method) / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            let bytes = try await client.receive()
            let text = String(decoding: bytes.prefix(200), as: UTF8.self).lowercased()
            #expect(text.hasPrefix("http/1.1 206"))
            #expect(text.contains("content-length: 400000"))
            if method == "GET" {
                #expect(bytes.suffix(400_000) == content[1000..<401_000])
            } else {
                #expect(bytes.suffix(4) == Array("\r\n\r\n".utf8)[...])
            }
        }
    }
}

@Test func `too much is refused: bodies, headers, connections`() async throws {
    var configuration = HTTPServerConfiguration()
    configuration.maximumBodyByteCount = 1000
    configuration.maximumHeaderByteCount = 2000
    configuration.maximumConnections = 1
    try await withServer(configuration, handler: echo) { port in
        let announced = try RawClient(port: port)
        try await announced.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n")
        #expect(String(decoding: try await announced.receive(), as: UTF8.self).hasPrefix("HTTP/1.1 413"))
    }
    try await withServer(configuration, handler: echo) { port in
        let chunked = try RawClient(port: port)
        let chunk = "3E8\r\n" + String(repeating: "x", count: 1000) + "\r\n"
        try await chunked.send(
            "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\(chunk)\(chunk)0\r\n\r\n")
        #expect(try await chunked.receiveText(containing: "\r\n\r\n").hasPrefix("HTTP/1.1 413"))
    }
    try await withServer(configuration, handler: echo) { port in
        let long = try RawClient(port: port)
        try await long.send("GET / HTTP/1.1\r\nHost: h\r\nX: \(String(repeating: "x", count: 3000))\r\n\r\n")
        #expect(!String(decoding: (try? await long.receive()) ?? [], as: UTF8.self).contains("200 OK"))
    }
    try await withServer(configuration, handler: echo) { port in
        let first = try RawClient(port: port)
        try await first.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(try await first.receiveText(containing: "GET /").hasPrefix("HTTP/1.1 200"))
        let second = try RawClient(port: port)
        try await second.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect((try? await second.receive()) ?? [] == [])
    }
}

@Test func `a reply that comes before the body was read reaches a client that closes afterwards`() async throws {
    try await withServer(handler: { _, _ in HTTPResponse(body: .bytes(Array("early".utf8))) }) { port in
        for limit in [8 << 20, 70 << 20] {  // within the server's limit, and above it
            let client = try RawClient(port: port)
            try await client.send("PUT / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: \(limit)\r\n\r\n")
            try await client.send([UInt8](repeating: 7, count: 8 << 20))
            let text = String(decoding: try await client.receive(), as: UTF8.self)
            #expect(text.hasPrefix(limit > 64 << 20 ? "HTTP/1.1 413" : "HTTP/1.1 200"))
        }
    }
}

@Test func `a connection on which nothing was said counts, until it is closed for being idle`() async throws {
    var configuration = HTTPServerConfiguration()
    configuration.idleTimeout = .seconds(1)
    configuration.maximumConnections = 1
    try await withServer(configuration, handler: echo) { port in
        let silent = try RawClient(port: port)
        let second = try RawClient(port: port)
        try await second.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect((try? await second.receive()) ?? [] == [])
        #expect(try await silent.receive() == [])
        // Its slot is free soon after it was closed.
        var answer: [UInt8] = []
        while answer.isEmpty {
            let third = try RawClient(port: port)
            try await third.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            answer = (try? await third.receive()) ?? []
        }
        #expect(String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 200"))
    }
}

@Test func `who is not to be answered gets nothing but the end`() async throws {
    try await withServer(handler: { _, _ in throw HTTPServerError.noReply }) { port in
        let client = try RawClient(port: port)
        try await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(try await client.receive() == [])
    }
}

@Test func `a client that waits for 100 Continue gets it when the body is wanted`() async throws {
    try await withServer(handler: echo) { port in
        let client = try RawClient(port: port)
        try await client.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        #expect(try await client.receiveText(containing: "\r\n\r\n").hasPrefix("HTTP/1.1 100"))
        try await client.send("abc")
        #expect(try await client.receiveText(containing: "PUT / [] 3").hasPrefix("HTTP/1.1 200"))
    }
}

@Test func `a handler's error is a 500, and the connection lives on`() async throws {
    let handler: HTTPServer.Handler = { request, _ in
        if request.target == "/bad" { throw HTTPServerError.connectionLost }
        return HTTPResponse(
            body: .stream(byteCount: nil) { writer in
                for piece in ["one ", "two ", "three"] { try await writer.write(Array(piece.utf8)) }
            })
    }
    try await withServer(handler: handler) { port in
        let client = try RawClient(port: port)
        try await client.send("POST /bad HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody")
        #expect(try await client.receiveText(containing: "\r\n\r\n").hasPrefix("HTTP/1.1 500"))
        try await client.send("GET /good HTTP/1.1\r\nHost: h\r\n\r\n")
        let text = try await client.receiveText(containing: "\r\n0\r\n")
        #expect(text.hasPrefix("HTTP/1.1 200"))
        #expect(text.contains("three"))
    }
}

@Test func `a WebSocket carries text both ways on the same port`() async throws {
    let shout: HTTPServer.WebSocketHandler = { _, socket, messages in
        while let message = try await messages.next() {
            try await socket.send(String(decoding: message, as: UTF8.self).uppercased())
        }
    }
    try await withServer(webSocket: shout, handler: echo) { port in
        let client = try RawClient(port: port)
        try await client.send(
            "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
        let head = try await client.receiveText(containing: "\r\n\r\n")
        #expect(head.hasPrefix("HTTP/1.1 101"))
        #expect(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))  // RFC 6455, section 1.3
        // "hel" and "lo" in two masked frames, the mask all zero.
        try await client.send(
            [0x01, 0x83, 0, 0, 0, 0] + Array("hel".utf8) + [0x80, 0x82, 0, 0, 0, 0] + Array("lo".utf8))
        #expect(try await client.receive { $0.count >= 7 } == [0x81, 5] + Array("HELLO".utf8))
        try await client.send([0x89, 0x80, 0, 0, 0, 0])
        #expect(try await client.receive { $0.count >= 2 } == [0x8A, 0])
        try await client.send([0x88, 0x80, 0, 0, 0, 0])
        #expect(try await client.receive() == [0x88, 0])
    }
}

@Test func `a port that is taken is an error at once`() async throws {
    try await withServer(handler: echo) { port in
        await #expect(throws: HTTPServerError.self) {
            try await HTTPServer.run(HTTPServerConfiguration(port: port), handler: echo)
        }
    }
}
