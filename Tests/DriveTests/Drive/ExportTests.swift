import BlobStore
import DriveFormat
import Foundation
import Synchronization
import SystemPackage
import Testing

@testable import Drive

struct ExportTests {
    private func shell(_ script: String, in directory: URL) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", script]
        process.currentDirectoryURL = directory
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(script)")
        return String(decoding: output, as: UTF8.self)
    }

    /// A directory's size is the file system's affair.
    private static let listing = #"""
        find . -type d -printf '%P %m %T@\n' | sort; find . ! -type d -printf '%P %y %m %T@ %s %l\n' | sort
        find . -type f -exec sha256sum {} + | sort
        """#

    @Test func `a tree comes back with its links, holes, modes, times and names that are not text`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            try FileManager.default.createDirectory(at: fixture.path("tree"), withIntermediateDirectories: true)
            _ = try shell(
                #"""
                mkdir -p a/b empty many; ln -s ../nowhere a/link; ln -s /etc/passwd absolute
                printf hello > "$(printf 'n\377me')"; printf x > 'a name with
                newline'; : > none; head -c 128 /dev/urandom > a/inline; head -c 129 /dev/urandom > a/b/chunk
                truncate -s 30M sparse; printf middle | dd of=sparse bs=1 seek=10000000 conv=notrunc 2>/dev/null
                truncate -s 5M hole; chmod 4751 a/inline; chmod 1770 a/b; mkfifo pipe
                for i in $(seq 400); do echo $i > many/$i; done
                touch -d '2001-02-03 04:05:06.123456789' none a/b/chunk; touch -h -d '1969-01-01 00:00:01.5' a/link
                touch -d '2010-10-10 10:10:10.000000001' a empty
                """#, in: fixture.path("tree"))
            let report = try await drive.put(Array(fixture.path("tree").path.utf8), to: "/tree")
            #expect(report.failures.isEmpty)
            let target = Array(fixture.path("out").path.utf8)
            let got = try await fixture.drive().head().get(
                [DrivePath("/tree")], to: target, into: false, replacing: false)
            #expect(got.failures.isEmpty)
            let expected = try shell(Self.listing, in: fixture.path("tree"))
            #expect(try shell(Self.listing, in: fixture.path("out")) == expected)
            #expect(try shell("du -k sparse | cut -f1", in: fixture.path("out")).trimmingPrefix(" ") < "9000")
            let bytes = try await drive.head().bytes("/tree/sparse")
            #expect(bytes.count == 30 << 20 && Array(bytes[10_000_000..<10_000_006]) == Array("middle".utf8))
        }
    }

    @Test func `a target that exists is not replaced unless that is wanted`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try await drive.put(fixture.write([1, 2, 3], to: "file"), to: "/file")
            let target = try fixture.write([9], to: "target")
            let head = try await drive.head()
            await #expect(throws: DriveError.self) {
                try await head.get([DrivePath("/file")], to: target, into: false, replacing: false)
            }
            #expect(try fixture.read("target") == [9])
            _ = try await head.get([DrivePath("/file")], to: target, into: false, replacing: true)
            #expect(try fixture.read("target") == [1, 2, 3])
        }
    }

    @Test func `what is restored from an entry counts as bytes`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try await drive.put(fixture.write([1, 2], to: "small"), to: "/small")
            _ = try await drive.put(fixture.write(noise(1000), to: "large"), to: "/large")
            let target = Array(fixture.path("out").path.utf8)
            let sources = [try DrivePath("/small"), try DrivePath("/large")]
            let sent = Mutex(0)
            let report = try await drive.head().get(sources, to: target, into: true, replacing: false) { event in
                if case .sent(let count) = event { sent.withLock { $0 += count } }
            }
            #expect(report.files == 2 && report.bytes == 1002)
            #expect(sent.withLock { $0 } == 1002)
        }
    }

    @Test func `the directory that files go into is made where it is missing`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try await drive.put(fixture.write([1], to: "file"), to: "/file")
            let head = try await drive.head()
            let target = Array(fixture.path("one/two").path.utf8)
            _ = try await head.get([DrivePath("/file")], to: target + [47], into: true, replacing: false)
            #expect(try fixture.read("one/two/file") == [1])
            _ = try await head.get(
                [DrivePath("/")], to: Array(fixture.path("a/b").path.utf8), into: true, replacing: false)
            #expect(try fixture.read("a/b/file") == [1])
            // No name ends with a slash here, so the directory above is meant to be there.
            await #expect(throws: DriveError.self) {
                try await head.get(
                    [DrivePath("/file")], to: Array(fixture.path("c/d").path.utf8), into: false, replacing: false)
            }
        }
    }

    @Test func `where nothing at all could be restored, the report says so`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try await drive.put(fixture.write([1], to: "file"), to: "/file")
            _ = try await drive.put(fixture.write([2], to: "other"), to: "/other")
            _ = try fixture.write([3], to: "out/file/in-the-way")
            let (head, target) = (try await drive.head(), Array(fixture.path("out").path.utf8))
            let none = try await head.get([DrivePath("/file")], to: target, into: true, replacing: true)
            #expect(none.failures.count == 1 && none.isFruitless)
            let some = try await head.get(
                [DrivePath("/file"), DrivePath("/other")], to: target, into: true, replacing: true)
            #expect(some.failures.count == 1 && !some.isFruitless)
        }
    }

    @Test func `an interrupted get leaves nothing half-written`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try await drive.put(fixture.write(noise(30 << 20), to: "file"), to: "/file")
            try FileManager.default.createDirectory(at: fixture.path("out"), withIntermediateDirectories: true)
            let target = Array(fixture.path("out/file").path.utf8)
            let head = try await fixture.drive().head()
            let task = Task {
                _ = try await head.get([DrivePath("/file")], to: target, into: false, replacing: false) { _ in
                    withUnsafeCurrentTask { $0?.cancel() }
                }
            }
            await #expect(throws: (any Error).self) { try await task.value }
            #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.path("out").path).isEmpty)
        }
    }

    @Test func `many directories and files do not use up descriptors`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            try FileManager.default.createDirectory(at: fixture.path("tree"), withIntermediateDirectories: true)
            _ = try shell(
                "for i in $(seq 1500); do mkdir -p $i/x; head -c 300 /dev/urandom > $i/x/f; done",
                in: fixture.path("tree"))
            let report = try await drive.put(Array(fixture.path("tree").path.utf8), to: "/tree")
            #expect(report.failures.isEmpty && report.files == 1500)
            let got = try await drive.head().get(
                [DrivePath("/tree")], to: Array(fixture.path("out").path.utf8), into: false, replacing: false)
            #expect(got.failures.isEmpty && got.files == 1500)
            #expect(
                try shell(Self.listing, in: fixture.path("out")) == shell(Self.listing, in: fixture.path("tree")))
        }
    }

    @Test func `what cannot be read is named, and the rest is stored`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let good = try fixture.write([1], to: "good")
            let missing = Array(fixture.path("missing").path.utf8)
            let (report, result) = try await drive.put(
                [good, missing], to: DrivePath("/"), into: true, options: ChangeOptions())
            #expect(result.hasCommit)
            #expect(report.failures.map(\.path) == [missing])
            #expect(try await drive.head().names("/") == ["good"])
            await #expect(throws: DriveError.self) { try await drive.put(missing, to: "/missing") }
        }
    }

    @Test func `a file never takes the place of a directory in the drive`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try fixture.write([1], to: "one/name/file")
            _ = try await drive.put(Array(fixture.path("one").path.utf8), to: "/d")
            _ = try fixture.write([2], to: "two/name")
            _ = try fixture.write([3], to: "two/other")
            let report = try await drive.put(Array(fixture.path("two").path.utf8), to: "/d")
            #expect(report.failures.map(\.reason) == ["the drive has a directory there"])
            #expect(try await drive.head().bytes("/d/name/file") == [1])
            #expect(try await drive.head().bytes("/d/other") == [3])
            await #expect(throws: DriveError.self) {
                try await drive.put(fixture.write([4], to: "four"), to: "/d/name/file/below")
            }
        }
    }

    @Test(arguments: [1, 100]) func `a file that changes while it is read is read again, and named if it never rests`(
        changes: Int
    ) async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let source = try fixture.write(noise(6 << 20), to: "restless")
            let left = Mutex(changes)
            var options = ChangeOptions()
            options.observer = { event in
                guard case .staging = event else { return }
                let number = left.withLock { left in
                    left -= 1
                    return left
                }
                guard number >= 0, let file = try? FileHandle(forWritingTo: fixture.path("restless")) else { return }
                try? file.write(contentsOf: Data([UInt8(truncatingIfNeeded: number), 7, 7, 7]))
                try? file.close()
            }
            let report = try await drive.put(source, to: "/restless", options: options)
            #expect(report.failures.map(\.reason) == (changes == 1 ? [] : ["it changed while it was read"]))
            #expect(report.files == 1 && report.bytes == 6 << 20)
            if changes == 1 {
                #expect(try await drive.head().bytes("/restless") == fixture.read("restless"))
            }
        }
    }

    @Test func `a name that ends in two dots is a name`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try await drive.put(fixture.write([1], to: "notes.."), to: "/notes..")
            #expect(try await drive.head().names("/") == ["notes.."])
        }
    }

    @Test func `a link with a trailing slash is the directory that it leads to`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try fixture.write([1], to: "real/file")
            let link = fixture.path("link")
            try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "real")
            let source = Array(link.path.utf8)
            for (source, target) in [(source + [UInt8(ascii: "/")], "/into"), (source, "/as-link")] {
                _ = try await drive.put([source], to: DrivePath(target), into: true, options: ChangeOptions())
            }
            #expect(try await drive.head().bytes("/into/link/file") == [1])
            #expect(try await drive.head().entry(at: DrivePath("/as-link/link")).type == .symlink)
            let file = Array(fixture.path("real/file").path.utf8) + [UInt8(ascii: "/")]
            await #expect(throws: DriveError.self) { try await drive.put(file, to: "/file") }
        }
    }

    @Test func `a link has no content to read`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let link = fixture.path("link")
            try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "nowhere")
            _ = try await drive.put(Array(link.path.utf8), to: "/link")
            await #expect(throws: DriveError.self) { _ = try await drive.head().bytes("/link") }
        }
    }
}
