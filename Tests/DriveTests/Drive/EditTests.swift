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

struct EditTests {
    private func expect(
        _ path: String, _ matches: (DriveError) -> Bool, _ body: () async throws -> Void
    ) async {
        do {
            try await body()
            Issue.record("nothing was thrown for \(path)")
        } catch let error as DriveError {
            #expect(matches(error), "\(error)")
        } catch { Issue.record("\(error)") }
    }

    @Test func `directories are made, moved and removed as in a file system`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let options = ChangeOptions()
            func path(_ text: String) throws -> DrivePath { try DrivePath(text) }
            _ = try await drive.makeDirectories([path("/a/b/c"), path("/d")], parents: true, options: options)
            _ = try await drive.put(fixture.write([1, 2, 3], to: "file"), to: "/a/file")
            #expect(try await drive.head().names("/a") == ["b", "file"])
            let declared = fixture.network.declarations.count

            await expect("mkdir /a", { if case .exists = $0 { true } else { false } }) {
                _ = try await drive.makeDirectories([path("/a")], parents: false, options: options)
            }
            await expect("mkdir /x/y", { if case .notFound = $0 { true } else { false } }) {
                _ = try await drive.makeDirectories([path("/x/y")], parents: false, options: options)
            }
            await expect("mkdir -p /a/file/x", { if case .notADirectory = $0 { true } else { false } }) {
                _ = try await drive.makeDirectories([path("/a/file/x")], parents: true, options: options)
            }
            await expect("rm /a", { if case .isADirectory = $0 { true } else { false } }) {
                _ = try await drive.remove([path("/a")], recursive: false, options: options)
            }
            await expect("rm /nothing", { if case .notFound = $0 { true } else { false } }) {
                _ = try await drive.remove([path("/nothing")], recursive: true, options: options)
            }
            await expect("mv /a /a/b", { if case .invalidPath = $0 { true } else { false } }) {
                _ = try await drive.move(path("/a"), to: path("/a/b"), options: options)
            }
            await expect("mv /nothing /x", { if case .notFound = $0 { true } else { false } }) {
                _ = try await drive.move(path("/nothing"), to: path("/x"), options: options)
            }
            #expect(fixture.network.declarations.count == declared, "what fails makes no commit")

            _ = try await drive.move(path("/a"), to: path("/d"), options: options)
            #expect(try await drive.head().names("/d/a") == ["b", "file"])
            _ = try await drive.move(path("/d/a/file"), to: path("/renamed"), options: options)
            #expect(try await drive.head().bytes("/renamed") == [1, 2, 3])
            _ = try await drive.remove([path("/d")], recursive: true, options: options)
            #expect(try await drive.head().names("/") == ["renamed"])
        }
    }

    @Test func `every commit stays readable by its number, its id and its time`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            for number in 1...3 {
                var options = ChangeOptions()
                options.message = "number \(number)"
                _ = try await drive.put(
                    fixture.write([UInt8](repeating: UInt8(number), count: 500), to: "file"), to: "/file",
                    options: options)
            }
            _ = try await drive.remove([DrivePath("/file")], recursive: false, options: ChangeOptions())
            let log = try await fixture.drive().log()
            #expect(log.map(\.commit.sequence) == [5, 4, 3, 2, 1])
            #expect(log[1].commit.message == Array("number 3".utf8))
            #expect(try await log[2].bytes("/file").first == 2)
            let reader = try fixture.drive()
            #expect(try await reader.snapshot(at: "head~3").bytes("/file").first == 1)
            #expect(try await reader.snapshot(at: String(log[1].id.prefix(12))).bytes("/file").first == 3)
            #expect(try await reader.snapshot(at: "2100-01-01").commit.sequence == 5)
            await #expect(throws: DriveError.self) { try await reader.snapshot(at: "head~9") }
            // Also where nothing of it is known.
            let other = try fixture.drive(home: "second", device: .random())
            _ = try await other.adopt(fixture.root)
            #expect(try await other.snapshot(at: "head~2").bytes("/file").first == 2)
        }
    }

    @Test func `a change that changes nothing makes no commit and sends nothing`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let source = try fixture.write(noise(2_000_000), to: "tree/file")
            _ = try fixture.write([7], to: "tree/small")
            let tree = Array(source.dropLast("/file".utf8.count))
            _ = try await drive.put(tree, to: "/tree")
            let sent = fixture.network.sentByteCount
            let declared = fixture.network.declarations.count
            for _ in 0..<2 {
                let (report, result) = try await fixture.drive().put(
                    [tree], to: DrivePath("/tree"), into: false, options: ChangeOptions())
                #expect(!result.hasCommit && report.unchanged == 2 && report.bytes == 0)
            }
            #expect(fixture.network.sentByteCount == sent)
            #expect(fixture.network.declarations.count == declared)
        }
    }

    @Test func `equal contents are stored once`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let content = noise(20 << 20)
            _ = try await drive.put(fixture.write(content, to: "first"), to: "/first")
            let sent = fixture.network.sentByteCount
            _ = try await drive.put(fixture.write(content, to: "second"), to: "/second")
            #expect(fixture.network.sentByteCount - sent < 4 << 20)
            #expect(try await drive.head().bytes("/second") == content)
        }
    }

    @Test(arguments: [false, true])
    func `a volume that somebody else declares on its way is stored under another name`(
        withoutHashes: Bool
    ) async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created(segmentsPerVolume: 1)
            let thief = AccountID(SHA256.hash([UInt8]("thief".utf8)))
            fixture.network.addTerritory(of: thief, named: Array("theirs".utf8))
            var options = ChangeOptions()
            options.stage = .declared
            let content = noise(40 << 20)
            _ = try await drive.put(fixture.write(content, to: "file"), to: "/file", options: options)
            fixture.network.redeclareDeals(
                of: fixture.account, by: thief, territory: Array("theirs".utf8), withoutHashes: withoutHashes)
            let stolen = Array(fixture.network.deals.keys)
            #expect(stolen.count >= 2)
            _ = try await drive.finish(ChangeOptions())
            let own = Set(
                fixture.network.files.filter { $0.value.owners.allSatisfy { $0.user == fixture.account } }.keys)
            #expect(own.isDisjoint(with: stolen), "nothing that counts is the thief's to delete")
            // Whatever he does with his.
            fixture.network.forgetFiles(stolen)
            for machine in [try fixture.drive(), try fixture.drive(home: "second", device: .random())] {
                let head = try await machine === drive ? machine.head() : machine.adopt(fixture.root)
                #expect(try await head.bytes("/file") == content)
            }
            _ = try await drive.put(fixture.write([1], to: "more"), to: "/more")
            #expect(try await drive.head().names("/") == ["file", "more"])
        }
    }

    @Test(arguments: [3, 4, 6, 9])
    func `a change that dies while a volume gets another name is made anew`(step: Int) async throws {
        try await DriveFixture.with { fixture in
            _ = try await fixture.created(segmentsPerVolume: 1)
            let thief = AccountID(SHA256.hash([UInt8]("thief".utf8)))
            fixture.network.addTerritory(of: thief, named: Array("theirs".utf8))
            let dying = FaultyNetwork(fixture.network, cutAt: .max, hasEffect: false)
            var options = ChangeOptions()
            options.observer = { event in
                guard case .reached(.declared) = event else { return }
                // The contents', not the commit's, which is declared last.
                let contents = fixture.network.declarations.dropLast()
                fixture.network.redeclareDeals(
                    of: fixture.account, by: thief, territory: Array("theirs".utf8), only: Set(contents))
                dying.cut(after: step)
            }
            let content = noise(40 << 20)
            let source = try fixture.write(content, to: "file")
            await #expect(throws: (any Error).self) {
                try await fixture.drive(segmentsPerVolume: 1, through: dying).put(source, to: "/file", options: options)
            }
            #expect(try await fixture.drive(segmentsPerVolume: 1).finish(ChangeOptions()) != nil)
            for machine in ["first", "second"] {
                let drive = try fixture.drive(home: machine, device: machine == "first" ? nil : .random())
                let head = try await machine == "first" ? drive.head() : drive.adopt(fixture.root)
                #expect(try await head.bytes("/file") == content, "on the \(machine) machine")
            }
        }
    }

    @Test func `what an interrupted change has staged is neither placed nor kept by another one`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created(segmentsPerVolume: 1)
            let before = fixture.network.sentByteCount
            let source = try fixture.write(noise(70 << 20), to: "large")
            let task = Task {
                var options = ChangeOptions()
                options.stage = .staged
                options.observer = { event in
                    if case .staging(let read, _) = event, read > 65 << 20 { withUnsafeCurrentTask { $0?.cancel() } }
                }
                _ = try await drive.put(source, to: "/large", options: options)
            }
            _ = try? await task.value
            #expect(try await drive.status().spooledBytes > 16 << 20)
            _ = try await drive.put(fixture.write(noise(3000), to: "note"), to: "/note")
            #expect(fixture.network.sentByteCount - before < 40 << 20, "one segment at most was not sealed yet")
            #expect(try await drive.status().spooledBytes == 0)
            #expect(try await drive.head().names("/") == ["note"])
        }
    }

    @Test func `a staged change is merged onto what another machine committed meanwhile`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            for name in ["common", "theirs", "ours", "removed"] {
                _ = try await drive.put(fixture.write(Array("old".utf8), to: name), to: "/d/\(name).txt")
            }
            let other = try fixture.drive(home: "second", device: .random())
            _ = try await other.adopt(fixture.root)
            var options = ChangeOptions()
            options.stage = .staged
            for name in ["common", "ours", "new/file"] {
                _ = try fixture.write(Array("our".utf8), to: "side/\(name).txt")
            }
            _ = try await drive.put(Array(fixture.path("side").path.utf8), to: "/d", options: options)
            for name in ["common", "theirs"] {
                _ = try await other.put(fixture.write(Array("their".utf8), to: name), to: "/d/\(name).txt")
            }
            _ = try await other.put(fixture.write(Array("their".utf8), to: "x"), to: "/d/new/other.txt")
            _ = try await other.remove([DrivePath("/d/removed.txt")], recursive: false, options: ChangeOptions())

            #expect(try await drive.finish(ChangeOptions()) != nil)
            let head = try await drive.head()
            let names = try await head.names("/d")
            #expect(names.count == 5 && names.first?.hasPrefix("common (conflict ") == true)
            #expect(Array(names.dropFirst()) == ["common.txt", "new", "ours.txt", "theirs.txt"])
            #expect(try await head.bytes("/d/common.txt") == Array("their".utf8))
            #expect(try await head.bytes("/d/\(names[0])") == Array("our".utf8))
            #expect(try await head.bytes("/d/ours.txt") == Array("our".utf8))
            #expect(try await head.bytes("/d/theirs.txt") == Array("their".utf8))
            #expect(try await head.names("/d/new") == ["file.txt", "other.txt"])
            #expect(try await other.head().bytes("/d/new/file.txt") == Array("our".utf8))
            #expect(try await drive.status().spooledBytes == 0)
        }
    }

    @Test func `a conflict's copy does not get the name of something else that we have changed`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try await drive.put(fixture.write([0], to: "file"), to: "/d/file")
            let other = try fixture.drive(home: "second", device: .random())
            _ = try await other.adopt(fixture.root)
            _ = try await other.put(fixture.write([9], to: "file"), to: "/d/file")
            // The very name that the copy would get, in this minute or the next.
            let host = String(decoding: DeviceIdentity.hostName, as: UTF8.self)
            let now = Timestamp.now
            let names = [0, 60].map { seconds in
                let minute = Moment.minute(Timestamp(seconds: now.seconds + Int64(seconds), nanoseconds: 0))
                return "file (conflict \(host) \(minute))"
            }
            _ = try fixture.write([1], to: "d/file")
            for name in names { _ = try fixture.write([2], to: "d/\(name)") }
            var options = ChangeOptions()
            options.stage = .staged
            let stale = try fixture.drive(home: "first")
            _ = try await stale.put(Array(fixture.path("d").path.utf8), to: "/d", options: options)
            _ = try await other.put(fixture.write([8], to: "file"), to: "/d/file")
            #expect(try await stale.finish(ChangeOptions()) != nil)
            let head = try await stale.head()
            for name in names { #expect(try await head.bytes("/d/\(name)") == [2]) }
            #expect(try await head.bytes("/d/file") == [8])
            let copies = try await head.names("/d").filter { $0 != "file" && !names.contains($0) }
            #expect(copies.count == 1)
            for copy in copies { #expect(try await head.bytes("/d/\(copy)") == [1]) }
        }
    }

    @Test func `two changes of one machine wait for each other`() async throws {
        try await DriveFixture.with { fixture in
            _ = try await fixture.created()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<3 {
                    let source = try fixture.write([UInt8(number)], to: "\(number)")
                    group.addTask { _ = try await fixture.drive().put(source, to: "/\(number)") }
                    group.addTask { _ = try await fixture.drive().head() }
                }
                try await group.waitForAll()
            }
            #expect(try await fixture.drive().head().names("/") == ["0", "1", "2"])
        }
    }
}

extension Bool {
    mutating func take() -> Bool {
        defer { self = false }
        return self
    }
}
