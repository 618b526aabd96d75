import BlobStore
import DriveFormat
import Foundation
import Sealing
import Testing

@testable import Drive

struct CopyTests {
    /// A drive with `/d/file`, `/d/sub/deep`, `/other/file` and `/top`.
    private func withTree(_ body: (DriveFixture, Drive) async throws -> Void) async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            for (name, text) in [("d/file", "old"), ("d/sub/deep", "deep"), ("other/file", "there"), ("top", "top")] {
                _ = try fixture.write(Array(text.utf8), to: "tree/" + name)
            }
            _ = try await drive.put(Array(fixture.path("tree").path.utf8), to: "/")
            try await body(fixture, drive)
        }
    }

    private func copy(
        _ drive: Drive, _ sources: String..., at which: String? = nil, to destination: String, recursive: Bool = true
    ) async throws -> ChangeResult {
        try await drive.copy(
            sources.map { try DrivePath($0) }, at: which, to: DrivePath(destination),
            into: destination.hasSuffix("/"), recursive: recursive, options: ChangeOptions())
    }

    private func text(_ drive: Drive, _ path: String) async throws -> String {
        String(decoding: try await drive.head().bytes(path), as: UTF8.self)
    }

    @Test func `copies go where those of cp go`() async throws {
        try await withTree { _, drive in
            _ = try await copy(drive, "/d/file", to: "/copy", recursive: false)
            _ = try await copy(drive, "/d/file", to: "/other", recursive: false)
            _ = try await copy(drive, "/top", to: "/new/deeper/", recursive: false)
            _ = try await copy(drive, "/d", to: "/renamed")
            _ = try await copy(drive, "/d", to: "/other")
            _ = try await copy(drive, "/d", "/top", to: "/both")
            let head = try await drive.head()
            #expect(try await head.names("/") == ["both", "copy", "d", "new", "other", "renamed", "top"])
            #expect(try await text(drive, "/copy") == "old")
            #expect(try await text(drive, "/other/file") == "old")
            #expect(try await head.names("/new/deeper") == ["top"])
            #expect(try await head.names("/renamed") == ["file", "sub"])
            #expect(try await text(drive, "/other/d/sub/deep") == "deep")
            #expect(try await head.names("/both") == ["d", "top"])
            let (renamed, original) = (try DrivePath("/renamed"), try DrivePath("/d"))
            #expect(try await head.entry(at: renamed) == head.entry(at: original))
        }
    }

    @Test func `a directory over a directory merges with it, and a file replaces a file`() async throws {
        try await withTree { fixture, drive in
            _ = try await drive.put(fixture.write([1], to: "x"), to: "/target/d/sub/mine")
            _ = try await drive.put(fixture.write([2], to: "y"), to: "/target/d/file")
            _ = try await copy(drive, "/d", to: "/target")
            let head = try await drive.head()
            #expect(try await head.names("/target/d/sub") == ["deep", "mine"])
            #expect(try await text(drive, "/target/d/file") == "old")
            #expect(try await drive.snapshot(at: "head~1").bytes("/target/d/file") == [2])
            let second = try await copy(drive, "/d", to: "/target")
            #expect(!second.hasCommit, "the second time nothing changes")
        }
    }

    @Test func `what cannot be copied is refused, and makes no commit`() async throws {
        try await withTree { fixture, drive in
            let declared = fixture.network.declarations.count
            func refuses(_ matches: (DriveError) -> Bool, _ body: () async throws -> Void) async {
                do {
                    try await body()
                    Issue.record("nothing was thrown")
                } catch let error as DriveError {
                    #expect(matches(error), "\(error)")
                } catch { Issue.record("\(error)") }
            }
            await refuses({ if case .isADirectory = $0 { true } else { false } }) {
                _ = try await copy(drive, "/d", to: "/x", recursive: false)
            }
            await refuses({ if case .notFound = $0 { true } else { false } }) {
                _ = try await copy(drive, "/nothing", to: "/x")
            }
            for destination in ["/d/sub/", "/d/x", "/d"] {
                await refuses({ if case .invalidPath = $0 { true } else { false } }) {
                    _ = try await copy(drive, "/d", to: destination)
                }
            }
            await refuses({ if case .invalidPath = $0 { true } else { false } }) {
                _ = try await copy(drive, "/", to: "/d")
            }
            await refuses({ if case .invalidPath = $0 { true } else { false } }) {
                _ = try await copy(drive, "/top", to: "/top")
            }
            await refuses({ if case .notADirectory = $0 { true } else { false } }) {
                _ = try await copy(drive, "/d/file", to: "/top/")
            }
            _ = try await drive.makeDirectories([DrivePath("/other/top")], parents: false, options: ChangeOptions())
            await refuses({ if case .directoryInTheWay = $0 { true } else { false } }) {
                _ = try await copy(drive, "/top", to: "/other/")
            }
            #expect(fixture.network.declarations.count == declared + 1)
        }
    }

    @Test func `an earlier state is copied back, a file, a directory or all of it`() async throws {
        try await withTree { fixture, drive in
            let before = try await drive.head()
            _ = try await drive.put(fixture.write([9], to: "x"), to: "/d/file")
            _ = try await drive.remove([DrivePath("/other")], recursive: true, options: ChangeOptions())
            let number = "\(before.commit.sequence)"
            _ = try await copy(drive, "/d/file", at: number, to: "/d/file", recursive: false)
            #expect(try await text(drive, "/d/file") == "old")
            _ = try await copy(drive, "/other", at: number, to: "/")
            #expect(try await text(drive, "/other/file") == "there")
            _ = try await copy(drive, "/", at: number, to: "/then")
            #expect(try await drive.head().names("/then") == ["d", "other", "top"])
            _ = try await drive.remove(
                ["/d", "/top"].map { try DrivePath($0) }, recursive: true, options: ChangeOptions())
            _ = try await copy(drive, "/", at: number, to: "/")
            #expect(try await drive.head().names("/") == ["d", "other", "then", "top"])
            // Also for a machine that has never seen any of it.
            let other = try fixture.drive(home: "second", device: .random())
            #expect(try await other.adopt(fixture.root).bytes("/then/d/sub/deep") == Array("deep".utf8))
        }
    }

    @Test func `copying a directory sends one commit and none of the contents, however much there is`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            for number in 0..<300 { _ = try fixture.write(noise(2000, seed: UInt64(number)), to: "many/\(number)") }
            _ = try fixture.write(noise(20 << 20), to: "many/large")
            _ = try await drive.put(Array(fixture.path("many").path.utf8), to: "/many")
            let declared = fixture.network.declarations.count
            let result = try await copy(drive, "/many", to: "/again")
            #expect(result.hasCommit && fixture.network.declarations.count == declared + 1)
            let head = try await drive.head()
            let (again, many) = (
                try await head.entry(at: DrivePath("/again")), try await head.entry(at: DrivePath("/many"))
            )
            #expect(again == many)
            #expect(try await head.bytes("/again/large") == noise(20 << 20))
        }
    }
}
