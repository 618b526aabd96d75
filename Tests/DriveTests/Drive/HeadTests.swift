import BlobStore
import CESS
import DriveFormat
import Foundation
import Sealing
import Synchronization
import Testing

@testable import Drive

struct HeadTests {
    @Test func `a chain that shows less than was seen is refused`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let (early, history) = fixture.network.state.withLock { ($0.chain, $0.history) }
            _ = try await drive.put(fixture.write([1], to: "file"), to: "/file")
            fixture.network.state.withLock {
                $0.chain = early
                $0.history = history
            }
            await #expect(throws: StoreError.rollback(seen: 2, shown: 0)) { try await drive.head() }
            await #expect(throws: StoreError.rollback(seen: 2, shown: 0)) {
                try await drive.put(fixture.write([2], to: "other"), to: "/other")
            }
        }
    }

    @Test func `a list that has lost volumes of the head is made whole by asking for them`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let content = noise(1_000_000)
            _ = try await drive.put(fixture.write(content, to: "file"), to: "/file")
            _ = try await drive.put(fixture.write([2], to: "other"), to: "/other")
            let newest = try await drive.head().found.fid
            fixture.network.state.withLock { state in
                state.chain.held[fixture.account]?.removeAll { $0.fid.bytes != newest }
            }
            _ = try await fixture.network.bestBlock()
            _ = try await fixture.network.bestBlock()
            #expect(try await drive.head().bytes("/file") == content)
            let other = try fixture.drive(home: "second", device: .random())
            #expect(try await other.adopt(fixture.root).bytes("/file") == content)
        }
    }

    @Test func `a list that has lost the head is refused where nothing else is known`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try await drive.put(fixture.write([2], to: "other"), to: "/other")
            let newest = try await drive.head().found.fid
            fixture.network.state.withLock { state in
                state.chain.held[fixture.account]?.removeAll { $0.fid.bytes == newest }
            }
            for _ in 0..<3 { _ = try await fixture.network.bestBlock() }
            #expect(try await drive.head().commit.sequence == 2, "this machine knows what is missing")
            let other = try fixture.drive(home: "second", device: .random())
            await #expect(throws: StoreError.incompleteList(missing: 96 << 20)) { try await other.adopt(fixture.root) }
        }
    }

    @Test func `a drive is read with eight nodes dead, or four lying`() async throws {
        try await DriveFixture.with(nodes: 12) { fixture in
            let drive = try await fixture.created()
            let content = noise(6 << 20)
            _ = try await drive.put(fixture.write(content, to: "file"), to: "/file")
            fixture.network.setFault(.dead, of: 0..<8)
            #expect(try await fixture.drive(home: "a", device: .random()).adopt(fixture.root).bytes("/file") == content)
            fixture.network.setFault(nil, of: 0..<8)
            fixture.network.setFault(.corrupting, of: 2..<6)
            fixture.network.setFault(.dead, of: 8..<12)
            #expect(try await fixture.drive(home: "b", device: .random()).adopt(fixture.root).bytes("/file") == content)
        }
    }
}
