import HTTPClient
import Synchronization
import TestSupport
import Testing

struct HTTPClientTests {
    private let client = HTTPClient(maximumConnections: 4, maximumConnectionsPerHost: 2)

    @discardableResult private func withServer<R>(
        _ handler: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Reply,
        _ body: (ScriptedServer) async throws -> R
    ) async throws -> R {
        let server = ScriptedServer(handler)
        defer { server.stop() }
        return try await body(server)
    }

    @Test func `status, headers and body of an answer arrive`() async throws {
        try await withServer({ _ in
            .answer(status: 206, headers: [("X-Thing", " a b "), ("x-thing", "second")], body: [0, 1, 2])
        }) { server in
            let response = try await client.send(HTTPRequest(url: server.url + "/path?query"))
            #expect(response.status == 206)
            #expect(response.body == [0, 1, 2])
            #expect(response.header("x-thing") == "a b")
            #expect(response.headers.filter { $0.name == "x-thing" }.count == 2)
            #expect(response.totalTime >= response.timeToFirstByte)
        }
    }

    @Test func `a request arrives as it was made`() async throws {
        let parts: [[UInt8]] = [[1, 2], [], [UInt8](repeating: 7, count: 1 << 20), [3]]
        try await withServer({ request in
            #expect(request.method == "PUT")
            #expect(request.path == "/fragment")
            #expect(request.headers["fid"] == "abc")
            #expect(request.headers["empty"] == "")
            #expect(request.headers["expect"] == nil)
            return .answer(body: request.body)
        }) { server in
            let response = try await client.send(
                HTTPRequest(
                    method: "PUT", url: server.url + "/fragment", headers: [("Fid", "abc"), ("Empty", "")],
                    body: .parts(parts)))
            #expect(response.body == Array(parts.joined()))
        }
    }

    @Test(arguments: ["POST", "PUT", "DELETE"]) func `a request without a body says so`(method: String) async throws {
        try await withServer({ request in
            .answer(body: Array("\(request.method) \(request.headers["content-length"] ?? "none")".utf8))
        }) { server in
            let response = try await client.send(HTTPRequest(method: method, url: server.url))
            #expect(String(decoding: response.body, as: UTF8.self) == "\(method) 0")
        }
    }

    @Test func `connections are reused`() async throws {
        try await withServer({ _ in .answer() }) { server in
            for _ in 0..<5 { _ = try await client.send(HTTPRequest(url: server.url)) }
            #expect(server.connectionCount == 1)
        }
    }

    @Test func `no more connections than allowed are made to one host, and all exchanges come to their turn`()
        async throws
    {
        let (running, peak) = (Counter(), Counter())
        try await withServer({ _ in
            peak.raise(to: running.add(1))
            usleepBriefly()
            running.add(-1)
            return .answer()
        }) { server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask { _ = try await client.send(HTTPRequest(url: server.url)) }
                }
                try await group.waitForAll()
            }
            #expect(peak.value <= 2)
            #expect(server.connectionCount <= 2)
        }
    }

    @Test func `a kept connection that the server closed is replaced, with the body sent anew`() async throws {
        let body = [UInt8](repeating: 9, count: 100_000)
        try await withServer({ request in
            request.connection == 1 && !request.body.isEmpty
                ? .close : .answer(body: Array("\(request.body.count)".utf8))
        }) { server in
            _ = try await client.send(HTTPRequest(url: server.url))
            let response = try await client.send(HTTPRequest(method: "PUT", url: server.url, body: .bytes(body)))
            #expect(String(decoding: response.body, as: UTF8.self) == "100000")
        }
    }

    @Test func `a port on which nobody listens cannot be connected to`() async throws {
        let server = ScriptedServer { _ in .answer() }
        server.stop()
        await #expect { try await client.send(HTTPRequest(url: server.url)) } throws: {
            if case HTTPError.cannotConnect = $0 { true } else { false }
        }
    }

    @Test func `silence ends at the deadline`() async throws {
        try await withServer({ _ in .silence }) { server in
            await #expect(throws: HTTPError.timedOut) {
                try await client.send(HTTPRequest(url: server.url, deadline: .milliseconds(50)))
            }
        }
    }

    @Test func `waiting for a connection ends at the deadline too`() async throws {
        let client = HTTPClient(maximumConnections: 1)
        try await withServer({ _ in .silence }) { server in
            await withTaskGroup(of: Void.self) { group in
                for deadline in [300, 50] {
                    group.addTask {
                        await #expect(throws: HTTPError.timedOut) {
                            try await client.send(HTTPRequest(url: server.url, deadline: .milliseconds(deadline)))
                        }
                    }
                }
            }
        }
    }

    @Test func `cancelling the task ends the exchange`() async throws {
        try await withServer({ _ in .silence }) { server in
            let task = Task { try await client.send(HTTPRequest(url: server.url)) }
            while server.connectionCount == 0 { await Task.yield() }
            task.cancel()
            await #expect(throws: HTTPError.cancelled) { try await task.value }
        }
    }

    @Test func `a task that is cancelled before it sends makes no exchange`() async throws {
        try await withServer({ _ in .answer() }) { server in
            await withTaskGroup(of: Void.self) { group in
                group.cancelAll()
                group.addTask {
                    await #expect(throws: HTTPError.cancelled) {
                        try await client.send(HTTPRequest(url: server.url))
                    }
                }
            }
            #expect(server.connectionCount == 0)
        }
    }

    @Test func `an answer longer than allowed is refused, announced or not`() async throws {
        let long = [UInt8](repeating: 1, count: 5000)
        for reply in [
            ScriptedServer.Reply.answer(body: long), .raw(Array("HTTP/1.1 200 OK\r\n\r\n".utf8) + long),
            .raw(Array("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n1".utf8)),
        ] {
            try await withServer({ _ in reply }) { server in
                await #expect(throws: HTTPError.responseTooLarge(limit: 1000)) {
                    try await client.send(HTTPRequest(url: server.url, maximumResponseByteCount: 1000))
                }
            }
        }
    }

    @Test func `an answer that breaks off is not taken for whole`() async throws {
        for reply in ["", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "HTTP/1.1 200 OK\r\nConte"] {
            try await withServer({ _ in .raw(Array(reply.utf8)) }) { server in
                await #expect { try await client.send(HTTPRequest(url: server.url)) } throws: {
                    if case HTTPError.connectionLost = $0 { true } else { false }
                }
            }
        }
    }

    @Test func `what is not HTTP is refused`() async throws {
        for reply in ["SSH-2.0-OpenSSH\r\n", "\u{0}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\r\n\r\n"] {
            try await withServer({ _ in .raw(Array(reply.utf8)) }) { server in
                await #expect(throws: HTTPError.self) { try await client.send(HTTPRequest(url: server.url)) }
            }
        }
    }

    @Test func `headers without end are refused`() async throws {
        let flood = String(repeating: "X-Flood: 0123456789\r\n", count: 10_000)
        try await withServer({ _ in .raw(Array("HTTP/1.1 200 OK\r\n\(flood)\r\n".utf8)) }) { server in
            await #expect(throws: HTTPError.malformedResponse("the headers are too long")) {
                try await client.send(HTTPRequest(url: server.url))
            }
        }
    }

    @Test(arguments: [
        "", "nonsense", "file:///etc/passwd", "http://", "http://a b/", "http://a\r\nX: y/", "ftp://localhost/",
    ])
    func `a URL that is not HTTP is refused`(url: String) async {
        await #expect(throws: HTTPError.self) { try await client.send(HTTPRequest(url: url)) }
    }

    @Test func `headers that would break out of their line are refused`() async {
        for (name, value) in [("A", "b\r\nC: d"), ("A\r\nB", "c"), ("", "x"), ("A:", "x"), ("A", "b\u{0}")] {
            await #expect {
                try await client.send(HTTPRequest(url: "http://localhost", headers: [(name, value)]))
            } throws: {
                if case HTTPError.badRequest = $0 { true } else { false }
            }
        }
    }

    @Test func `a redirect is an answer, not followed`() async throws {
        try await withServer({ _ in .answer(status: 302, headers: [("Location", "http://127.0.0.1:1/")]) }) { server in
            let response = try await client.send(HTTPRequest(url: server.url))
            #expect(response.status == 302)
        }
    }

    /// Says something about the tests themselves: it has failed others now and then.
    @Test func `a server that was stopped takes no requests of the servers after it`() async throws {
        for _ in 0..<500 {
            ScriptedServer { _ in .close }.stop()
            try await withServer({ _ in .answer(body: [1]) }) { server in
                let response = try await client.send(HTTPRequest(url: server.url))
                #expect(response.body == [1])
            }
        }
    }

    @Test func `an interim answer is passed over`() async throws {
        let reply =
            "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 201 Created\r\nX-Late: 2\r\nContent-Length: 0\r\n\r\n"
        try await withServer({ _ in .raw(Array(reply.utf8)) }) { server in
            let response = try await client.send(HTTPRequest(url: server.url))
            #expect(response.status == 201)
            #expect(response.header("x-early") == nil)
            #expect(response.header("x-late") == "2")
        }
    }
}

private final class Counter: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }

    @discardableResult func add(_ change: Int) -> Int {
        count.withLock {
            $0 += change
            return $0
        }
    }

    func raise(to value: Int) { count.withLock { $0 = max($0, value) } }
}
