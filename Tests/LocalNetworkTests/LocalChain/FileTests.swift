import CESS
import Foundation
import Primitives
import SCALE
import Substrate
import TestSupport
import Testing

@testable import LocalNetwork

private let charge = CESSLimits.chargedByteCountPerSegment

/// An amount as the chain stores it.
struct Amount: ScaleDecodable {
    let value: UInt128
    init(from decoder: inout ScaleDecoder) throws(ScaleError) { value = try decoder.integer() }
}

@Suite struct LocalFileTests {
    private let alice = DrivenChain.alice
    private let bob = DrivenChain.bob
    private func bytes(_ name: String) -> [UInt8] { Array(name.utf8) }

    /// A chain with twelve nodes, and a territory for Alice and for Bob.
    private func withNetwork(
        dayBlocks: UInt32 = 100, _ body: (inout DrivenChain, [KeyPair]) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            var chain = try DrivenChain(directory: directory, dayBlocks: dayBlocks, frozenDays: 1)
            let nodes = try await chain.registerNodes(13)
            for key in [alice, bob] {
                try await chain.execute(.mintTerritory(bytes("docs"), gibCount: 1, days: 30), by: key)
            }
            try await body(&chain, nodes)
        }
    }

    private func complete(
        _ file: MadeUpFile, _ chain: inout DrivenChain, _ nodes: [KeyPair], by key: KeyPair
    ) async throws {
        try await chain.execute(file.declaration(by: key), by: key)
        for row in 0..<12 {
            try await chain.submit(try await chain.sign(.transferReport(file.fid, row: row), by: nodes[row]))
        }
        try await chain.author()
    }

    private func file(_ fid: FID, _ chain: DrivenChain) async throws -> FileInfo? {
        try await chain.value(Keys.file(fid))
    }

    private func held(by key: KeyPair, _ chain: DrivenChain) async throws -> [UserFileSliceInfo] {
        guard
            let text = try await chain.ask("state_getStorage", [.string(Keys.heldFiles(key.accountID).description)])
                .string
        else { return [] }
        var decoder = ScaleDecoder(try #require([UInt8](hex: text)))
        return try decoder.vector()
    }

    @Test func `a declared file locks its space, and twelve reports complete it`() async throws {
        try await withNetwork { chain, nodes in
            let made = MadeUpFile(1, segmentCount: 2)
            let events = try await chain.execute(made.declaration(by: alice), by: alice)
            #expect(names(events).contains("FileBank.UploadDeclaration"))
            let locked = try #require(try await chain.territory("docs", of: alice))
            #expect(locked.lockedSpace == 2 * charge)
            #expect(locked.remainingSpace == (1 << 30) - 2 * charge)

            for row in 0..<11 {
                try await chain.execute(.transferReport(made.fid, row: row), by: nodes[row])
            }
            let deal = try #require(try await chain.value(Keys.deal(made.fid), as: DealInfo.self))
            #expect(deal.completed.map(\.row) == Array(0..<11))
            let last = try await chain.execute(.transferReport(made.fid, row: 11), by: nodes[11])
            #expect(names(last)[1...2] == ["FileBank.StorageCompleted", "FileBank.TransferReport"])

            let stored = try #require(try await file(made.fid, chain))
            #expect(try await stored.completion == chain.number())
            #expect(stored.segments.map(\.hash) == made.segments.map(\.hash))
            #expect(stored.segments[1].fragments.map(\.node) == nodes.prefix(12).map(\.accountID))
            #expect(try await chain.value(Keys.deal(made.fid), as: DealInfo.self) == nil)
            let territory = try #require(try await chain.territory("docs", of: alice))
            #expect(territory.lockedSpace == 0)
            #expect(territory.usedSpace == 2 * charge)
            #expect(try await held(by: alice, chain).map(\.chargedByteCount) == [2 * charge])
            let miner = try #require(try await chain.value(Keys.miner(nodes[0].accountID), as: MinerInfo.self))
            #expect(miner.idleSpace == (1 << 40) - 2 * 8_388_608)

            // The network's space goes from idle to service and back.
            func totals() async throws -> [UInt128?] {
                let idle = try await chain.value(Keys.totalIdleSpace, as: Amount.self)
                return [idle?.value, try await chain.value(Keys.totalServiceSpace, as: Amount.self)?.value]
            }
            #expect(try await totals() == [(13 << 40) - 2 * charge, 2 * charge])
            try await chain.execute(.deleteFile(made.fid, owner: alice.accountID), by: alice)
            #expect(try await totals() == [13 << 40, 0])
        }
    }

    @Test func `joining a stored file is charged by that file, whatever was declared`() async throws {
        try await withNetwork { chain, nodes in
            let made = MadeUpFile(1, segmentCount: 2)
            try await complete(made, &chain, nodes, by: alice)
            let large = MadeUpFile(2, segmentCount: 11)  // more than Bob's territory holds
            try await chain.execute(
                .uploadDeclaration(
                    made.fid, segments: large.segments,
                    brief: UserBrief(user: bob.accountID, fileName: bytes("name"), territoryName: bytes("docs")),
                    fileSize: 1), by: bob)
            #expect(try await chain.territory("docs", of: bob)?.usedSpace == 2 * charge)
            #expect(try await held(by: bob, chain).map(\.chargedByteCount) == [2 * charge])
        }
    }

    @Test func `declarations that break a rule are refused by name`() async throws {
        try await withNetwork { chain, nodes in
            let made = MadeUpFile(1)
            #expect(try await chain.failure(of: made.declaration(by: alice), by: bob) == "FileBank.NoPermission")
            #expect(
                try await chain.failure(of: made.declaration(by: alice, name: "ab"), by: alice) == "FileBank.SpecError")
            let short = Call.uploadDeclaration(
                made.fid, segments: [SegmentList(hash: made.segments[0].hash, fragments: [])],
                brief: UserBrief(user: alice.accountID, fileName: bytes("name"), territoryName: bytes("docs")),
                fileSize: 1)
            #expect(try await chain.failure(of: short, by: alice) == "FileBank.SpecError")
            #expect(
                try await chain.failure(of: made.declaration(by: alice, territory: "none"), by: alice)
                    == "StorageHandler.NotHaveTerritory")
            #expect(
                try await chain.failure(of: MadeUpFile(2, segmentCount: 11).declaration(by: alice), by: alice)
                    == "FileBank.InsufficientAvailableSpace")
            try await complete(made, &chain, nodes, by: alice)
            #expect(try await chain.failure(of: made.declaration(by: alice), by: alice) == "FileBank.Existed")
            let long = made.declaration(by: alice, name: String(repeating: "x", count: 64))
            let signed = try await chain.sign(long, by: alice)
            #expect(await refusal { try await chain.submit(signed) } == 1010)
        }
    }

    @Test func `the space check is strict`() async throws {
        try await withNetwork { chain, _ in
            // 10 × 96 MiB leave 64 MiB of the GiB: an eleventh does not fit. Nor would exactly 96 MiB.
            #expect(
                !TerritoryInfo(token: .zero, totalSpace: charge, remainingSpace: charge, start: 0, deadline: 1)
                    .hasRoom(forSegments: 1))
            try await chain.execute(MadeUpFile(1, segmentCount: 10).declaration(by: alice), by: alice)
            #expect(
                try await chain.failure(of: MadeUpFile(2).declaration(by: alice), by: alice)
                    == "FileBank.InsufficientAvailableSpace")
        }
    }

    @Test func `reports are checked in the real order`() async throws {
        try await withNetwork { chain, nodes in
            let made = MadeUpFile(1)
            #expect(
                try await chain.failure(of: .transferReport(made.fid, row: 0), by: bob) == "Sminer.NotMiner")
            #expect(
                try await chain.failure(of: .transferReport(made.fid, row: 0), by: nodes[0]) == "FileBank.NonExistent")
            try await chain.execute(made.declaration(by: alice), by: alice)
            try await chain.execute(.transferReport(made.fid, row: 0), by: nodes[0])
            #expect(try await chain.failure(of: .transferReport(made.fid, row: 0), by: nodes[1]) == "FileBank.Existed")
            #expect(try await chain.failure(of: .transferReport(made.fid, row: 1), by: nodes[0]) == "FileBank.Existed")
            for index: UInt8 in [0, 13] {
                let call = Call("FileBank", "transfer_report", layout: "{index: u8, deal_hash: [u8; 64]}") {
                    $0.integer(index)
                    $0.encode(made.fid)
                }
                #expect(try await chain.failure(of: call, by: nodes[2]) == "FileBank.SpecError")
            }
        }
    }

    @Test func `another user joins a stored file without sending it, and it goes with its last owner`() async throws {
        try await withNetwork { chain, nodes in
            let made = MadeUpFile(1)
            try await complete(made, &chain, nodes, by: alice)
            try await chain.execute(made.declaration(by: bob, name: "mine.bin"), by: bob)
            #expect(try await file(made.fid, chain)?.owners.map(\.user) == [alice.accountID, bob.accountID])
            #expect(try await chain.territory("docs", of: bob)?.usedSpace == charge)

            // For somebody who does not own it, deleting succeeds and does nothing.
            let stranger = DrivenChain.key("//Charlie")
            let events = try await chain.execute(.deleteFile(made.fid, owner: stranger.accountID), by: stranger)
            #expect(names(events).contains("FileBank.DeleteFile"))
            #expect(try await file(made.fid, chain)?.owners.count == 2)

            try await chain.execute(.deleteFile(made.fid, owner: alice.accountID), by: alice)
            #expect(try await file(made.fid, chain)?.owners.map(\.user) == [bob.accountID])
            #expect(try await chain.territory("docs", of: alice)?.usedSpace == 0)
            #expect(try await held(by: alice, chain).isEmpty)
            try await chain.execute(.deleteFile(made.fid, owner: bob.accountID), by: bob)
            #expect(try await file(made.fid, chain) == nil)
            let miner = try #require(try await chain.value(Keys.miner(nodes[0].accountID), as: MinerInfo.self))
            #expect(miner.idleSpace == 1 << 40)
            #expect(
                try await chain.failure(of: .deleteFile(made.fid, owner: bob.accountID), by: bob)
                    == "FileBank.NonExistent")
        }
    }

    @Test func `declaring again replaces an open deal and leaves its lock behind`() async throws {
        try await withNetwork { chain, nodes in
            let made = MadeUpFile(1)
            try await chain.execute(made.declaration(by: alice), by: alice)
            try await chain.execute(.transferReport(made.fid, row: 0), by: nodes[0])
            try await chain.execute(made.declaration(by: bob), by: bob)
            let deal = try #require(try await chain.value(Keys.deal(made.fid), as: DealInfo.self))
            #expect(deal.user.user == bob.accountID)
            #expect(deal.completed.isEmpty)
            #expect(try await chain.territory("docs", of: alice)?.lockedSpace == charge)
        }
    }

    @Test func `an operator acts for its user until it is dismissed`() async throws {
        try await withNetwork { chain, _ in
            let made = MadeUpFile(1)
            #expect(
                try await chain.failure(of: .cancelAuthorize(bob.accountID), by: alice) == "Oss.NoAuthorization")
            for _ in 0..<2 { try await chain.execute(.authorize(bob.accountID), by: alice) }
            let events = try await chain.execute(made.declaration(by: alice), by: bob)
            let declared = events.first { $0.name == "UploadDeclaration" }
            #expect(declared?["operator"]?.bytes == bob.accountID.bytes.bytes)
            try await chain.execute(.cancelAuthorize(bob.accountID), by: alice)
            #expect(
                try await chain.failure(of: MadeUpFile(2).declaration(by: alice), by: bob) == "FileBank.NoPermission")
        }
    }

    @Test func `delivery moves the charge and leaves the file's own entry stale`() async throws {
        try await withNetwork { chain, nodes in
            let made = MadeUpFile(1)
            try await complete(made, &chain, nodes, by: alice)
            try await chain.execute(.mintTerritory(bytes("second"), gibCount: 1, days: 30), by: alice)
            try await chain.execute(
                .territoryFileDelivery(made.fid, user: alice.accountID, to: bytes("second")), by: alice)
            #expect(try await chain.territory("docs", of: alice)?.usedSpace == 0)
            #expect(try await chain.territory("second", of: alice)?.usedSpace == charge)
            #expect(try await held(by: alice, chain).map(\.territoryName) == [bytes("second")])
            #expect(try await file(made.fid, chain)?.owners.map(\.territoryName) == [bytes("docs")])
            #expect(
                try await chain.failure(of: .deleteFile(made.fid, owner: alice.accountID), by: alice)
                    == "StorageHandler.Overflow")
            #expect(
                try await chain.failure(
                    of: .territoryFileDelivery(made.fid, user: bob.accountID, to: bytes("docs")), by: bob)
                    == "FileBank.NotOwner")
            #expect(
                try await chain.failure(
                    of: .territoryFileDelivery(MadeUpFile(2).fid, user: bob.accountID, to: bytes("docs")), by: bob)
                    == "FileBank.NotOwner")

            // Whether the user has the file is told by the list, not by the file. A delivery renames all its entries.
            #expect(
                try await chain.failure(of: made.declaration(by: alice, territory: "second"), by: alice)
                    == "FileBank.Existed")
            try await chain.execute(made.declaration(by: alice), by: alice)
            #expect(try await file(made.fid, chain)?.owners.map(\.territoryName) == [bytes("docs"), bytes("docs")])
            try await chain.execute(.mintTerritory(bytes("third"), gibCount: 1, days: 30), by: alice)
            let deliver = Call.territoryFileDelivery(made.fid, user: alice.accountID, to: bytes("third"))
            // Both owner entries name the first territory, which holds one charge.
            #expect(try await chain.failure(of: deliver, by: alice) == "StorageHandler.Overflow")
            try await complete(MadeUpFile(3), &chain, nodes, by: alice)
            try await chain.execute(deliver, by: alice)
            #expect(
                try await held(by: alice, chain).filter { $0.fid == made.fid }.map(\.territoryName)
                    == [bytes("third"), bytes("third")])
        }
    }

    @Test func `when a lease ends its files go, and entries of other territories leave the list`() async throws {
        try await withNetwork(dayBlocks: 2) { chain, nodes in
            let (kept, lost) = (MadeUpFile(1), MadeUpFile(2))
            try await chain.execute(.mintTerritory(bytes("long"), gibCount: 1, days: 300), by: alice)
            try await chain.execute(kept.declaration(by: alice, territory: "long"), by: alice)
            for row in 0..<12 { try await chain.execute(.transferReport(kept.fid, row: row), by: nodes[row]) }
            try await complete(lost, &chain, nodes, by: alice)
            let open = MadeUpFile(3)
            try await chain.execute(open.declaration(by: alice), by: alice)
            try await chain.execute(.transferReport(open.fid, row: 0), by: nodes[0])
            while try await chain.territory("docs", of: alice)?.state != .expired { try await chain.author() }
            #expect(try await file(lost.fid, chain) == nil)
            #expect(try await file(kept.fid, chain) != nil)
            #expect(try await held(by: alice, chain).isEmpty)

            // A report for the ended territory, were it the same again, succeeds, silently removes the deal and frees the
            // node.
            let events = try await chain.execute(.transferReport(open.fid, row: 0), by: nodes[0])
            #expect(names(events).last == "System.ExtrinsicSuccess")
            #expect(!events.contains { $0.pallet == "FileBank" })
            #expect(try await chain.value(Keys.deal(open.fid), as: DealInfo.self) == nil)
        }
    }

    @Test func `nodes register with collateral, and change their address`() async throws {
        try await withTemporaryDirectory { directory in
            var chain = try DrivenChain(directory: directory)
            let register = { (stake: UInt128, tib: UInt32) in
                Call.registerMiner(
                    beneficiary: bob.accountID, endpoint: bytes("http://h:1"), stake: stake, tibCount: tib)
            }
            let enough = RuntimeParameters.stakingPerTiB
            #expect(try await chain.failure(of: register(2 * enough - 1, 2), by: alice) == "Sminer.CollateralNotUp")
            #expect(
                try await chain.failure(of: .updateEndpoint(bytes("x")), by: alice) == "Sminer.NotMiner")
            let events = try await chain.execute(register(enough, 1), by: alice)
            #expect(names(events)[1...2] == ["Balances.Reserved", "Sminer.Registered"])
            #expect(try await chain.failure(of: register(enough, 1), by: alice) == "Sminer.AlreadyRegistered")
            try await chain.execute(.updateEndpoint(bytes("http://h:2")), by: alice)
            let miner = try #require(try await chain.value(Keys.miner(alice.accountID), as: MinerInfo.self))
            #expect(miner.endpoint == bytes("http://h:2"))
            #expect(miner.state == .positive)
            #expect(try await chain.value(Keys.totalIdleSpace, as: Amount.self)?.value == 1 << 40)
            #expect(try await chain.account(alice).reserved == enough)
        }
    }
}
