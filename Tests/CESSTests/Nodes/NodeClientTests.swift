import Foundation
import CESS
import HTTPClient
import Primitives
import Substrate
import TestSupport
import Testing

struct NodeClientTests {
    private let client = NodeClient(httpClient: HTTPClient())
    private let fid = FID(SHA256.hash([1]))

    private func answer(_ code: Int, _ message: String, data: String = "null") -> ScriptedServer.Reply {
        .answer(body: Array(#"{"code":\#(code),"msg":"\#(message)","data":\#(data)}"#.utf8))
    }

    private func withNode(
        _ reply: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Reply,
        _ body: (ScriptedServer) async throws -> Void
    ) async throws {
        let node = ScriptedServer(reply)
        defer { node.stop() }
        try await body(node)
    }

    /// What is wrong with the signature headers of a request, if anything.
    private static func check(_ request: ScriptedServer.Request) -> Bool {
        guard let address = request.headers["account"], let account = try? SS58.decode(address),
            [11330, 42].contains(account.prefix), let message = request.headers["message"],
            let signature = request.headers["signature"].flatMap({ [UInt8](hex: $0) })
        else { return false }
        return MultiSignature.sr25519(signature).verify(Array(message.utf8), by: account.account)
    }

    @Test func `a fragment is sent whole, signed, as a form with one file`() async throws {
        let content = [UInt8](repeating: 5, count: 1000)
        let hash = FragmentHash(
            SHA256.hash(content + [UInt8](repeating: 0, count: CESSLimits.fragmentByteCount - 1000)))
        let ok = answer(200, "ok")
        try await withNode({ [fid] request in
            #expect(Self.check(request))
            #expect(request.method == "PUT" && request.path == "/fragment")
            #expect(request.headers["fid"] == fid.hex && request.headers["fragment"] == hash.hex)
            #expect(request.headers["fragment-length"] == nil)
            let form = Form(request)
            #expect(form?.header.contains(#"name="file""#) == true && form?.header.contains("filename=") == true)
            #expect(form.map { FragmentHash(SHA256.hash($0.content)) } == hash)
            return ok
        }) { node in
            try await client.put(content, hash: hash, fid: fid, to: node.url)
        }
    }

    @Test func `a node that takes trimmed bodies gets no zeros`() async throws {
        let ok = answer(200, "ok")
        try await withNode({ request in
            #expect(request.headers["fragment-length"] == "8388608")
            #expect(Form(request)?.content == [5, 6])
            return ok
        }) { node in
            try await client.put([5, 6], hash: FragmentHash(.zero), fid: fid, to: node.url, trimmed: true)
        }
    }

    @Test func `the zero fragment is sent by its name alone`() async throws {
        let ok = answer(200, "ok")
        try await withNode({ request in
            #expect(request.headers["fragment"] == FragmentHash.zero.hex)
            #expect(request.body.count < 1000)
            return ok
        }) { node in
            try await client.put([], hash: .zero, fid: fid, to: node.url)
        }
    }

    @Test(arguments: [
        (400, "fragment does not match fid", NodeError.notInDeal),
        (403, "failed to connect to rpc, please try again later.", .nodeLostChain),
        (400, "the fragment hash is wrong", .refused(code: 400, message: "the fragment hash is wrong")),
        (500, "system error", .refused(code: 500, message: "system error")),
    ])
    func `a refusal is told by the code in the body`(code: Int, message: String, error: NodeError) async throws {
        let reply = answer(code, message)
        try await withNode({ _ in reply }) { node in
            await #expect(throws: error) {
                try await client.put([1], hash: FragmentHash(.zero), fid: fid, to: node.url)
            }
        }
    }

    @Test func `a whole fragment is checked, and JSON in its place is not taken for it`() async throws {
        let content = [UInt8](repeating: 3, count: CESSLimits.fragmentByteCount)
        let hash = FragmentHash(SHA256.hash(content))
        try await withNode({ _ in .answer(body: content) }) { node in
            let fetched = try await client.fragment(hash, fid: fid, from: node.url)
            #expect(fetched == content)
            await #expect(throws: NodeError.corrupt) {
                try await client.fragment(FragmentHash(.zero), fid: fid, from: node.url)
            }
        }
        let absent = answer(404, "not found")
        try await withNode({ _ in absent }) { node in
            await #expect(throws: NodeError.absent) { try await client.fragment(hash, fid: fid, from: node.url) }
        }
        try await withNode({ _ in .answer(body: [1, 2, 3]) }) { node in
            await #expect(throws: NodeError.wrongLength(expected: 8_388_608, received: 3)) {
                try await client.fragment(hash, fid: fid, from: node.url)
            }
        }
        try await withNode({ _ in .answer(body: content + [0]) }) { node in
            await #expect(throws: NodeError.unreachable(.responseTooLarge(limit: 8_388_608))) {
                try await client.fragment(hash, fid: fid, from: node.url)
            }
        }
    }

    @Test func `a range is asked for with an exclusive end and has exactly its length`() async throws {
        let hash = FragmentHash(.zero)
        try await withNode({ request in
            #expect(Self.check(request))
            #expect(request.headers["range"] == "bytes=10-14/8388608")
            return .answer(status: 206, body: [1, 2, 3, 4])
        }) { node in
            let fetched = try await client.fragment(hash, fid: fid, range: 10..<14, from: node.url)
            #expect(fetched == [1, 2, 3, 4])
            let nothing = try await client.fragment(hash, fid: fid, range: 7..<7, from: node.url)
            #expect(nothing == [])
        }
        for (reply, error) in [
            (.answer(status: 206, body: [1, 2, 3]), .wrongLength(expected: 4, received: 3)),
            (.answer(status: 206, body: [1, 2, 3, 4, 5]), .wrongLength(expected: 4, received: 5)),
            (.answer(body: [1, 2, 3, 4]), .rangeRefused), (answer(416, "invalid range request"), .rangeRefused),
            (answer(404, "not found"), .absent),
            (
                .answer(status: 403, body: Array(#"{"code":403,"msg":"invalid signature"}"#.utf8)),
                .refused(code: 403, message: "invalid signature")
            ),
            (.answer(status: 500), .refused(code: 500, message: "")),
        ] as [(ScriptedServer.Reply, NodeError)] {
            try await withNode({ _ in reply }) { node in
                await #expect(throws: error) {
                    try await client.fragment(hash, fid: fid, range: 10..<14, from: node.url)
                }
            }
        }
    }

    @Test func `a status tells state and extensions`() async throws {
        let reply = answer(
            200, "ok", data: #"{"state":"positive","idle_space":"1099511627776","extensions":["trimmed-bodies"]}"#)
        try await withNode({ _ in reply }) { node in
            let status = try await client.status(of: "127.0.0.1:\(node.port)")
            #expect(status.state == "positive")
            #expect(status.takesTrimmedBodies && !status.takesStandardRanges)
            #expect(status.idleByteCount == 1 << 40)
        }
        for odd in ["", "[]", "{}", #"{"code":"x"}"#, "<html>"] {
            try await withNode({ _ in .answer(body: Array(odd.utf8)) }) { node in
                await #expect(throws: NodeError.malformedAnswer) { try await client.status(of: node.url) }
            }
        }
    }

    @Test func `nodes that are silent or gone are told apart`() async throws {
        var deadlines = NodeClient.Deadlines()
        deadlines.status = .milliseconds(50)
        let client = NodeClient(httpClient: HTTPClient(), deadlines: deadlines)
        let node = ScriptedServer { _ in .silence }
        await #expect(throws: NodeError.timedOut) { try await client.status(of: node.url) }
        node.stop()
        await #expect {
            try await client.status(of: node.url)
        } throws: {
            if case NodeError.unreachable = $0 { true } else { false }
        }
    }

    @Test(
        arguments: [
            ("http://1.2.3.4:15001", "http://1.2.3.4:15001"), ("1.2.3.4:15001", "http://1.2.3.4:15001"),
            (" node.example/ ", "http://node.example"), ("HTTPS://node.example//", "https://node.example"),
            ("http://a\0garbage", "http://a"), ("", nil), ("\0http://a", nil), ("ftp://a", nil), ("http://a b", nil),
            ("http://", nil), ("file:///etc/passwd", nil), ("http://ä", nil),
        ] as [(String, String?)])
    func `an endpoint is read as the operators write it`(text: String, url: String?) {
        #expect(NodeEndpoint.url(text) == url)
        #expect(NodeEndpoint.url(text.utf8) == url)
    }

    @Test func `an endpoint that is not an address is an error of its node`() async {
        await #expect(throws: NodeError.unusableEndpoint("")) { try await client.status(of: "") }
    }
}

/// The one part of a multipart body.
private struct Form {
    let header: String
    let content: [UInt8]

    init?(_ request: ScriptedServer.Request) {
        guard let type = request.headers["content-type"], let mark = type.range(of: "boundary=") else { return nil }
        let boundary = Array(("--" + type[mark.upperBound...]).utf8)
        let end = Array("\r\n".utf8) + boundary + Array("--\r\n".utf8)
        guard request.body.starts(with: boundary), request.body.suffix(end.count).elementsEqual(end),
            let blank = request.body.prefix(1000).indices.first(where: {
                request.body[$0...].starts(with: Array("\r\n\r\n".utf8))
            })
        else { return nil }
        header = String(decoding: request.body[..<blank], as: UTF8.self)
        content = Array(request.body[(blank + 4)...].dropLast(end.count))
    }
}
