import BlobStore
import CESS
import DriveFormat
import Foundation
import Primitives
import SCALE
import Sealing
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Drive

struct CheckTests {
    private static func check(
        _ drive: Drive, in fixture: DriveFixture, at which: String? = nil, reading: Bool = false, sample: Double = 1
    ) async throws -> (report: CheckReport, findings: [CheckFinding]) {
        let scratch = fixture.path("scratch-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        var options = CheckOptions()
        options.readsContents = reading
        options.sample = sample
        var findings: [CheckFinding] = []
        let report = try await drive.check(at: which, scratch: .init(scratch.path), options: options) {
            findings.append($0)
        }
        return (report, findings)
    }

    @discardableResult
    private static func rebuild(_ drive: Drive, in fixture: DriveFixture) async throws -> RebuildReport {
        let scratch = fixture.path("scratch-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        let (result, report) = try await drive.rebuildIndex(scratch: .init(scratch.path), options: ChangeOptions())
        #expect(result.hasCommit)
        return report
    }

    private static func paths(_ findings: [CheckFinding]) -> Set<String> {
        Set(findings.compactMap { if case .path(let path) = $0.subject { path.description } else { nil } })
    }

    /// A drive with a large file, small ones in a directory that is there twice, and an older commit.
    private static func filled(_ fixture: DriveFixture) async throws -> Drive {
        let drive = try await fixture.created()
        _ = try await drive.put(fixture.write(noise(5_000_000, seed: 1), to: "large"), to: "/large")
        try fixture.write(noise(2000, seed: 2), to: "tree/a/one")
        let tree = try fixture.write(noise(3000, seed: 3), to: "tree/two")
        _ = try await drive.put(Array(tree.dropLast(4)), to: "/tree")
        _ = try await drive.copy(
            [DrivePath("/tree")], to: DrivePath("/copy"), into: false, recursive: true, options: ChangeOptions())
        return drive
    }

    @Test func `a sound drive is found sound, and everything of it is counted once`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await Self.filled(fixture)
            let (report, findings) = try await Self.check(drive, in: fixture, reading: true)
            #expect(findings.isEmpty)
            #expect((report.files, report.directories) == (3, 3))
            #expect(report.volumes == fixture.network.files.count)
            #expect(report.chunks > 3 && report.chunksRead == report.chunks)
            #expect(report.bytesRead == 5_005_000)
            #expect(try await Self.check(drive, in: fixture).report.chunksRead == 0)
            #expect(try await Self.check(drive, in: fixture, reading: true, sample: 1e-9).report.chunksRead == 0)
            let (older, _) = try await Self.check(drive, in: fixture, at: "head~2", reading: true)
            #expect((older.files, older.damaged) == (1, 0))
        }
    }

    @Test func `a drive whose volumes were folded is sound, and so are its older commits`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            for number in 1...9 {
                _ = try await drive.put(fixture.write(noise(500, seed: UInt64(number)), to: "file"), to: "/\(number)")
            }
            #expect(try await !drive.head().commit.folded.isEmpty)
            for which in [nil, "head~4", "head~8"] {
                let (report, findings) = try await Self.check(drive, in: fixture, at: which, reading: true)
                #expect(findings.isEmpty, "\(which ?? "head")")
                #expect(report.chunksRead == report.chunks)
            }
        }
    }

    @Test func `a damaged chunk is named by every path that has it, and by nothing else`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await Self.filled(fixture)
            let head = try await drive.head()
            guard case .chunk(let id, _) = try await head.entry(at: DrivePath("/tree/two")).content else {
                throw Unexpected()
            }
            let pointer = try #require(await head.trees.index.pointer(of: id))
            try await fixture.damage(pointer, of: drive)
            let (report, findings) = try await Self.check(drive, in: fixture)
            #expect(findings.isEmpty)
            let (read, found) = try await Self.check(drive, in: fixture, reading: true)
            #expect(Self.paths(found) == ["/tree/two", "/copy/two"])
            #expect(!found.contains { !$0.isDamaged })
            #expect((read.damaged, read.chunksRead) == (2, report.chunks - 1))
        }
    }

    @Test func `a damaged directory is named, and what lies beside it is looked at`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await Self.filled(fixture)
            let head = try await drive.head()
            guard case .directory(let tree) = try await head.entry(at: DrivePath("/tree/a")).content else {
                throw Unexpected()
            }
            try await fixture.damage(head.trees.index.reference(toNode: tree.reference).pointer, of: drive)
            let (report, findings) = try await Self.check(drive, in: fixture)
            #expect(Self.paths(findings) == ["/tree/a", "/copy/a"])
            // A directory that is not sound is looked through wherever it is.
            #expect(report.files == 3)
        }
    }

    @Test func `a commit that opens nowhere but in this machine's memory is damaged`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await Self.filled(fixture)
            try await fixture.damage(drive.head().found.blob.pointer, of: drive)
            let (report, findings) = try await Self.check(drive, in: fixture)
            #expect(report.damaged == 1)
            #expect(findings.contains { if case .commit = $0.subject { true } else { false } })
        }
    }

    @Test func `nodes that do not answer are no damage`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await Self.filled(fixture)
            // What leads to it is remembered by nobody: only the head is known.
            fixture.network.setFault(.dead, of: 0..<15)
            let (report, findings) = try await Self.check(drive, in: fixture)
            #expect(report.damaged == 0)
            #expect(report.unreachable > 0)
            #expect(findings.allSatisfy { !$0.isDamaged })
        }
    }

    @Test func `a volume that is gone from the chain is named`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await Self.filled(fixture)
            let head = try await drive.head()
            let set = try #require(head.commit.volumes)
            var iterator = head.trees.volumes.entries(of: set).makeAsyncIterator()
            let first = try #require(try await iterator.next())
            fixture.network.forgetFiles([FID(try VolumeRecord(scaleBytes: first.value).fid)])
            _ = try await fixture.network.bestBlock()  // and so it is final
            let (report, findings) = try await Self.check(drive, in: fixture)
            let id = "\(try VolumeID(scaleBytes: first.key))"
            #expect(report.damaged > 0)
            #expect(findings.contains { if case .volume(id) = $0.subject { $0.isDamaged } else { false } })
        }
    }

    // MARK: The index made anew

    @Test func `an index whose nodes are damaged everywhere is made again from segments, and everything reads`()
        async throws
    {
        try await DriveFixture.with { fixture in
            _ = try await Self.filled(fixture)
            let before = try await fixture.drive().head()
            for run in before.commit.index {
                try await fixture.damage(BlobReference(scaleBytes: run.root.reference).pointer, of: fixture.drive())
            }
            // A machine that remembers what it wrote, and one that has lost its memory.
            for home in ["first", "second"] {
                let drive = try fixture.drive(home: home)
                let (damaged, findings) = try await Self.check(drive, in: fixture)
                if home == "first" {
                    #expect(damaged.isIndexDamaged)
                    #expect(findings.contains { if case .index = $0.subject { true } else { false } })
                }
                let report = try await Self.rebuild(drive, in: fixture)
                #expect(report.unreadable.isEmpty)
                let (sound, left) = try await Self.check(drive, in: fixture, reading: true)
                #expect(left.isEmpty)
                #expect(sound.indexEntries >= report.blobs)
                let head = try await drive.head()
                #expect(head.commit.index.count == 1)
                #expect(head.commit.root.reference.prefix(32) == before.commit.root.reference.prefix(32))
                #expect(try await head.bytes("/large") == noise(5_000_000, seed: 1))
                #expect(try await head.bytes("/copy/a/one") == noise(2000, seed: 2))
            }
            // Changes and other machines go on from there.
            let third = try fixture.drive(home: "third", device: .random())
            _ = try await third.adopt(fixture.root)
            _ = try await third.put(fixture.write(noise(900, seed: 9), to: "more"), to: "/more")
            #expect(try await fixture.drive().head().bytes("/more") == noise(900, seed: 9))
            #expect(try await Self.check(third, in: fixture, reading: true).findings.isEmpty)
        }
    }

    @Test func `a damaged index keeps a machine without memory from changing the drive until it is made again`()
        async throws
    {
        try await DriveFixture.with { fixture in
            let before = try await Self.filled(fixture).head()
            for run in before.commit.index {
                try await fixture.damage(BlobReference(scaleBytes: run.root.reference).pointer, of: fixture.drive())
            }
            let other = try fixture.drive(home: "second", device: .random())
            _ = try await other.adopt(fixture.root)
            let new = try fixture.write(noise(900, seed: 9), to: "more")
            await #expect(throws: ReadError.self) { try await other.put(new, to: "/more") }
            try await Self.rebuild(other, in: fixture)
            _ = try await other.put(new, to: "/more")
            #expect(try await other.head().bytes("/more") == noise(900, seed: 9))
        }
    }

    @Test func `an index is made again where volumes were folded`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            for number in 1...9 {
                _ = try await drive.put(fixture.write(noise(500, seed: UInt64(number)), to: "file"), to: "/\(number)")
            }
            let before = try await drive.head()
            #expect(!before.commit.folded.isEmpty)
            for run in before.commit.index {
                try await fixture.damage(BlobReference(scaleBytes: run.root.reference).pointer, of: drive)
            }
            let again = try fixture.drive(home: "second")
            try await Self.rebuild(again, in: fixture)
            #expect(try await Self.check(again, in: fixture, reading: true).findings.isEmpty)
            for number in 1...9 {
                #expect(try await again.head().bytes("/\(number)") == noise(500, seed: UInt64(number)))
            }
            #expect(try await again.snapshot(at: "head~5").bytes("/2") == noise(500, seed: 2))
        }
    }

    @Test func `what lies in a volume that nobody has any more is named, and the rest of the index is made again`()
        async throws
    {
        try await DriveFixture.with { fixture in
            let drive = try await Self.filled(fixture)
            let head = try await drive.head()
            guard case .chunk(let id, _) = try await head.entry(at: DrivePath("/tree/two")).content else {
                throw Unexpected()
            }
            let volume = try #require(await head.trees.index.pointer(of: id)).volume
            let lost = try #require(await drive.database.volume(volume))
            let hashes = Set(lost.segments.flatMap { $0.fragments.map(FragmentHash.init) })
            fixture.network.state.withLock { state in
                for index in state.nodes.indices {
                    state.nodes[index].fragments = state.nodes[index].fragments.filter { !hashes.contains($0.key) }
                }
            }
            let again = try fixture.drive(home: "second")
            let report = try await Self.rebuild(again, in: fixture)
            #expect(report.unreadable.count == 1)
            let (checked, findings) = try await Self.check(again, in: fixture, reading: true)
            #expect(checked.damaged > 0)
            #expect(Self.paths(findings).isSuperset(of: ["/tree", "/copy"]))
            #expect(try await again.head().bytes("/large") == noise(5_000_000, seed: 1))
        }
    }
}

private struct Unexpected: Error {}

extension DriveFixture {
    /// Damages the bytes of a blob in every fragment of its segment, on all nodes: nothing that they still have gives it back.
    func damage(_ pointer: Pointer, of drive: Drive) async throws {
        let record = try #require(await drive.database.volume(pointer.volume))
        let segment = record.segments[Int(pointer.segment)]
        let start = Int(pointer.offset) % CESSLimits.fragmentByteCount
        let range = start..<start + pointer.sealedByteCount
        let hashes = Set(segment.fragments.map(FragmentHash.init)).subtracting([.zero])
        network.state.withLock { state in
            for index in state.nodes.indices {
                for hash in hashes {
                    guard var bytes = state.nodes[index].fragments[hash] else { continue }
                    bytes += [UInt8](repeating: 0, count: max(0, range.upperBound - bytes.count))
                    // Each byte otherwise: what is the same all along may cancel out where rows are put together.
                    var random = SplitMix64(seed: UInt64(index))
                    for place in range { bytes[place] ^= UInt8.random(in: 1...255, using: &random) }
                    state.nodes[index].fragments[hash] = bytes
                }
            }
        }
    }
}
