import CESS
import DriveFormat
import Foundation
import Primitives
import Sealing
import Substrate
import Synchronization
import Testing

@testable import BlobStore
@testable import Drive

/// Volumes that became files, and that no commit has.
struct StrayTests {
    private struct Lost: Error {}

    /// A second machine that puts a file of several volumes, and is cut off before it makes a commit.
    ///
    /// - Returns: what it has left on the network.
    private static func leave(
        by drive: Drive, _ fixture: DriveFixture
    ) async throws -> Set<FID> {
        let before = Set(fixture.network.files.keys)
        await #expect(throws: Lost.self) {
            _ = try await drive.put(
                stream: { wanted in
                    let sent = Set(fixture.network.files.keys).subtracting(before)
                    guard sent.count < 2 else { throw Lost() }
                    try await Task.sleep(for: .milliseconds(1))
                    return noise(min(wanted, 1 << 20), seed: .random(in: 0...(.max)))
                }, to: DrivePath("/lost"), options: ChangeOptions())
        }
        return Set(fixture.network.files.keys).subtracting(before)
    }

    /// A machine that was set up with the phrase.
    private static func machine(_ home: String, _ fixture: DriveFixture) async throws -> Drive {
        let drive = try fixture.drive(home: home, device: .random(), segmentsPerVolume: 1)
        _ = try await drive.adopt(fixture.root)
        return drive
    }

    /// From now on a week is over within a few blocks.
    private static func letTimePass(_ fixture: DriveFixture) async throws {
        fixture.network.dayBlocks.withLock { $0 = 1 }
        for _ in 0..<10 { _ = try await fixture.network.bestBlock() }
    }

    @Test(.timeLimit(.minutes(5)))
    func `what a lost machine has sent and no commit has is deleted after seven days, and nothing else`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created(segmentsPerVolume: 1)
            let content = noise(70 << 20, seed: 9)
            _ = try await drive.put(fixture.write(content, to: "file"), to: "/file")
            // Another drive of the same phrase and territory.
            let other = try fixture.drive(home: "other", device: .random(), id: .random(), segmentsPerVolume: 1)
            _ = try await other.create(ChangeOptions())
            let lost = try await Self.machine("lost", fixture)
            let strays = try await Self.leave(by: lost, fixture)
            let strange = try await Self.leave(by: other, fixture)
            #expect(strays.count >= 2 && strange.count >= 2)
            // By one that will not look into it again for some minutes.
            let second = try await Self.machine("second", fixture)
            _ = try await second.put(fixture.write([1], to: "small"), to: "/first")
            #expect(strays.isSubset(of: fixture.network.files.keys), "it may be back any day")

            try await Self.letTimePass(fixture)
            _ = try await drive.put(fixture.write([2], to: "small"), to: "/second")
            let left = Set(fixture.network.files.keys)
            #expect(left.isDisjoint(with: strays))
            #expect(left.isSuperset(of: strange), "that is the other drive's business")
            let anew = try await Self.machine("anew", fixture)
            #expect(try await anew.head().bytes("/file") == content)
            #expect(try await anew.head().bytes("/second") == [2])
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a machine that comes back when what it had sent was deleted stores it again`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created(segmentsPerVolume: 1)
            let late = try await Self.machine("late", fixture)
            let strays = try await Self.leave(by: late, fixture)
            try await Self.letTimePass(fixture)
            _ = try await drive.put(fixture.write([1], to: "small"), to: "/first")
            #expect(strays.isDisjoint(with: fixture.network.files.keys))

            // What it had declared is its next commit's.
            let again = try fixture.drive(home: "late", device: late.device.keys, segmentsPerVolume: 1)
            let content = noise(40 << 20, seed: 4)
            _ = try await again.put(fixture.write(content, to: "file"), to: "/file")
            #expect(try await again.status().spooledBytes == 0)
            #expect(fixture.network.deals.isEmpty)
            let anew = try await Self.machine("anew", fixture)
            #expect(try await anew.head().bytes("/file") == content)
            #expect(try await anew.head().bytes("/first") == [1])
            #expect(strays.isDisjoint(with: fixture.network.files.keys), "under other names")
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a commit whose contents were deleted before it was complete is made again with all of them`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created(segmentsPerVolume: 1)
            let late = try await Self.machine("late", fixture)
            let content = noise(70 << 20, seed: 4)
            var options = ChangeOptions()
            // Its last row is withheld: contents become files, and it stays a deal.
            options.stage = .placed
            _ = try await late.put(fixture.write(content, to: "file"), to: "/file", options: options)
            while fixture.network.deals.count != 1 { _ = try await fixture.network.bestBlock() }
            try await Self.letTimePass(fixture)
            let before = Set(fixture.network.files.keys)
            _ = try await drive.put(fixture.write([1], to: "small"), to: "/first")
            #expect(!before.isSubset(of: fixture.network.files.keys), "contents are gone")

            let again = try fixture.drive(home: "late", device: late.device.keys, segmentsPerVolume: 1)
            let result = try #require(try await again.finish(ChangeOptions()))
            #expect(result.stage == .complete)
            #expect(fixture.network.deals.isEmpty)
            let anew = try await Self.machine("anew", fixture)
            #expect(try await anew.head().bytes("/file") == content)
            #expect(try await anew.head().bytes("/first") == [1])
        }
    }
}
