import BlobStore
import DriveFormat
import Foundation
import Sealing
import Testing

@testable import Drive

struct GroupCommitTests {
    @Test func `eight changes at once cost at most three commits, and none of them is lost`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            try await withThrowingTaskGroup(of: ChangeResult.self) { group in
                // A commit of a ninth is on its way until all of them have come.
                var lock = try WriterLock.take(drive.home.lock)
                for number in 1...8 {
                    let source = try fixture.write(noise(2000, seed: UInt64(number)), to: "file\(number)")
                    group.addTask {
                        // Each in a process of its own.
                        try await fixture.drive().put(
                            [source], to: DrivePath("/\(number)"), into: false, options: ChangeOptions()
                        ).result
                    }
                }
                while try await drive.waitingChanges().count < 8 { await Task.yield() }
                if lock == nil { Issue.record("nobody else has the right to commit") }
                lock = nil
                for try await result in group {
                    #expect(result.hasCommit && result.stage == .complete)
                    let commit = try #require(result.commit)
                    #expect(try await drive.snapshot(at: commit).commit.sequence > 1)
                }
            }
            let head = try await drive.head()
            #expect(head.commit.sequence <= 4)
            for number in 1...8 { #expect(try await head.bytes("/\(number)") == noise(2000, seed: UInt64(number))) }
            #expect(try await drive.waitingChanges().isEmpty)
            #expect(try await drive.status().spooledBytes == 0)
            let other = try fixture.drive(home: "second", device: .random())
            #expect(try await other.adopt(fixture.root).names("/").count == 8)
        }
    }

    /// A change of another process is staged while a commit is on its way, and that process ends.
    private func stageBeside(_ fixture: DriveFixture, _ name: String, _ content: [UInt8]) async throws {
        guard let lock = try WriterLock.take(fixture.drive().home.lock) else {
            Issue.record("nobody else has the right to commit")
            return
        }
        var options = ChangeOptions()
        options.stage = .staged
        let result = try await fixture.drive(segmentsPerVolume: 1).put(
            [fixture.write(content, to: name)], to: DrivePath("/\(name)"), into: false, options: options
        ).result
        #expect(result.hasCommit && result.stage == .staged)
        withExtendedLifetime(lock) {}
    }

    @Test func `what a process has staged beside another's commit outlives it`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            try await stageBeside(fixture, "a", noise(3000, seed: 1))
            try await stageBeside(fixture, "b", noise(3000, seed: 2))
            try await stageBeside(fixture, "a", noise(3000, seed: 3))
            #expect(try await drive.head().names("/").isEmpty)
            #expect(try await drive.status().stage == .staged)
            // The next change takes them in.
            _ = try await fixture.drive().put(fixture.write([1], to: "c"), to: "/c")
            let head = try await drive.head()
            #expect(try await head.names("/") == ["a", "b", "c"])
            #expect(try await head.bytes("/a") == noise(3000, seed: 3), "the later one, and no conflict")
            #expect(head.commit.sequence == 2)
        }
    }

    @Test func `what waits for a commit is finished without another change, on top of what other machines do`()
        async throws
    {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            try await stageBeside(fixture, "a", noise(3000, seed: 1))
            let other = try fixture.drive(home: "second", device: .random())
            _ = try await other.adopt(fixture.root)
            _ = try await other.put(fixture.write([2], to: "theirs"), to: "/theirs")
            let result = try #require(try await fixture.drive().finish(ChangeOptions()))
            #expect(result.hasCommit && result.stage == .complete)
            let head = try await drive.head()
            #expect(try await head.names("/") == ["a", "theirs"])
            #expect(try await head.bytes("/a") == noise(3000, seed: 1))
            #expect(try await drive.finish(ChangeOptions()) == nil)
        }
    }

    @Test func `what waits outlives that the commit it stands on has to be made anew`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            var options = ChangeOptions()
            options.stage = .staged
            _ = try await drive.put(fixture.write(noise(3000, seed: 1), to: "first"), to: "/first", options: options)
            // In volumes of its own, closed ones among them.
            let large = noise(40 << 20, seed: 2)
            try await stageBeside(fixture, "a", large)
            let other = try fixture.drive(home: "second", device: .random())
            _ = try await other.adopt(fixture.root)
            _ = try await other.put(fixture.write([2], to: "theirs"), to: "/theirs")
            _ = try await fixture.drive().finish(ChangeOptions())
            let head = try await fixture.drive(home: "third", device: .random()).adopt(fixture.root)
            #expect(try await head.names("/") == ["a", "first", "theirs"])
            #expect(try await head.bytes("/a") == large)
            #expect(try await head.bytes("/first") == noise(3000, seed: 1))
        }
    }

    @Test func `a change that another one has staged already is complete when that is`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            try await stageBeside(fixture, "a", noise(3000, seed: 1))
            // In the right to commit, too: nothing new, and yet something to be committed.
            _ = try await drive.put([UInt8](fixture.path("a").path.utf8), to: "/a")
            #expect(try await drive.head().bytes("/a") == noise(3000, seed: 1))
            #expect(try await drive.waitingChanges().isEmpty)
        }
    }
}
