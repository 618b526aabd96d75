import BlobStore
import CESS
import DriveFormat
import Foundation
import SCALE
import Sealing
import Synchronization
import Testing

@testable import Drive

struct FoldingTests {
    /// Files of the account's, by the chain.
    private static func volumeCount(_ fixture: DriveFixture) -> Int { fixture.network.files.count }

    /// Whoever looks a blob up in the runs of the head, the newest first, is led into a volume that the drive still has.
    private func expectLiveIndex(of drive: Drive) async throws {
        let head = try await drive.head()
        var live: Set<VolumeID> = [head.commit.volume]
        if let set = head.commit.volumes {
            for try await item in head.trees.volumes.entries(of: set) {
                live.insert(try VolumeID(scaleBytes: item.key))
            }
        }
        var seen: Set<[UInt8]> = []
        for run in head.commit.index {
            for try await item in head.trees.indexRuns.entries(of: run.root) where seen.insert(item.key).inserted {
                #expect(live.contains(try Pointer(scaleBytes: item.value).volume))
            }
        }
        #expect(!seen.isEmpty)
    }

    @Test func `many small changes stay within a small territory, and nothing of them is lost`() async throws {
        // Room for 21 segments.
        try await DriveFixture.with(territory: 2 << 30) { fixture in
            let drive = try await fixture.created()
            let count: UInt8 = 30
            for number in 1...count {
                _ = try await drive.put(fixture.write(noise(1000, seed: UInt64(number)), to: "file"), to: "/\(number)")
                #expect(Self.volumeCount(fixture) <= Folding.partialLimit + 3)
            }
            func expectAll(_ snapshot: Snapshot) async throws {
                #expect(try await snapshot.names("/").count == Int(count))
                for number in 1...count {
                    #expect(try await snapshot.bytes("/\(number)") == noise(1000, seed: UInt64(number)))
                }
            }
            try await expectAll(drive.head())
            try await expectLiveIndex(of: drive)
            // The history as well, here and on a machine that has only the phrase.
            let other = try fixture.drive(home: "second", device: .random())
            try await expectAll(other.adopt(fixture.root))
            for drive in [drive, other] {
                #expect(try await drive.log().count == Int(count) + 1)
                let old = try await drive.snapshot(at: "head~18")
                #expect(try await old.names("/").count == Int(count) - 18)
                #expect(try await old.bytes("/3") == noise(1000, seed: 3))
            }
        }
    }

    @Test func `a machine that was away while its head was folded goes on`() async throws {
        try await DriveFixture.with { fixture in
            let first = try await fixture.created()
            let second = try fixture.drive(home: "second", device: .random())
            _ = try await second.adopt(fixture.root)
            _ = try await second.put(fixture.write([1], to: "one"), to: "/one")
            for number in 1...12 {
                _ = try await first.put(fixture.write(noise(500, seed: UInt64(number)), to: "file"), to: "/\(number)")
            }
            _ = try await second.put(fixture.write([2], to: "two"), to: "/two")
            let names = try await first.head().names("/")
            #expect(Set(names) == Set((1...12).map(String.init) + ["one", "two"]))
            #expect(try await second.head().bytes("/7") == noise(500, seed: 7))
        }
    }

    @Test func `what is folded and deleted while somebody reads is found where it is now`() async throws {
        try await DriveFixture.with { fixture in
            let first = try await fixture.created()
            let parts = (0..<3).map { noise(700, seed: 90 + UInt64($0)) }
            for (number, part) in parts.enumerated() {
                _ = try await first.put(fixture.write(part, to: "file"), to: "/early \(number)")
            }
            let second = try fixture.drive(home: "second", device: .random())
            let snapshot = try await second.adopt(fixture.root)
            _ = try await snapshot.names("/")
            for number in 4...12 {
                _ = try await first.put(fixture.write(noise(500, seed: UInt64(number)), to: "file"), to: "/\(number)")
            }
            fixture.network.dropForgottenFragments()
            #expect(try await !first.head().commit.folded.isEmpty)
            for (number, part) in parts.enumerated() {
                #expect(try await snapshot.bytes("/early \(number)") == part)
            }
        }
    }

    @Test func `what a machine declared before it knew that its base was folded is merged, not lost`() async throws {
        try await DriveFixture.with { fixture in
            let first = try await fixture.created()
            for number in 1...3 {
                _ = try await first.put(fixture.write(noise(500, seed: UInt64(number)), to: "file"), to: "/\(number)")
            }
            // The second machine declares on top of four small volumes, and stops before its nodes have anything.
            let second = try fixture.drive(home: "second", device: .random())
            _ = try await second.adopt(fixture.root)
            var options = ChangeOptions()
            options.stage = .declared
            _ = try await second.put(fixture.write(noise(700, seed: 99), to: "late"), to: "/late", options: options)
            // Meanwhile these are folded, and deleted.
            for number in 4...12 {
                _ = try await first.put(fixture.write(noise(500, seed: UInt64(number)), to: "file"), to: "/\(number)")
            }
            _ = try await second.finish(ChangeOptions())
            let expected = Set((1...12).map(String.init) + ["late"])
            #expect(Set(try await second.head().names("/")) == expected)
            _ = try await first.put(fixture.write([1], to: "file"), to: "/more")
            let third = try fixture.drive(home: "third", device: .random())
            let snapshot = try await third.adopt(fixture.root)
            #expect(Set(try await snapshot.names("/")) == expected.union(["more"]))
            #expect(try await snapshot.bytes("/late") == noise(700, seed: 99))
            for number in 1...12 { #expect(try await snapshot.bytes("/\(number)") == noise(500, seed: UInt64(number))) }
        }
    }

    @Test func `what waits beside a commit that others have folded is kept`() async throws {
        try await DriveFixture.with { fixture in
            let first = try await fixture.created()
            let (early, waiting) = (noise(700, seed: 90), noise(700, seed: 91))
            var options = ChangeOptions()
            options.stage = .included
            _ = try await first.put(fixture.write(early, to: "file"), to: "/early", options: options)
            // Another process of this machine stages its change beside it.
            options.stage = .staged
            do {
                guard let lock = try WriterLock.take(first.home.lock) else {
                    Issue.record("nobody else has the right to commit")
                    return
                }
                defer { withExtendedLifetime(lock) {} }
                _ = try await fixture.drive().put(
                    fixture.write(waiting, to: "file"), to: "/waiting", options: options)
            }
            let second = try fixture.drive(home: "second", device: .random())
            _ = try await second.adopt(fixture.root)
            for number in 1...12 {
                _ = try await second.put(fixture.write(noise(500, seed: UInt64(number)), to: "file"), to: "/\(number)")
            }
            fixture.network.dropForgottenFragments()
            let again = try fixture.drive()
            _ = try await again.finish(ChangeOptions())
            let head = try await again.head()
            #expect(try await head.bytes("/early") == early)
            #expect(try await head.bytes("/waiting") == waiting)
            #expect(try await head.names("/").count == 14)
            #expect(try await again.status().spooledBytes == 0)
        }
    }

    @Test func `a small volume that cannot be read does not keep anything from being stored`() async throws {
        try await DriveFixture.with(nodes: 24) { fixture in
            let drive = try await fixture.created()
            for number in 1...3 {
                _ = try await drive.put(fixture.write(noise(500, seed: UInt64(number)), to: "file"), to: "/\(number)")
            }
            // The nodes lose all but the head's volume.
            let head = try await drive.head().found.fid
            fixture.network.state.withLock { state in
                let kept = state.chain.files[FID(head)]?.segments.flatMap { $0.fragments.map(\.hash) } ?? []
                for index in state.nodes.indices {
                    state.nodes[index].fragments = state.nodes[index].fragments.filter { kept.contains($0.key) }
                }
            }
            // What is cached is of no use to a process that begins.
            let again = try fixture.drive()
            _ = try await again.put(fixture.write([9], to: "file"), to: "/9")
            #expect(try await again.head().commit.folded.isEmpty)
        }
    }

    @Test func `three segments are left for what makes room`() async throws {
        // Room for five: the chain wants one byte more than what is taken.
        try await DriveFixture.with(territory: 5 * 96 << 20 + 1) { fixture in
            let drive = try await fixture.created()
            _ = try await drive.put(fixture.write([1], to: "one"), to: "/one")
            let needed = StoreError.territoryTooSmall(needed: 4 * 96 << 20, remaining: 3 * 96 << 20 + 1)
            await #expect(throws: needed) {
                try await drive.put(fixture.write([2], to: "two"), to: "/two")
            }
        }
        try await DriveFixture.with(territory: 5 * 96 << 20 + 1) { fixture in
            let drive = try await fixture.created()
            _ = try await drive.put(fixture.write([1], to: "one"), to: "/one")
            _ = try await drive.remove([DrivePath("/one")], recursive: false, options: ChangeOptions())
            #expect(try await drive.head().names("/").isEmpty)
        }
    }

    @Test func `the emptiest volumes are folded, and no more than pays`() {
        #expect(Folding.chosen([1, 1, 1, 100]) == 0..<3)
        #expect(Folding.chosen([1, 1, 2, 4]) == 0..<4)
        #expect(Folding.chosen([1, 5, 50, 60]) == 0..<2)
    }
}
