import BlobStore
import CESS
import DriveFormat
import Foundation
import Sealing
import Substrate
import Synchronization
import Testing

@testable import Drive

/// What the simulated devices have brought to light, each by itself.
struct BranchTests {
    private static func until(_ stage: Stage) -> ChangeOptions {
        var options = ChangeOptions()
        options.stage = stage
        return options
    }

    private func machine(_ fixture: DriveFixture, _ home: String, partialLimit: Int = Folding.partialLimit) async throws
        -> Drive
    {
        let drive = try fixture.drive(home: home, device: .random(), partialLimit: partialLimit)
        _ = try await drive.adopt(fixture.root)
        return drive
    }

    /// Lends a drive that has two tips, `/a` on one and `/b` on the other.
    private func withTwoTips(_ body: (DriveFixture) async throws -> Void) async throws {
        try await DriveFixture.with { fixture in
            let first = try await fixture.created()
            let second = try await machine(fixture, "second")
            _ = try await first.put(fixture.write([1], to: "a"), to: "/a", options: Self.until(.declared))
            _ = try await second.put(fixture.write([2], to: "b"), to: "/b", options: Self.until(.declared))
            // Neither of them comes to merging.
            _ = try await first.finish(Self.until(.included))
            _ = try await second.finish(Self.until(.included))
            for _ in 0..<2 { _ = try await fixture.network.bestBlock() }
            try await body(fixture)
        }
    }

    @Test func `what one of two machines that merge the same tips removes does not come back`() async throws {
        try await withTwoTips { fixture in
            let (third, fourth) = (try await machine(fixture, "third"), try await machine(fixture, "fourth"))
            _ = try await third.put(fixture.write([3], to: "c"), to: "/c", options: Self.until(.declared))
            _ = try await fourth.remove(
                [DrivePath("/a"), DrivePath("/b")], recursive: false, options: Self.until(.declared))
            _ = try await third.finish(ChangeOptions())
            _ = try await fourth.finish(ChangeOptions())
            #expect(try await fourth.head().names("/") == ["c"])
            #expect(try await third.head().names("/") == ["c"])
        }
    }

    @Test func `what is removed while another machine's merge waits does not come back with it`() async throws {
        try await withTwoTips { fixture in
            let (third, fourth) = (try await machine(fixture, "third"), try await machine(fixture, "fourth"))
            _ = try await third.put(fixture.write([3], to: "c"), to: "/c", options: Self.until(.staged))
            _ = try await fourth.remove([DrivePath("/a"), DrivePath("/b")], recursive: false, options: ChangeOptions())
            _ = try await third.finish(ChangeOptions())
            #expect(try await third.head().names("/") == ["c"])
        }
    }

    @Test func `a file that two machines have stored is read by both when one copy is folded`() async throws {
        try await DriveFixture.with { fixture in
            let first = try await fixture.created(partialLimit: 2)
            let second = try await machine(fixture, "second", partialLimit: 2)
            let content = noise(3000)
            let source = try fixture.write(content, to: "file")
            _ = try await second.put(source, to: "/theirs", options: Self.until(.staged))
            _ = try await first.put(source, to: "/ours")
            // It is made anew on top of the other one, and folds that.
            _ = try await second.finish(ChangeOptions())
            fixture.network.dropForgottenFragments()
            let process = try fixture.drive()
            for path in ["/ours", "/theirs"] {
                #expect(try await process.head().bytes(path) == content)
                #expect(try await second.head().bytes(path) == content)
            }
            for snapshot in try await process.log() { _ = try await snapshot.names("/") }
        }
    }

    @Test(arguments: [Stage.declared, .placed, .included])
    func `a server that lags does not have a deal declared twice`(stage: Stage) async throws {
        try await DriveFixture.with { fixture in
            _ = try await fixture.created()
            let line = DeviceLine(fixture.network, Turns(seed: 0), device: 0)
            let before = try await fixture.network.bestBlock()
            _ = try await fixture.network.bestBlock()
            _ = try await fixture.drive(through: line).put(
                fixture.write(noise(500), to: "file"), to: "/file", options: Self.until(stage))
            line.set(.lag(before, questions: .max))
            await #expect(throws: StoreError.self) {
                try await fixture.drive(through: line).finish(ChangeOptions())
            }
            line.set(.none)
            _ = try await fixture.drive(through: line).finish(ChangeOptions())
            #expect(try await fixture.drive().head().bytes("/file") == noise(500))
            let declared = fixture.network.declarations
            #expect(Set(declared).count == declared.count)
        }
    }

    @Test func `a commit that was folded before its machine knew that it is complete is not made again`() async throws {
        try await DriveFixture.with { fixture in
            let first = try await fixture.created(partialLimit: 2)
            let second = try await machine(fixture, "second", partialLimit: 2)
            _ = try await second.put(fixture.write(noise(500), to: "file"), to: "/file", options: Self.until(.included))
            for _ in 0..<2 { _ = try await fixture.network.bestBlock() }
            let fid = try #require(fixture.network.declarations.last)
            _ = try await first.remove([DrivePath("/file")], recursive: false, options: ChangeOptions())
            for number in 1...3 {
                _ = try await first.put(fixture.write(noise(500, seed: UInt64(number)), to: "x"), to: "/\(number)")
            }
            fixture.network.dropForgottenFragments()
            #expect(fixture.network.files[fid] == nil)
            _ = try await second.finish(ChangeOptions())
            #expect(try await second.head().names("/") == ["1", "2", "3"])
            #expect(try await second.status().spooledBytes == 0)
            #expect(fixture.network.declarations.filter { $0 == fid }.count == 1)
        }
    }

    @Test func `a list that has lost a volume that was given up is not taken for a drive that has lost one`()
        async throws
    {
        try await DriveFixture.with { fixture in
            let line = DeviceLine(fixture.network, Turns(seed: 0), device: 0)
            let drive = try fixture.drive(partialLimit: 2, through: line)
            _ = try await drive.create(ChangeOptions())
            line.set(.refuseDeletion)
            for number in 1...3 {
                _ = try await drive.put(fixture.write(noise(500, seed: UInt64(number)), to: "x"), to: "/\(number)")
            }
            let doomed = Set(try await drive.head().commit.doomed.map { FID($0.fid) })
            #expect(!doomed.isEmpty)
            fixture.network.state.withLock { state in
                state.chain.held[fixture.account]?.removeAll { doomed.contains($0.fid) }
            }
            for _ in 0..<3 { _ = try await fixture.network.bestBlock() }
            let other = try fixture.drive(home: "second", device: .random())
            #expect(try await other.adopt(fixture.root).names("/") == ["1", "2", "3"])
        }
    }
}
