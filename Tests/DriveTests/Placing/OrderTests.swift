import BlobStore
import CESS
import DriveFormat
import Sealing
import Testing

@testable import Drive

struct OrderTests {
    @Test func `a commit's volume becomes a file only after all of its contents are final`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created(segmentsPerVolume: 1)
            let content = noise(90 << 20)
            _ = try await drive.put(fixture.write(content, to: "file"), to: "/file")
            let head = try await drive.head()
            #expect(try await head.bytes("/file") == content)
            let volumes = fixture.network.files
            #expect(volumes.count == 4 || volumes.count == 5)
            let completions = volumes.values.map(\.completion).sorted()
            // Finality lags one block.
            #expect(completions[completions.count - 2] + 1 < completions[completions.count - 1])
            #expect(head.found.completion == completions.last)
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

    @Test func `with too little territory nothing is declared, and it goes on when there is more`() async throws {
        try await DriveFixture.with(territory: 96 << 20) { fixture in
            await #expect(throws: StoreError.territoryTooSmall(needed: 96 << 20, remaining: 96 << 20)) {
                try await fixture.drive().create(ChangeOptions())
            }
            #expect(fixture.network.declarations.isEmpty)
            var options = ChangeOptions()
            options.expand = { missing in
                #expect(missing == 1)
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
}
