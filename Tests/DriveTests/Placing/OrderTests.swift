import BlobStore
import CESS
import DriveFormat
import Primitives
import Sealing
import Substrate
import Synchronization
import Testing

@testable import Drive

struct OrderTests {
    @Test func `a commit's volume becomes a file only after all of its contents are final`() async throws {
        try await DriveFixture.with { fixture in
            // Many more blocks than pass by themselves while the last rows are sent and reported.
            let lag: UInt32 = 200
            fixture.network.finalityLag.withLock { $0 = lag }
            let drive = try await fixture.created(segmentsPerVolume: 1)
            let content = noise(90 << 20)
            _ = try await drive.put(fixture.write(content, to: "file"), to: "/file")
            let final = try await fixture.network.finalizedBlock().number
            let head = try await drive.head()
            #expect(try await head.bytes("/file") == content)
            let volumes = fixture.network.files
            #expect(volumes.count == 4 || volumes.count == 5)
            let completions = volumes.values.map(\.completion).sorted()
            #expect(completions[completions.count - 2] + lag < completions[completions.count - 1])
            #expect(completions[completions.count - 1] <= final)
            #expect(head.found.completion == completions.last)
        }
    }

    @Test func `what was complete and is gone is not declared again, whatever the network shows`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            var options = ChangeOptions()
            options.stage = .included
            _ = try await drive.put(fixture.write([1], to: "file"), to: "/file", options: options)
            // As if another machine had folded it, into a commit that the server hides.
            let declared = fixture.network.declarations
            let own = try #require(declared.last)
            fixture.network.forgetFiles([own])
            await #expect(throws: StoreError.movedOn(own)) { try await drive.finish(ChangeOptions()) }
            #expect(fixture.network.declarations == declared)
        }
    }

    @Test func `with too few nodes nothing is declared`() async throws {
        try await DriveFixture.with(nodes: 11) { fixture in
            await #expect(throws: StoreError.tooFewNodes(usable: 11, needed: 12)) {
                try await fixture.drive().create(ChangeOptions())
            }
            #expect(fixture.network.declarations.isEmpty)
        }
    }

    @Test func `nodes that answer and take nothing are not counted among the usable ones`() async throws {
        try await DriveFixture.with { fixture in
            fixture.network.setFault(.refusing, of: Array(0..<5))
            let error = await #expect(throws: StoreError.self) { try await fixture.drive().create(ChangeOptions()) }
            guard case .tooFewNodes(let usable, 12) = error else { throw error ?? StoreError.territoryMissing }
            #expect(fixture.network.accounts.count == 15 && 10...11 ~= usable, "one may be in use by another row still")
            // It goes on where it was when they take fragments again.
            fixture.network.setFault(nil, of: Array(0..<5))
            _ = try await fixture.drive().create(ChangeOptions())
            #expect(fixture.network.declarations.count == 1)
        }
    }

    @Test func `with too little territory nothing is declared, and it goes on when there is more`() async throws {
        try await DriveFixture.with(territory: 96 << 20) { fixture in
            await #expect(throws: StoreError.territoryTooSmall(needed: 4 * 96 << 20, remaining: 96 << 20)) {
                try await fixture.drive().create(ChangeOptions())
            }
            #expect(fixture.network.declarations.isEmpty)
            var options = ChangeOptions()
            options.expand = { missing in
                #expect(missing == 3 * 96 << 20 + 1, "with what is kept back")
                fixture.network.addTerritory(of: fixture.account, named: fixture.root.territoryName)
                return true
            }
            _ = try await fixture.drive().create(options)
            #expect(try await fixture.drive().head().commit.sequence == 1)
        }
    }

    @Test func `without a territory, or with a frozen one, nothing is declared`() async throws {
        try await DriveFixture.with(territory: nil) { fixture in
            await #expect(throws: StoreError.territoryMissing) {
                try await fixture.drive().create(ChangeOptions())
            }
            fixture.network.addTerritory(of: fixture.account, named: fixture.root.territoryName, state: .frozen)
            await #expect(throws: StoreError.territoryFrozen) {
                try await fixture.drive().create(ChangeOptions())
            }
            #expect(fixture.network.declarations.isEmpty)
        }
    }

    @Test func `nodes that refuse, die or do not report are replaced`() async throws {
        try await DriveFixture.with(nodes: 20) { fixture in
            fixture.network.setFault(.refusing, of: 0..<3)
            fixture.network.setFault(.dead, of: 3..<5)
            fixture.network.setFault(.unreporting, of: 5..<8)
            let drive = try await fixture.created()
            #expect(try await drive.head().commit.sequence == 1)
            let nodes = fixture.network.files.values.flatMap(\.segments).flatMap(\.fragments).map(\.node)
            #expect(Set(nodes).count == 12)
        }
    }

    @Test func `what somebody else has under a volume's name is no stage of it`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let thief = AccountID(SHA256.hash([UInt8]("thief".utf8)))
            fixture.network.addTerritory(of: thief, named: Array("theirs".utf8))
            var options = ChangeOptions()
            options.stage = .declared
            _ = try await drive.put(fixture.write([1], to: "file"), to: "/file", options: options)
            fixture.network.redeclareDeals(of: fixture.account, by: thief, territory: Array("theirs".utf8))
            let status = try await drive.status()
            #expect(status.stage == .staged && status.reportedRows == 0)
            #expect(try await drive.finish(ChangeOptions()) != nil)
            #expect(try await drive.head().bytes("/file") == [1])
        }
    }

    @Test func `a deal whose lock is gone is declared again, since its last report fails for ever`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            var options = ChangeOptions()
            options.stage = .declared
            _ = try await drive.put(fixture.write([1], to: "file"), to: "/file", options: options)
            #expect(fixture.network.deals.count == 1)
            fixture.network.unlock(fixture.account, fixture.root.territoryName)
            #expect(try await drive.finish(ChangeOptions()) != nil)
            #expect(try await drive.head().bytes("/file") == [1])
        }
    }

    @Test func `a change is not complete before what nodes give back is what was sent`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let content = noise(20 << 20)
            let network = fixture.network
            var options = ChangeOptions()
            options.observer = { event in
                if case .reached(.included) = event { network.setFault(.corrupting, of: 0..<15) }
            }
            let source = try fixture.write(content, to: "file")
            await #expect {
                _ = try await drive.put(source, to: "/file", options: options)
            } throws: {
                if case ReadError.sampleDiffers = $0 { true } else { false }
            }
            network.setFault(nil, of: 0..<15)
            #expect(try await fixture.drive().status().pendingCommit != nil)
            #expect(try await fixture.drive().finish(ChangeOptions()) != nil)
            #expect(try await fixture.drive().head().bytes("/file") == content)
        }
    }

    @Test func `a change that many nodes have lost right after it is said, and does not hold up the next`() async throws
    {
        try await DriveFixture.with(nodes: 24) { fixture in
            let drive = try await fixture.created()
            var options = ChangeOptions()
            options.stage = .included
            _ = try await drive.put(fixture.write(noise(200_000), to: "file"), to: "/file", options: options)
            let newest = try #require(fixture.network.files.values.max { $0.completion < $1.completion })
            let holders = newest.segments[0].fragments.filter { $0.hash != .zero }.map(\.node)
            let lost = Set(holders.suffix(6))
            let accounts = fixture.network.accounts
            fixture.network.setFault(.dead, of: accounts.indices.filter { lost.contains(accounts[$0]) })
            _ = try await drive.put(fixture.write([1], to: "next"), to: "/next")
            #expect(try await drive.head().names("/") == ["file", "next"])
        }
    }
}
