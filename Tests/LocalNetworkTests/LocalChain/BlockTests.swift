import CESS
import Foundation
import Primitives
import SCALE
import Substrate
import TestSupport
import Testing

@testable import LocalNetwork

@Suite struct BlockTests {
    @Test func `headers hash to their block's hash and link to their parents`() async throws {
        try await withTemporaryDirectory { directory in
            var chain = try DrivenChain(directory: directory)
            try await chain.author(3)
            for number in 1...3 {
                let hash = try await chain.ask("chain_getBlockHash", [.integer(number)])
                let header = try await chain.ask("chain_getHeader", [hash])
                let parent = try await chain.ask("chain_getBlockHash", [.integer(number - 1)])
                #expect(header["number"]?.string == "0x\(number)")
                #expect(header["parentHash"] == parent)
                let roots = try ["stateRoot", "extrinsicsRoot"].map {
                    try #require(Bytes32(hex: header[$0]?.string ?? ""))
                }
                let encoded = Header(
                    parentHash: try #require(Bytes32(hex: parent.string ?? "")), number: BlockNumber(number),
                    stateRoot: roots[0], extrinsicsRoot: roots[1])
                #expect("0x" + BLAKE2b.hash256(encoded.scaleBytes).hex == hash.string)
            }
            #expect(try await chain.ask("chain_getBlockHash", [.integer(4)]).isNull)
        }
    }

    @Test func `a block begins with its timestamp and the outcome of setting it`() async throws {
        try await withTemporaryDirectory { directory in
            var chain = try DrivenChain(directory: directory)
            try await chain.author()
            #expect(names(try await chain.events()) == ["System.ExtrinsicSuccess"])
            var now = ScaleDecoder(await chain.chain.best.extrinsics[0])
            try now.skip(4)  // length, version, pallet, call
            #expect(try now.compact(UInt64.self) == chain.time)
        }
    }

    @Test func `the finalized block lies behind the best`() async throws {
        try await withTemporaryDirectory { directory in
            var chain = try DrivenChain(directory: directory)
            try await chain.author(2)
            let finalized = try await chain.ask("chain_getFinalizedHead")
            #expect(try await finalized == chain.ask("chain_getBlockHash", [.integer(1)]))
        }
    }

    @Test func `state can be read as it was after any block that is kept`() async throws {
        try await withTemporaryDirectory { directory in
            var chain = try DrivenChain(directory: directory)
            let target = KeyPair.throwaway()
            var blocks: [(hash: JSONValue, free: UInt128)] = []
            for amount: UInt128 in 1...3 {
                let token = RuntimeParameters.existentialDeposit
                try await chain.execute(
                    .transferKeepAlive(to: target.accountID, amount: amount * token), by: DrivenChain.alice)
                blocks.append((try await chain.ask("chain_getBlockHash"), try await chain.account(target).free))
            }
            let key = Keys.account(target.accountID)
            for block in blocks {
                #expect(try await chain.value(key, as: AccountInfo.self, at: block.hash)?.free == block.free)
            }
            let genesis = try await chain.ask("chain_getBlockHash", [0])
            #expect(try await chain.value(key, as: AccountInfo.self, at: genesis) == nil)

            // The keys of each block, paged, are those that had a value then.
            let prefix = JSONValue.string(StorageKey("System", "Account").description)
            func accounts(at block: JSONValue) async throws -> [JSONValue] {
                var keys: [JSONValue] = []
                while true {
                    let page = try await chain.ask("state_getKeysPaged", [prefix, 7, keys.last ?? .null, block])
                    keys += page.array ?? []
                    if page.array?.isEmpty ?? true { return keys }
                }
            }
            #expect(try await accounts(at: genesis).count == 6 + 64 + 1)
            let below = try await chain.ask("state_getKeysPaged", [prefix, 7, "0x00", genesis])
            #expect(try await below == chain.ask("state_getKeysPaged", [prefix, 7, .null, genesis]))
            #expect(try await accounts(at: blocks[0].hash).count == 6 + 64 + 2)
            let pair = try await chain.ask(
                "state_queryStorageAt", [[.string(key.description), "0x00"], blocks[0].hash])
            #expect(pair.array?[0]["changes"]?.array?[1] == ["0x00", .null])
        }
    }

    @Test func `the chain, its genesis and its pool survive a restart`() async throws {
        try await withTemporaryDirectory { directory in
            var first = try DrivenChain(directory: directory)
            try await first.author(2)
            let signed = try await first.sign(.remarkWithEvent([1]), by: DrivenChain.alice)
            try await first.submit(signed)
            let (genesis, best) = (first.chain.genesis, await first.chain.best.hash)
            // Not closed: as after kill -9.
            var second = try DrivenChain(directory: directory)
            try await second.chain.restorePool()
            #expect(second.chain.genesis == genesis)
            #expect(await second.chain.best.hash == best)
            try await second.author()
            #expect(try await second.events(of: signed).contains { $0.is("System", "Remarked") })
        }
    }

    @Test func `a chain keeps the timing that it began with`() async throws {
        try await withTemporaryDirectory { directory in
            let first = try DrivenChain(directory: directory, dayBlocks: 10, frozenDays: 1)
            let second = try DrivenChain(directory: directory, dayBlocks: 99, frozenDays: 5)
            #expect(second.chain.parameters == first.chain.parameters)
            #expect(second.chain.metadata.v14 == first.chain.metadata.v14)
        }
    }

    @Test func `what was final stays final when the chain is started with another lag`() async throws {
        try await withTemporaryDirectory { directory in
            var first = try DrivenChain(directory: directory)
            try await first.author(5)
            let finalized = try await first.ask("chain_getFinalizedHead")
            var configuration = LocalChainConfiguration(directory: directory.path)
            configuration.finalityLag = 4
            let second = try Chain(configuration)
            let again = try await second.run {
                try Methods.answer("chain_getFinalizedHead", Parameters(values: []), on: $0)
            }
            #expect(again == finalized)
        }
    }

    @Test func `keys are paged through, however many there are`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try ChainStore(path: directory.appending(path: "chain.db").path)
            func block(_ number: BlockNumber) -> StoredBlock {
                let header = Header(parentHash: .zero, number: number, stateRoot: .zero, extrinsicsRoot: .zero)
                return StoredBlock(header: header, hash: header.hash, extrinsics: [])
            }
            let keys = (0..<2500).map { [1, UInt8($0 >> 8), UInt8($0 & 255)] }
            try store.write { writer in
                try writer.append(
                    block(0), changes: keys.map { StateChange(key: $0, old: nil, new: [0]) }, keptBlocks: 9)
                // Every second one goes, and others come.
                let gone = stride(from: 0, to: 2500, by: 2).map { StateChange(key: keys[$0], old: [0], new: nil) }
                let new = keys.map { StateChange(key: $0 + [0], old: nil, new: [1]) }
                try writer.append(block(1), changes: gone + new, keptBlocks: 9)
            }
            let then = try store.read { try $0.keys(prefix: [1], start: nil, count: 5000, after: 0) }
            #expect(then == keys)
            let now = try store.read { try $0.keys(prefix: [1], start: keys[9], count: 5000, after: 1) }
            #expect(now.count == 2500 + 1250 - 9 - 5 && now.first == keys[9] + [0])
            #expect(try store.read { try $0.keys(prefix: [1], start: nil, count: 1001, after: 0) }.count == 1001)
        }
    }

    @Test func `one request does not ask for more than the chain can answer between two blocks`() async throws {
        try await withTemporaryDirectory { directory in
            let chain = try DrivenChain(directory: directory)
            func ask(_ method: String, _ item: JSONValue, _ count: Int) async -> Int? {
                await refusal { _ = try await chain.ask(method, [.array(Array(repeating: item, count: count))]) }
            }
            #expect(await ask("state_queryStorageAt", "0x00", 10_000) == nil)
            #expect(await ask("state_queryStorageAt", "0x00", 10_001) == 4002)
            #expect(await ask("chain_getBlockHash", 0, 10_001) == 4002)
            let long = JSONValue.string("0x" + String(repeating: "00", count: 2000))
            #expect(await ask("state_queryStorageAt", long, 9000) == -32008)
        }
    }

    @Test func `answers have an end, alone and together`() async throws {
        try await withTemporaryDirectory { directory in
            let chain = try DrivenChain(directory: directory)
            let server = RPCServer(chain: chain.chain)
            func answer(_ count: Int, byteCount: Int) async throws -> JSONValue {
                let request = #"{"jsonrpc":"2.0","id":1,"method":"m"}"#
                let text =
                    count == 1 ? request : "[" + Array(repeating: request, count: count).joined(separator: ",") + "]"
                let bytes = await server.answer(Array(text.utf8)) { request in
                    request.success(.string(String(repeating: "x", count: byteCount)))
                }
                return try JSONValue(jsonBytes: try #require(bytes))
            }
            #expect(try await answer(1, byteCount: 9).array == nil)
            #expect(try await answer(3, byteCount: 9).array?.count == 3)
            #expect(try await answer(1, byteCount: 15 << 20)["error"]?["code"]?.integer(Int.self) == -32008)
            #expect(try await answer(4, byteCount: 4 << 20)["error"]?["code"]?.integer(Int.self) == -32011)
        }
    }

    @Test func `two networks have different genesis hashes`() async throws {
        try await withTemporaryDirectory { one in
            try await withTemporaryDirectory { other in
                let (a, b) = (try DrivenChain(directory: one), try DrivenChain(directory: other))
                #expect(a.chain.genesis != b.chain.genesis)
            }
        }
    }

    @Test func `unknown blocks, methods and parameters are refused by code`() async throws {
        try await withTemporaryDirectory { directory in
            let chain = try DrivenChain(directory: directory)
            let unknown = JSONValue.string("0x" + Bytes32.zero.hex)
            #expect(await refusal { _ = try await chain.ask("state_getStorage", ["0x00", unknown]) } == 4003)
            #expect(await refusal { _ = try await chain.ask("eth_chainId") } == -32601)
            #expect(await refusal { _ = try await chain.ask("state_getStorage", ["zz"]) } == -32602)
            #expect(await refusal { _ = try await chain.ask("state_getKeysPaged", ["0x", 1001]) } == 4002)
            #expect(try await chain.ask("chain_getHeader", [unknown]).isNull)
        }
    }
}
