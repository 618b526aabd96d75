import CESS
import Foundation
import Primitives
import Sealing
import Substrate
import Testing

@testable import BlobStore
@testable import Drive

/// Volumes that were files, and were deleted before a commit had them.
struct LapsedContentsTests {
    private struct Lost: Error {}

    private static func delete(_ fids: Set<FID>, _ fixture: DriveFixture) async throws {
        let deletion = try await fixture.network.signDeletion(
            of: Array(fids), owner: fixture.account, signer: KeyPair(miniSecret: fixture.root.accountMiniSecret))
        try await fixture.network.send(deletion)
        // The deletion is final.
        for _ in 0..<3 { _ = try await fixture.network.bestBlock() }
    }

    private static func expect(_ content: [UInt8], _ fixture: DriveFixture) async throws {
        #expect(fixture.network.deals.isEmpty)
        let anew = try fixture.drive(home: "anew", device: .random())
        _ = try await anew.adopt(fixture.root)
        #expect(try await anew.head().bytes("/file") == content)
    }

    @Test(.timeLimit(.minutes(5)))
    func `what an interrupted change has sent is stored again where it was deleted since`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created(segmentsPerVolume: 1)
            let before = Set(fixture.network.files.keys)
            await #expect(throws: Lost.self) {
                _ = try await drive.put(
                    stream: { wanted in
                        guard Set(fixture.network.files.keys).subtracting(before).count < 7 else { throw Lost() }
                        try await Task.sleep(for: .milliseconds(1))
                        return noise(min(wanted, 1 << 20), seed: .random(in: 0...(.max)))
                    }, to: DrivePath("/lost"), options: ChangeOptions())
            }
            let sent = Set(fixture.network.files.keys).subtracting(before)
            #expect(sent.count >= 7, "more than a change is made anew")
            try await Self.delete(sent, fixture)

            // What it had declared is the next commit's.
            let content = noise(40 << 20, seed: 4)
            let again = try fixture.drive(segmentsPerVolume: 1)
            _ = try await again.put(fixture.write(content, to: "file"), to: "/file")
            #expect(try await again.status().spooledBytes == 0)
            #expect(sent.isDisjoint(with: fixture.network.files.keys), "under other names")
            try await Self.expect(content, fixture)
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a commit whose contents were deleted before it was complete is made again with all of them`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created(segmentsPerVolume: 1)
            let before = Set(fixture.network.files.keys)
            let content = noise(70 << 20, seed: 4)
            var options = ChangeOptions()
            // Its last row is withheld: contents become files, and it stays a deal.
            options.stage = .placed
            _ = try await drive.put(fixture.write(content, to: "file"), to: "/file", options: options)
            while fixture.network.deals.count != 1 { _ = try await fixture.network.bestBlock() }
            try await Self.delete(Set(fixture.network.files.keys).subtracting(before), fixture)

            let result = try #require(try await fixture.drive(segmentsPerVolume: 1).finish(ChangeOptions()))
            #expect(result.stage == .complete)
            try await Self.expect(content, fixture)
        }
    }
}
