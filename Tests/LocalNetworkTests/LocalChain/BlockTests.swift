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
