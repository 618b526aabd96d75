import BlobStore
import CESS
import DriveFormat
import Foundation
import Primitives
import Sealing
import Substrate
import Synchronization
import Testing

@testable import Drive

/// One after the other: each holds a thread of the pool while another machine's change goes on, and a pool may have two.
@Suite(.serialized) struct SimultaneousChangeTests {
    @Test func `a change is made on top of what another machine commits before anything is declared`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let other = try fixture.drive(home: "second", device: .random())
            _ = try await other.adopt(fixture.root)
            var options = ChangeOptions()
            let isFirst = Mutex(true)
            options.observer = { event in
                // The other machine is faster.
                guard case .reached(.staged) = event, isFirst.withLock({ $0.take() }) else { return }
                Self.wait { _ = try await other.put(fixture.write([2], to: "theirs"), to: "/theirs") }
            }
            _ = try await drive.put(fixture.write([1], to: "ours"), to: "/ours", options: options)
            let head = try await drive.head()
            #expect(try await head.names("/") == ["ours", "theirs"])
            #expect(head.commit.sequence == 3, "nothing was declared twice")
            #expect(try await drive.status().spooledBytes == 0)
        }
    }

    @Test func `two machines that declare at once end with one head that has what both did`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let other = try fixture.drive(home: "second", device: .random())
            _ = try await other.adopt(fixture.root)
            _ = try await drive.put(fixture.write(Array("old".utf8), to: "both"), to: "/both.txt")
            var options = ChangeOptions()
            let isFirst = Mutex(true)
            options.observer = { event in
                // Ours is declared, theirs is complete before it.
                guard case .reached(.declared) = event, isFirst.withLock({ $0.take() }) else { return }
                Self.wait {
                    _ = try await other.put(fixture.write(Array("their".utf8), to: "t"), to: "/both.txt")
                    _ = try await other.put(fixture.write([2], to: "theirs"), to: "/theirs")
                }
            }
            _ = try fixture.write(Array("our".utf8), to: "side/both.txt")
            _ = try fixture.write(noise(5000), to: "side/ours")
            _ = try await drive.put(Array(fixture.path("side").path.utf8), to: "/", options: options)

            for machine in [drive, other] {
                let head = try await machine.head()
                let names = try await head.names("/")
                #expect(names.count == 4 && names.first?.hasPrefix("both (conflict ") == true, "\(names)")
                #expect(names.dropFirst() == ["both.txt", "ours", "theirs"])
                #expect(try await head.bytes("/ours") == noise(5000))
                #expect(try await head.bytes("/both.txt") == Array("their".utf8))
                #expect(try await head.bytes("/\(names[0])") == Array("our".utf8))
                #expect(head.commit.parents.count == 2)
            }
            // Both go on, and a new machine finds it all.
            _ = try await other.put(fixture.write([3], to: "after"), to: "/after")
            _ = try await drive.put(fixture.write([4], to: "later"), to: "/later")
            let third = try fixture.drive(home: "third", device: .random())
            #expect(try await third.adopt(fixture.root).names("/").count == 6)
            #expect(try await drive.status().spooledBytes == 0)
        }
    }

    private static func wait(for work: @escaping @Sendable () async throws -> Void) {
        let done = DispatchSemaphore(value: 0)
        Task.detached {
            defer { done.signal() }
            do { try await work() } catch { Issue.record("\(error)") }
        }
        done.wait()
    }
}
