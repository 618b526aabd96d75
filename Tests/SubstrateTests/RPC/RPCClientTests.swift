import HTTPClient
import Primitives
import Substrate
import TestSupport
import Testing

struct RPCClientTests {
    /// A client of a server that answers every call with `result`, or with the whole `body` if that is given.
    @discardableResult private func withClient<R>(
        result: @escaping @Sendable (_ method: String, _ params: [JSONValue]) -> String = { _, _ in "null" },
        body: (@Sendable (ScriptedServer.Request) -> ScriptedServer.Reply)? = nil,
        _ use: (RPCClient) async throws -> R
    ) async throws -> R {
        let server = ScriptedServer { request in
            if let body { return body(request) }
            guard let call = try? JSONValue(jsonBytes: request.body), let id = call["id"],
                let method = call["method"]?.string, let params = call["params"]?.array
            else { return .answer(status: 400) }
            let text = #"{"jsonrpc":"2.0","id":\#(String(decoding: id.jsonBytes, as: UTF8.self)),"result":"#
            return .answer(body: Array((text + result(method, params) + "}").utf8))
        }
        defer { server.stop() }
        return try await use(RPCClient(endpoint: server.url, httpClient: HTTPClient(), deadline: .seconds(20)))
    }

    private let hash = Bytes32.zero

    @Test func `block numbers, hashes and missing values are read`() async throws {
        let zero = "0x" + hash.hex
        try await withClient(result: { method, params in
            switch method {
            case "chain_getBlockHash": params == [5] || params == [] ? "\"\(zero)\"" : "null"
            case "chain_getHeader":
                #"{"number":"0x2a","parentHash":"\#(zero)","stateRoot":"\#(zero)","extrinsicsRoot":"\#(zero)"}"#
            case "chain_getBlock":
                #"{"block":{"header":{"number":"0x1","parentHash":"\#(zero)","stateRoot":"\#(zero)","extrinsicsRoot":"\#(zero)"},"extrinsics":["0x0401","0x"]},"justifications":null}"#
            case "state_getStorage": params.first == "0x01" ? "\"0xabcd\"" : "null"
            case "state_queryStorageAt": #"[{"block":"\#(zero)","changes":[["0x02",null],["0x01","0xaa"]]}]"#
            case "system_accountNextIndex": "7"
            case "payment_queryInfo":
                #"{"weight":{"ref_time":12,"proof_size":34},"class":"normal","partialFee":"340282366920938463463374607431768211455"}"#
            case "state_getRuntimeVersion": #"{"specName":"cess-node","specVersion":137,"transactionVersion":1}"#
            default: "null"
            }
        }) { client in
            #expect(try await client.blockHash(5) == hash)
            #expect(try await client.blockHash(6) == nil)
            #expect(try await client.bestHash() == hash)
            #expect(try await client.header()?.number == 42)
            #expect(try await client.block(hash)?.extrinsics == [[4, 1], []])
            #expect(try await client.storage([1]) == [0xab, 0xcd])
            #expect(try await client.storage([2]) == nil)
            #expect(try await client.storage([[1], [2], [3]], at: hash) == [[0xaa], nil, nil])
            #expect(try await client.accountNextIndex(KeyPair.throwaway().accountID) == 7)
            let info = try await client.queryInfo([1])
            #expect(info.partialFee == .max && info.refTime == 12 && info.proofSize == 34)
            #expect(
                try await client.runtimeVersion()
                    == RuntimeVersion(specName: "cess-node", specVersion: 137, transactionVersion: 1))
        }
    }

    @Test func `an error of the server is given with its code and data`() async throws {
        let answer =
            #"{"jsonrpc":"2.0","id":1,"error":{"code":1010,"message":"Invalid Transaction","data":"Transaction is outdated"}}"#
        try await withClient(body: { _ in .answer(body: Array(answer.utf8)) }) { client in
            await #expect(
                throws: RPCError.refused(
                    method: "author_submitExtrinsic", code: 1010, message: "Invalid Transaction",
                    data: "Transaction is outdated")
            ) { try await client.submitExtrinsic([0]) }
        }
    }

    @Test(arguments: [
        "", "not JSON", "[]", "{}", #"{"id":1}"#, #"{"id":999,"result":"0x"}"#, #"{"id":1,"result":5}"#,
        #"{"id":1,"result":"0xabc"}"#, #"{"id":1,"result":"abcd"}"#, #"{"id":1,"result":{"a":1}}"#,
        #"{"id":1,"result":"0x00"}"#,
    ])
    func `a malformed answer is an error that names the method`(answer: String) async throws {
        try await withClient(body: { _ in .answer(body: Array(answer.utf8)) }) { client in
            await #expect { try await client.finalizedHead() } throws: {
                if case RPCError.malformedAnswer("chain_getFinalizedHead", _) = $0 { true } else { false }
            }
        }
    }

    @Test func `a server that is no RPC server is told by its status`() async throws {
        try await withClient(body: { _ in .answer(status: 502, body: Array("Bad Gateway".utf8)) }) { client in
            await #expect(throws: RPCError.httpStatus(502)) { try await client.finalizedHead() }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a silent server times out`() async throws {
        try await withClient(body: { _ in .silence }) { client in
            await #expect(throws: RPCError.timedOut) {
                try await client.call("system_health", deadline: .milliseconds(50))
            }
        }
    }

    @Test func `a server that is not there is unreachable`() async throws {
        let server = ScriptedServer { _ in .close }
        server.stop()
        let client = RPCClient(endpoint: server.url, httpClient: HTTPClient())
        await #expect { try await client.finalizedHead() } throws: {
            if case RPCError.unreachable = $0 { true } else { false }
        }
    }

    @Test func `a WebSocket endpoint is asked over HTTP`() async throws {
        let server = ScriptedServer { _ in .answer(body: Array(#"{"jsonrpc":"2.0","id":1,"result":"ok"}"#.utf8)) }
        defer { server.stop() }
        for endpoint in ["ws://127.0.0.1:\(server.port)/ws/", "127.0.0.1:\(server.port)"] {
            let client = RPCClient(endpoint: endpoint, httpClient: HTTPClient())
            #expect(try await client.call("system_name") == "ok")
        }
    }
}
