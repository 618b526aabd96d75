import BlobStore
import DriveFormat
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import Drive

/// Python knows the system's calls by itself: what it sets and sees is not what our own calls make of it.
struct AttributeTests {
    private static func python(_ script: String, in directory: URL) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-c", "import os\n" + script]
        process.currentDirectoryURL = directory
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(script)")
        return String(decoding: output, as: UTF8.self)
    }

    /// Whether the tests' file system takes attributes of users; those of root where root runs them.
    private static let isSupported: Bool = {
        let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: directory) }
        do {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            _ = try python("os.setxattr('.', 'user.a', b'1')", in: directory)
            return true
        } catch { return false }
    }()

    /// `name attribute value`, of everything, links not followed.
    private static let listing = """
        for top, directories, files in os.walk('.'):
            for name in sorted(set(files + directories + ['.'])):
                path = os.path.join(top, name)
                for attribute in sorted(os.listxattr(path, follow_symlinks=False)):
                    print(os.path.normpath(path), attribute, os.getxattr(path, attribute, follow_symlinks=False).hex())
        """

    private static func list(_ directory: URL) throws -> [String] {
        Set(try python(listing, in: directory).split(separator: "\n").map(String.init)).sorted()
    }

    private func path(_ url: URL) -> [UInt8] { Array(url.path.utf8) }

    @Test(.enabled(if: isSupported, "the temporary directory's file system has no extended attributes"))
    func `attributes of files and directories come back, few and many, empty and large`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            for name in ["file", "large", "d/many", "none"] { _ = try fixture.write(noise(700), to: "tree/\(name)") }
            _ = try Self.python(
                """
                os.setxattr('file', 'user.comment', b'a note'); os.setxattr('file', 'user.empty', b'')
                os.setxattr('file', 'user.bytes', bytes(range(256)))
                os.setxattr('large', 'user.large', os.urandom(3000))
                for i in range(40): os.setxattr('d/many', f'user.number{i}', os.urandom(40))
                os.setxattr('d', 'user.directory', b'of a directory'); os.setxattr('.', 'user.top', b'top')
                os.chmod('file', 0o400); os.chmod('d', 0o500)
                """, in: fixture.path("tree"))
            if geteuid() == 0 {
                _ = try Self.python(
                    """
                    os.symlink('nowhere', 'link'); os.mkfifo('pipe')
                    for name in ['link', 'pipe', 'file']:
                        os.setxattr(name, 'trusted.root', name.encode(), follow_symlinks=False)
                    """, in: fixture.path("tree"))
            }
            let report = try await drive.put(path(fixture.path("tree")), to: "/tree")
            #expect(report.failures.isEmpty)
            let head = try await fixture.drive().head()
            let got = try await head.get(
                [DrivePath("/tree")], to: path(fixture.path("out")), into: false, replacing: false)
            #expect(got.failures.isEmpty)
            let before = try Self.list(fixture.path("tree"))
            #expect(before.count >= 45)
            #expect(try Self.list(fixture.path("out")) == before)
            let mode = try LocalFile.status(of: path(fixture.path("out/file")), followingLinks: false).mode
            #expect(mode == 0o400)
            // Few stand in the entry, many in a blob, and the reader tells them alike.
            guard case .inline = try await head.entry(at: DrivePath("/tree/file")).attributes,
                case .blob = try await head.entry(at: DrivePath("/tree/d/many")).attributes,
                case .none = try await head.entry(at: DrivePath("/tree/none")).attributes
            else {
                Issue.record("attributes are not where the format has them")
                return
            }
            let many = try await head.attributes(of: head.entry(at: DrivePath("/tree/d/many")))
            #expect(many.count == 40)
        }
    }

    @Test(.enabled(if: isSupported, "the temporary directory's file system has no extended attributes"))
    func `attributes alone are a change, and an unchanged tree is none`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try fixture.write(noise(700), to: "tree/file")
            _ = try Self.python("os.setxattr('file', 'user.a', b'1')", in: fixture.path("tree"))
            func put() async throws -> (TransferReport, ChangeResult) {
                try await drive.put(
                    [path(fixture.path("tree"))], to: DrivePath("/tree"), into: false, options: ChangeOptions())
            }
            #expect(try await put().1.hasCommit)
            #expect(try await !put().1.hasCommit)
            for (script, expected) in [
                ("os.setxattr('file', 'user.a', b'2')", ["2"]), ("os.removexattr('file', 'user.a')", []),
            ] {
                _ = try Self.python(script, in: fixture.path("tree"))
                #expect(try await put().1.hasCommit)
                let head = try await drive.head()
                let found = try await head.attributes(of: head.entry(at: DrivePath("/tree/file")))
                #expect(found.map { String(decoding: $0.value, as: UTF8.self) } == expected)
            }
            _ = try Self.python("os.setxattr('.', 'user.top', b'1')", in: fixture.path("tree"))
            #expect(try await put().1.hasCommit)
            #expect(try await !put().1.hasCommit)
        }
    }

    /// An ACL with an entry for user 12345, as the kernel has it: version 2, then tag, permissions, id.
    private static let accessLists = """
        import struct
        def acl(*entries): return struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *entry) for entry in entries)
        nobody = 0xffffffff
        access = acl((1, 6, nobody), (2, 4, 12345), (4, 4, nobody), (0x10, 6, nobody), (0x20, 0, nobody))
        """

    @Test(.enabled(if: isSupported, "the temporary directory's file system has no extended attributes"))
    func `access lists come back, and what a directory hands down does not stay`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            for name in ["guarded", "plain", "d/inside"] { _ = try fixture.write([1, 2], to: "tree/\(name)") }
            _ = try Self.python(
                Self.accessLists + """

                    for name in ['guarded', 'd']: os.setxattr(name, 'system.posix_acl_access', access)
                    os.setxattr('d', 'system.posix_acl_default', access)
                    os.chmod('plain', 0o640)
                    """, in: fixture.path("tree"))
            _ = try await drive.put(path(fixture.path("tree")), to: "/tree")
            // Into a directory that hands its own list down.
            try FileManager.default.createDirectory(at: fixture.path("out"), withIntermediateDirectories: true)
            _ = try Self.python(
                Self.accessLists + "\nos.setxattr('.', 'system.posix_acl_default', access)", in: fixture.path("out"))
            let got = try await drive.head().get(
                [DrivePath("/tree")], to: path(fixture.path("out/tree")), into: false, replacing: false)
            #expect(got.failures.isEmpty)
            let before = try Self.list(fixture.path("tree"))
            #expect(before.count == 3)
            #expect(try Self.list(fixture.path("out/tree")) == before)
            for name in ["guarded", "plain", "d/inside", "d"] {
                let modes = try ["tree", "out/tree"].map {
                    try LocalFile.status(of: path(fixture.path("\($0)/\(name)")), followingLinks: false).mode
                }
                #expect(modes[0] == modes[1], "\(name)")
            }
        }
    }

    @Test(.enabled(if: isSupported && geteuid() == 0, "only root has capabilities to give"))
    func `capabilities and set-user-id survive the owner`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            for name in ["capable", "setuid"] { _ = try fixture.write(noise(300), to: "tree/\(name)") }
            _ = try Self.python(
                """
                for name in ['capable', 'setuid']: os.chown(name, 1234, 4321)
                os.chmod('setuid', 0o6755); os.chmod('capable', 0o755)
                os.setxattr('capable', 'security.capability', bytes.fromhex('0100000200040000000000000000000000000000'))
                """, in: fixture.path("tree"))
            _ = try await drive.put(path(fixture.path("tree")), to: "/tree")
            let got = try await drive.head().get(
                [DrivePath("/tree")], to: path(fixture.path("out")), into: false, replacing: false)
            #expect(got.failures.isEmpty)
            #expect(try Self.list(fixture.path("out")) == Self.list(fixture.path("tree")))
            #expect(try Self.list(fixture.path("out")).count == 1)
            for name in ["capable", "setuid"] {
                let was = try LocalFile.status(of: path(fixture.path("tree/\(name)")), followingLinks: false)
                let isNow = try LocalFile.status(of: path(fixture.path("out/\(name)")), followingLinks: false)
                #expect(isNow.mode == was.mode && isNow.uid == 1234 && isNow.gid == 4321)
                #expect(isNow.modified == was.modified)
            }
        }
    }

    @Test func `what a file system refuses is named, attribute by attribute`() {
        var refused = RefusedAttributes()
        #expect(refused.isEmpty)
        refused.note(.notPermitted, of: Array("trusted.a".utf8))
        refused.note(.notSupported, of: Array("user.b".utf8))
        #expect(!refused.isEmpty)
        #expect(refused.description == "its attributes trusted.a, user.b: \(Errno.notPermitted.description)")
        refused.note(.readOnlyFileSystem)
        #expect(
            refused.description.hasPrefix("its owner, mode or times: \(Errno.readOnlyFileSystem.description); its "))
    }
}
