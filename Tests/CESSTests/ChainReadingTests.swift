import CESS
import Foundation
import Primitives
import SCALE
import Substrate
import Testing
import TestSupport

/// The client needs a runtime's metadata, which lies outside the repository: skipped where it is missing.
@Suite(.enabled(if: RealMetadata.isThere, "\(RealMetadata.missing)")) struct ChainReadingTests {
    let server: FakeServer
    let alice = AccountID(SHA256.hash([1]))

    init() throws { server = try FakeServer() }

    func connect(_ servers: [FakeServer]? = nil) async throws -> CESSChain {
        try await .connect(
            to: servers ?? [server], expectedGenesis: server.genesis,
            options: CESSChain.Options(pollInterval: .microseconds(10)))
    }

    @Test func `constants come from the runtime`() async throws {
        let constants = try await connect().constants
        #expect(constants.blockTime == .seconds(6))
        #expect(constants.dayLength == 14_400 && constants.frozenBlocks == 100_800)
        #expect(constants.existentialDeposit == 1_000_000_000_000_000_000)
        #expect(constants.maximumSegmentCount == 1000 && constants.addressPrefix == 11330)
        #expect(constants.maximumExtrinsicByteCount == 3_932_160)
    }

    @Test func `a runtime with other constants is taken at its word`() async throws {
        func littleEndian(_ value: UInt128, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        var bytes = try RealMetadata.bytes("derived_v14.scale")
        for (name, byteCount, old, new) in [
            ("ExpectedBlockTime", 8, 6000, 3000), ("OneDay", 4, 14_400, 100), ("FrozenDays", 4, 100_800, 70),
            ("ExistentialDeposit", 16, 1_000_000_000_000_000_000, 5), ("SegmentCount", 4, 1000, 500),
            ("SS58Prefix", 2, 11330, 42),
            // Three numbers in a row; the first is for ordinary extrinsics.
            ("BlockLength", 12, 0x50_0000_0050_0000_003c_0000, 0x50_0000_0050_0000_0010_0000),
        ] as [(String, Int, UInt128, UInt128)] {
            let name = RealMetadata.encoded(name)
            let value = [UInt8(byteCount << 2)] + littleEndian(old, byteCount)
            // Between name and value stands the type's number: one byte or two.
            for start in bytes.ranges(of: name).map(\.upperBound) {
                for start in start + 1...start + 2 where bytes[start...].starts(with: value) {
                    bytes.replaceSubrange(start + 1..<start + value.count, with: littleEndian(new, byteCount))
                }
            }
        }
        server.change { $0.metadata = bytes }
        let constants = try await connect().constants
        #expect(constants.blockTime == .seconds(3))
        #expect(constants.dayLength == 100 && constants.frozenBlocks == 70)
        #expect(constants.existentialDeposit == 5)
        #expect(constants.maximumSegmentCount == 500 && constants.addressPrefix == 42)
        #expect(constants.maximumExtrinsicByteCount == 1 << 20)
    }

    @Test func `the newest runtime differs in nothing, an older one in what has changed`() async throws {
        let chain = try await connect()
        #expect(try await chain.runtime(at: chain.genesis).differences.isEmpty)
        server.change { state in
            state.metadata = (try? RealMetadata.bytes("metadata_v0.7.8.scale")) ?? []
            state.specVersion = 123
        }
        let old = try await connect()
        let differences = try await old.runtime(at: old.genesis).differences.map(\.description)
        #expect(differences.contains { $0.contains("FileBank.upload_declaration") })
        #expect(differences.contains { $0.contains("FileBank.File ") })
        await #expect(throws: MetadataError.self) { try await old.file(FID(.zero), at: old.genesis) }
        #expect(try await old.account(alice, at: old.genesis) == .absent)
    }

    @Test func `another network is refused`() async throws {
        let other = try FakeServer("other", genesis: "other")
        await #expect(
            throws: ChainError.wrongGenesis(endpoint: "other", expected: server.genesis, found: other.genesis)
        ) { try await CESSChain.connect(to: [other], expectedGenesis: server.genesis) }
        let chain = try await connect([other, server])
        #expect(try await chain.bestBlock().number == 0)
        #expect(other.callCount("chain_getHeader") == 0)
    }

    @Test func `a read that fails on one server is made on the next`() async throws {
        let second = try FakeServer("second")
        let chain = try await connect([server, second])
        second.store(ChainKeys.account(alice), AccountInfo(nonce: 3, free: 5))
        for failure in [
            RPCError.timedOut, .httpStatus(502), .malformedAnswer(method: "x", "y"),
            .refused(method: "x", code: -32000, message: "unknown block", data: nil),
        ] {
            server.change { $0.override = { (_) throws(RPCError) in throw failure } }
            #expect(try await chain.account(alice, at: chain.genesis).nonce == 3)
        }
        // Its value is not a value: the other server is asked as well.
        server.change { $0.override = { $0 == "state_getStorage" ? "0x00" : nil } }
        #expect(try await chain.account(alice, at: chain.genesis).nonce == 3)
    }

    @Test func `a hung server is not waited for as long as when it is the only one`() async throws {
        _ = try await connect([server, try FakeServer("second")]).bestBlock()
        #expect(server.deadlines.allSatisfy { $0 == .seconds(10) })
        let alone = try FakeServer("alone")
        _ = try await CESSChain.connect(to: [alone], expectedGenesis: nil).bestBlock()
        #expect(alone.deadlines.allSatisfy { $0 == nil })
    }

    @Test func `blocks come with number, hash and time`() async throws {
        let chain = try await connect()
        server.change {
            for _ in 0..<3 { $0.grow() }
            $0.grows = false
        }
        let (best, finalized) = (try await chain.bestBlock(), try await chain.finalizedBlock())
        #expect(best.number == 3 && finalized.number == 2)
        #expect(best.milliseconds == 256)
        #expect(try await chain.blockHash(2) == finalized.hash)
        #expect(try await chain.blockHash(9) == nil)
        #expect(try await chain.newestFinalizedBlocks() == ["fake": finalized])
    }

    @Test func `files, deals and lists are read in batches, missing ones left out`() async throws {
        let chain = try await connect()
        let fids = (0..<100).map { FID(SHA256.hash([UInt8($0)])) }
        let brief = UserBrief(user: alice, fileName: Array("abc".utf8), territoryName: [])
        let file = FileInfo(segments: [], owners: [brief], fileSize: 9, completion: 4)
        for fid in fids.dropLast(10) { server.store(ChainKeys.file(fid), file) }
        let deal = DealInfo(fileSize: 1, segments: [], user: brief, completed: [CompleteInfo(row: 3, node: alice)])
        server.store(ChainKeys.deal(fids[99]), deal)
        let found = try await chain.files(fids + fids, at: chain.genesis)
        #expect(found.count == 90 && found[fids[0]] == .readable(file) && found[fids[95]] == nil)
        #expect(server.callCount("state_queryStorageAt") == 4)
        #expect(try await chain.file(fids[1], at: chain.genesis) == .readable(file))
        #expect(try await chain.deal(fids[99], at: chain.genesis) == .readable(deal))
        #expect(try await chain.deals(fids, at: chain.genesis).count == 1)
        #expect(try await chain.heldFiles(of: alice, at: chain.genesis).isEmpty)
    }

    @Test func `a stranger's deal without proper hashes is there, and hides no other one`() async throws {
        let chain = try await connect()
        let fids = (0..<3).map { FID(SHA256.hash([UInt8($0)])) }
        let brief = UserBrief(user: alice, fileName: Array("abc".utf8), territoryName: [])
        let segment = SegmentList(hash: SegmentHash(.zero), fragments: [FragmentHash(.zero)])
        let deal = DealInfo(fileSize: 1, segments: [segment], user: brief)
        server.store(ChainKeys.deal(fids[0]), deal)
        // The first digit of the segment's hash: after the size of 16 bytes and the count of segments.
        var bytes = deal.scaleBytes
        bytes[17] = UInt8(ascii: "Z")
        let odd = bytes
        server.change { $0.storage[ChainKeys.deal(fids[1]).bytes] = odd }
        let found = try await chain.deals(fids, at: chain.genesis)
        #expect(found == [fids[0]: .readable(deal), fids[1]: .unreadable])
        // What is no deal at all is the server's fault.
        server.change { $0.storage[ChainKeys.deal(fids[1]).bytes] = odd.dropLast() }
        await #expect(throws: ChainError.self) { try await chain.deals(fids, at: chain.genesis) }
    }

    @Test func `territories are listed with names that are not text`() async throws {
        let chain = try await connect()
        let names: [[UInt8]] = [Array("documents".utf8), [0xff, 0, 1], []]
        let territory = TerritoryInfo(token: .zero, totalSpace: 9, remainingSpace: 9, start: 0, deadline: 1)
        for name in names { server.store(ChainKeys.territory(alice, name), territory) }
        server.store(ChainKeys.territory(AccountID(.zero), [1]), territory)
        #expect(try await Set(chain.territories(of: alice, at: chain.genesis).keys) == Set(names))
        #expect(try await chain.territory(of: alice, named: [0xff, 0, 1], at: chain.genesis) == territory)
        #expect(try await chain.territory(of: alice, named: [2], at: chain.genesis) == nil)
    }

    @Test func `a list of keys that does not end or does not move is refused`() async throws {
        let key = ChainKeys.territory(alice, [1]).bytes.json
        server.change {
            $0.override = { $0 == "state_getKeysPaged" ? .array(Array(repeating: key, count: 1000)) : nil }
        }
        let chain = try await connect()
        await #expect(throws: ChainError.malformedKeys("territories")) {
            try await chain.territories(of: alice, at: chain.genesis)
        }
    }

    @Test func `nodes are those of the list that are registered`() async throws {
        let chain = try await connect()
        let nodes = (0..<130).map { AccountID(SHA256.hash([UInt8($0), 1])) }
        var encoder = ScaleEncoder()
        encoder.vector(nodes)
        server.change { $0.storage[StorageKey("Sminer", "AllMiner").bytes] = encoder.bytes }
        for node in nodes.dropLast() {
            let info = MinerInfo(
                beneficiary: node, stakingAccount: node, endpoint: Array("http://a\0b".utf8), collaterals: 0,
                state: .positive, declarationSpace: 0, idleSpace: 7)
            server.store(ChainKeys.miner(node), info)
        }
        let miners = try await chain.miners(at: chain.genesis)
        #expect(miners.count == 129)
        #expect(miners.allSatisfy { $0.endpoint == "http://a" && $0.isPositive && $0.idleSpace == 7 })
        #expect(try await chain.miners([nodes[129], nodes[1]], at: chain.genesis).keys.map { $0 } == [nodes[1]])
    }

    @Test func `prices and fees are known before anything is paid`() async throws {
        let chain = try await connect()
        await #expect(throws: ChainError.noUnitPrice) { try await chain.prices(at: chain.genesis) }
        server.change {
            $0.storage[StorageKey("StorageHandler", "UnitPrice").bytes] = [30] + Array(repeating: 0, count: 15)
        }
        #expect(try await chain.prices(at: chain.genesis).mint(gibCount: 2, days: 30) == 1800)
        #expect(try await chain.fee(of: .remark([1]), by: alice) == 12_345_678_901_234_567_890_123)
    }

    @Test(
        arguments: [
            .null, "zz", "0x", "0x0", "0x00", [], ["0x00"], 7, .object([:]), .bool(true), .array([.array([.null])]),
            .object(["number": "0xffffffffffff", "block": .object([:]), "specVersion": -1]),
            .array([.object(["changes": [["0x00"]]])]),
        ] as [JSONValue])
    func `whatever a server answers gives an error or a value`(answer: JSONValue) async throws {
        let chain = try await connect()
        let alice = alice
        server.change { $0.override = { _ in answer } }
        let block = SHA256.hash([9])
        let reads: [@Sendable () async throws -> Void] = [
            { _ = try await chain.bestBlock() }, { _ = try await chain.finalizedBlock() },
            { _ = try await chain.account(alice, at: chain.genesis) }, { _ = try await chain.events(at: block) },
            { _ = try await chain.files([FID(.zero)], at: chain.genesis) },
            { _ = try await chain.territories(of: alice, at: chain.genesis) },
            { _ = try await chain.miners(at: chain.genesis) }, { _ = try await chain.runtime(at: block) },
            { _ = try await chain.fee(of: .remark([]), by: alice) }, { _ = try await chain.nextNonce(of: alice) },
            { _ = try await CESSChain.connect(to: [server], expectedGenesis: nil) },
        ]
        for read in reads { _ = try? await read() }
        await #expect(throws: (any Error).self) { try await chain.runtime(at: block) }
    }

    @Test func `metadata is fetched once a version and kept on disk`() async throws {
        try await withTemporaryDirectory { directory in
            let options = CESSChain.Options(metadataDirectory: directory.appending(path: "cache").path)
            _ = try await CESSChain.connect(to: [server], expectedGenesis: nil, options: options)
            let again = try await CESSChain.connect(to: [server], expectedGenesis: nil, options: options)
            server.change { $0.grow() }
            _ = try await again.runtime(at: try await again.bestBlock().hash)
            #expect(server.callCount("state_getMetadata") == 1)
            let files = try FileManager.default.contentsOfDirectory(atPath: directory.appending(path: "cache").path)
            try Data([1, 2, 3]).write(to: directory.appending(path: "cache").appending(path: try #require(files.first)))
            _ = try await CESSChain.connect(to: [server], expectedGenesis: nil, options: options)
            #expect(server.callCount("state_getMetadata") == 2)
        }
    }
}

/// The keys that the tests put values under.
enum ChainKeys {
    static func account(_ id: AccountID) -> StorageKey { StorageKey("System", "Account").appending(id) }
    static func file(_ fid: FID) -> StorageKey { StorageKey("FileBank", "File").appending(fid) }
    static func deal(_ fid: FID) -> StorageKey { StorageKey("FileBank", "DealMap").appending(fid) }
    static func miner(_ id: AccountID) -> StorageKey { StorageKey("Sminer", "MinerItems").appending(id) }

    static func territory(_ owner: AccountID, _ name: [UInt8]) -> StorageKey {
        var encoder = ScaleEncoder()
        encoder.byteVector(name)
        return StorageKey("StorageHandler", "Territory").appending(owner).appending(encoded: encoder.bytes)
    }
}
