import CESS
import Foundation
import HTTPClient
import HTTPServer
import Primitives
import Substrate
import TestSupport
import Testing

@testable import LocalNetwork

/// Runs a chain with fast blocks while `body` talks to its port.
private func withRunningChain(
    in directory: URL, port: Int = 0, _ body: (_ endpoint: String, _ genesis: Bytes32) async throws -> Void
) async throws {
    var configuration = LocalChainConfiguration(directory: directory.path)
    configuration.blockTime = .milliseconds(100)
    configuration.port = port
    let (readiness, ready) = AsyncStream.makeStream(of: (Int, Bytes32).self)
    let chain = Task { [configuration] in
        defer { ready.finish() }
        try await LocalChain.run(configuration) { ready.yield(($0, $1)) }
    }
    var iterator = readiness.makeAsyncIterator()
    guard let (port, genesis) = await iterator.next() else { return try await chain.value }
    do { try await body("http://127.0.0.1:\(port)", genesis) } catch {
        chain.cancel()
        throw error
    }
    chain.cancel()
    try await chain.value
}

@Test func `the project's own client signs, waits for finality and reads, also after a restart`() async throws {
    try await withTemporaryDirectory { directory in
        let target = KeyPair.throwaway()
        let http = HTTPClient()
        var first: Bytes32?
        try await withRunningChain(in: directory) { endpoint, genesis in
            first = genesis
            let chain = try await CESSChain.connect(to: [endpoint], expectedGenesis: genesis, httpClient: http)
            let signed = try await chain.submit(
                .transferKeepAlive(to: target.accountID, amount: 7 * RuntimeParameters.existentialDeposit),
                by: DrivenChain.alice)
            let inclusion = try await chain.waitFinalized(signed)
            #expect(inclusion.event("Balances", "Transfer") != nil)
        }
        try await withRunningChain(in: directory) { endpoint, genesis in
            #expect(genesis == first)
            let chain = try await CESSChain.connect(to: [endpoint], expectedGenesis: genesis, httpClient: http)
            let account = try await chain.account(target.accountID, at: chain.bestBlock().hash)
            #expect(account.free == 7 * RuntimeParameters.existentialDeposit)
        }
    }
}

@Test func `a node believes no other chain than its own, neither later nor after a restart`() async throws {
    try await withTemporaryDirectory { directory in
        for name in ["one", "two"] {
            try FileManager.default.createDirectory(
                at: directory.appending(path: name), withIntermediateDirectories: false)
        }
        let store = try NodeStore(directory: directory.appending(path: "node").path)
        var first: (endpoint: String, genesis: Bytes32)?
        var node: CESSNodeChain?
        try await withRunningChain(in: directory.appending(path: "one")) { endpoint, genesis in
            let chain = try CESSNodeChain(
                rpcEndpoint: endpoint, key: .throwaway(), store: store, expectedGenesis: nil)
            _ = try await chain.standings(of: [])
            #expect(try store.genesis() == genesis)
            (node, first) = (chain, (endpoint, genesis))
        }
        let (endpoint, genesis) = try #require(first)
        let port = try #require(URL(string: endpoint)?.port)
        try await withRunningChain(in: directory.appending(path: "two"), port: port) { _, other in
            let restarted = try CESSNodeChain(
                rpcEndpoint: endpoint, key: .throwaway(), store: store, expectedGenesis: nil)
            for chain in [try #require(node), restarted] {
                let wrong = ChainError.wrongGenesis(endpoint: endpoint, expected: genesis, found: other)
                await #expect(throws: wrong) { _ = try await chain.standings(of: []) }
                await #expect(throws: wrong) { _ = try await chain.registration() }
                await #expect(throws: wrong) { _ = try await chain.deal(FID(.zero)) }
            }
            #expect(throws: StorageNodeError.self) {
                try CESSNodeChain(rpcEndpoint: endpoint, key: .throwaway(), store: store, expectedGenesis: other)
            }
        }
    }
}

@Test func `batches and malformed requests are answered as JSON-RPC says`() async throws {
    try await withTemporaryDirectory { directory in
        let http = HTTPClient()
        try await withRunningChain(in: directory) { endpoint, genesis in
            func post(_ text: String) async throws -> JSONValue {
                let response = try await http.send(
                    HTTPClient::HTTPRequest(
                        method: "POST", url: endpoint, headers: [("Content-Type", "application/json")],
                        body: .bytes(Array(text.utf8)), deadline: .seconds(10), connectDeadline: .seconds(5),
                        maximumResponseByteCount: 1 << 20))
                return try JSONValue(jsonBytes: response.body)
            }
            let batch = try await post(
                #"[{"jsonrpc":"2.0","id":1,"method":"chain_getBlockHash","params":[0]},"#
                    + #"{"jsonrpc":"2.0","id":"b","method":"nothing"},{"jsonrpc":"2.0","method":"system_chain"},7]"#)
            let answers = try #require(batch.array)
            #expect(answers.count == 3)
            #expect(answers[0]["result"]?.string == "0x" + genesis.hex)
            #expect(answers[1]["error"]?["code"]?.integer(Int.self) == -32601)
            #expect(answers[1]["id"] == "b")
            #expect(answers[2]["error"]?["code"]?.integer(Int.self) == -32600)
            #expect(try await post("nonsense")["error"]?["code"]?.integer(Int.self) == -32700)
            #expect(try await post("[]")["error"]?["code"]?.integer(Int.self) == -32600)
        }
    }
}

@Suite struct SubscriptionTests {
    private func progress(_ kind: Subscription.Kind) -> SubscriptionProgress {
        SubscriptionProgress(kind: kind, finalized: 0)
    }

    private func event(_ number: BlockNumber, included: Set<Bytes32> = [], changes: [StateChange] = []) -> ChainEvent {
        let header = Header(parentHash: .zero, number: number, stateRoot: .zero, extrinsicsRoot: .zero)
        return .block(
            BlockEvent(
                block: StoredBlock(header: header, hash: header.hash, extrinsics: []), finalized: number - 1,
                changes: changes, included: included))
    }

    @Test func `a watched extrinsic is reported in its block and when that is final`() throws {
        let hash = BLAKE2b.hash256([1])
        var progress = progress(.extrinsic(hash))
        #expect(progress.results(of: event(1)).isEmpty)
        let inBlock = progress.results(of: event(2, included: [hash]))
        #expect(inBlock.count == 1 && inBlock[0]["inBlock"] != nil)
        #expect(!progress.isOver)
        let finalized = progress.results(of: event(3))
        #expect(finalized.count == 1 && finalized[0]["finalized"] == inBlock[0]["inBlock"])
        #expect(progress.isOver)
    }

    @Test func `finalized heads come once each, in order`() {
        var progress = progress(.finalizedHeads)
        let heads = (1...4).flatMap { progress.results(of: event(BlockNumber($0))) }
        #expect(heads.compactMap { $0["number"]?.integer(UInt32.self) } == [1, 2, 3])
    }

    @Test func `storage is reported for the keys that were named`() {
        var progress = progress(.storage([[1]]))
        let changes = [StateChange(key: [1], old: nil, new: [9]), StateChange(key: [2], old: nil, new: [8])]
        let results = progress.results(of: event(1, changes: changes))
        #expect(results.first?["changes"] == [["0x01", "0x09"]])
        #expect(progress.results(of: event(2, changes: [changes[1]])).isEmpty)
    }
}
