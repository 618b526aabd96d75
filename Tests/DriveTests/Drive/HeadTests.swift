import BlobStore
import CESS
import DriveFormat
import Foundation
import Sealing
import Primitives
import Substrate
import Synchronization
import SystemPackage
import Testing

@testable import Drive

struct HeadTests {
    @Test func `a chain that shows less than was seen is refused`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let (early, history) = fixture.network.state.withLock { ($0.chain, $0.history) }
            _ = try await drive.put(fixture.write([1], to: "file"), to: "/file")
            fixture.network.state.withLock {
                $0.chain = early
                $0.history = history
            }
            await #expect(throws: StoreError.rollback(seen: 2, shown: 0)) { try await drive.head() }
            await #expect(throws: StoreError.rollback(seen: 2, shown: 0)) {
                try await drive.put(fixture.write([2], to: "other"), to: "/other")
            }
        }
    }

    @Test func `a list that has lost volumes of the head is made whole by asking for them`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let content = noise(1_000_000)
            _ = try await drive.put(fixture.write(content, to: "file"), to: "/file")
            _ = try await drive.put(fixture.write([2], to: "other"), to: "/other")
            let newest = try await drive.head().found.fid
            fixture.network.state.withLock { state in
                state.chain.held[fixture.account]?.removeAll { $0.fid.bytes != newest }
            }
            _ = try await fixture.network.bestBlock()
            _ = try await fixture.network.bestBlock()
            #expect(try await drive.head().bytes("/file") == content)
            let other = try fixture.drive(home: "second", device: .random())
            #expect(try await other.adopt(fixture.root).bytes("/file") == content)
        }
    }

    @Test func `a list that has lost the head is refused where nothing else is known`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try await drive.put(fixture.write([2], to: "other"), to: "/other")
            let newest = try await drive.head().found.fid
            fixture.network.state.withLock { state in
                state.chain.held[fixture.account]?.removeAll { $0.fid.bytes == newest }
            }
            for _ in 0..<3 { _ = try await fixture.network.bestBlock() }
            #expect(try await drive.head().commit.sequence == 2, "this machine knows what is missing")
            let other = try fixture.drive(home: "second", device: .random())
            await #expect(throws: StoreError.incompleteList(missing: 96 << 20)) { try await other.adopt(fixture.root) }
        }
    }

    @Test func `a drive is read with eight nodes dead, or four lying`() async throws {
        try await DriveFixture.with(nodes: 12) { fixture in
            let drive = try await fixture.created()
            let content = noise(6 << 20)
            _ = try await drive.put(fixture.write(content, to: "file"), to: "/file")
            fixture.network.setFault(.dead, of: 0..<8)
            #expect(try await fixture.drive(home: "a", device: .random()).adopt(fixture.root).bytes("/file") == content)
            fixture.network.setFault(nil, of: 0..<8)
            fixture.network.setFault(.corrupting, of: 2..<6)
            fixture.network.setFault(.dead, of: 8..<12)
            #expect(try await fixture.drive(home: "b", device: .random()).adopt(fixture.root).bytes("/file") == content)
        }
    }

    @Test func `a machine that remembers nothing does not take an old chain for the newest`() async throws {
        try await DriveFixture.with { fixture in
            _ = try await fixture.created()
            fixture.network.chainAge.withLock { $0 = 3600 }
            let other = try fixture.drive(home: "second", device: .random())
            do {
                _ = try await other.adopt(fixture.root)
                Issue.record("it was taken")
            } catch DriveError.staleNetwork(let age) { #expect(3600...3700 ~= age) }
            try FileManager.default.createDirectory(at: fixture.path("scratch"), withIntermediateDirectories: true)
            let scratch = FilePath(fixture.path("scratch").path)
            await #expect(throws: DriveError.self) {
                try await Drive.find(
                    fixture.root, chain: fixture.network, nodes: fixture.network, scratch: scratch,
                    logger: other.logger)
            }
            fixture.network.chainAge.withLock { $0 = 300 }
            #expect(try await other.adopt(fixture.root).commit.sequence == 1)
        }
    }

    @Test func `what this machine remembers of a drive tells a thief of its disk nothing`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let content = noise(987_654)
            var options = ChangeOptions()
            options.message = "the message"
            let source = try fixture.write(content, to: "file")
            let attribute = Attribute(name: Array("user.the attribute".utf8), value: Array("the value".utf8))
            // Not every file system has attributes.
            try? LocalFile.openDirectory(Array(fixture.directory.path.utf8)).set(attribute, of: Array("file".utf8))
            _ = try await drive.put(source, to: "/the name", options: options)
            options.stage = .declared
            _ = try await drive.put(fixture.write(noise(54_321, seed: 2), to: "other"), to: "/other", options: options)

            var secrets = ["the name", "the message", "the attribute", "the value"].map { Array($0.utf8) }
            secrets.append(Array(content[1000..<1032]))
            secrets.append(fixture.account.bytes.bytes)
            for fid in fixture.network.files.keys { secrets += [fid.bytes.bytes, Array(fid.bytes.hex.utf8)] }
            for node in fixture.network.accounts { secrets.append(node.bytes.bytes) }
            for file in fixture.network.files.values { secrets += file.segments.map(\.hash.bytes.bytes) }
            let home = fixture.directory.appending(path: "drives")
            let files = try #require(FileManager.default.enumerator(at: home, includingPropertiesForKeys: nil))
            var read = 0
            while let file = files.nextObject() as? URL {
                guard let bytes = try? Data(contentsOf: file) else { continue }
                read += 1
                for secret in secrets { #expect(bytes.range(of: Data(secret)) == nil, "\(file.lastPathComponent)") }
            }
            #expect(read >= 3)
        }
    }

    @Test func `a branch with a greater number is no excuse for a head that is gone`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let other = try fixture.drive(home: "second", device: .random())
            _ = try await other.adopt(fixture.root)
            let (early, history) = fixture.network.state.withLock { ($0.chain, $0.history) }
            _ = try await drive.put(fixture.write([1], to: "file"), to: "/file")
            // A server that hides this commit, and shows two of the other machine on top of the first.
            fixture.network.state.withLock {
                $0.chain = early
                $0.history = history
            }
            for name in ["a", "b"] { _ = try await other.put(fixture.write([2], to: name), to: "/\(name)") }
            #expect(try await other.head().commit.sequence == 3)
            await #expect(throws: StoreError.rollback(seen: 2, shown: 3)) { try await drive.head() }
        }
    }

    @Test func `a phrase whose files are missing from the list is not said to have no drive`() async throws {
        try await DriveFixture.with { fixture in
            _ = try await fixture.created()
            fixture.network.state.withLock { $0.chain.held[fixture.account] = [] }
            for _ in 0..<3 { _ = try await fixture.network.bestBlock() }
            try FileManager.default.createDirectory(at: fixture.path("scratch"), withIntermediateDirectories: true)
            let search = try await Drive.find(
                fixture.root, chain: fixture.network, nodes: fixture.network,
                scratch: FilePath(fixture.path("scratch").path), logger: fixture.drive().logger)
            #expect(search.drives.isEmpty && search.missingBytes == 96 << 20)
        }
    }

    @Test func `fragment hashes that a server lied about when the next commit was made cost nothing later`()
        async throws
    {
        try await DriveFixture.with(nodes: 12) { fixture in
            let drive = try await fixture.created()
            let content = noise(3 << 20)
            _ = try await drive.put(fixture.write(content, to: "file"), to: "/file")
            let fid = FID(try await drive.head().found.fid)
            // Zeros need no node, so one true row is enough to read the commit: the fifth.
            let liar = FaultyNetwork(fixture.network) { file in
                guard file == fixture.network.files[fid] else { return file }
                var file = file
                file.segments = file.segments.map { segment in
                    let fragments = segment.fragments.enumerated().map { row, fragment in
                        let isTrue = row == 4 || fragment.hash == .zero
                        return isTrue
                            ? fragment
                            : FragmentInfo(hash: FragmentHash(SHA256.hash([UInt8(row)])), node: fragment.node)
                    }
                    return SegmentInfo(hash: segment.hash, fragments: fragments)
                }
                return file
            }
            let misled = try fixture.drive(home: "second", device: .random(), through: liar)
            _ = try await misled.adopt(fixture.root)
            _ = try await misled.put(fixture.write([1], to: "more"), to: "/more")
            let file = try #require(fixture.network.files[fid])
            let accounts = fixture.network.accounts
            fixture.network.setFault(
                .dead, of: accounts.indices.filter { accounts[$0] == file.segments[0].fragments[4].node })
            let third = try fixture.drive(home: "third", device: .random())
            #expect(try await third.adopt(fixture.root).bytes("/file") == content)
        }
    }

    @Test func `what this machine has committed is not read again for the next change`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            for number in 0..<3 { _ = try await drive.put(fixture.write([UInt8(number)], to: "f"), to: "/\(number)") }
            fixture.network.forgetRequests()
            _ = try await fixture.drive().head()
            #expect(fixture.network.requests.isEmpty)
        }
    }

    @Test func `a drive of many commits is found by a machine that knows none of them, or the first`() async throws {
        try await DriveFixture.with { fixture in
            // Small volumes stay, so that there are many.
            let drive = try await fixture.created(partialLimit: .max)
            let lagging = try fixture.drive(home: "lagging", device: .random())
            _ = try await lagging.adopt(fixture.root)
            // So many that the set of volumes has several nodes; of these the last changes leave one as it is.
            var count: UInt8 = 0
            var rest = 3
            while rest > 0 {
                count += 1
                _ = try await drive.put(fixture.write([count], to: "file"), to: "/\(count)")
                if try #require(try await drive.head().commit.volumes).level > 0 { rest -= 1 }
            }
            let new = try fixture.drive(home: "new", device: .random())
            #expect(try await new.adopt(fixture.root).bytes("/7") == [7])
            #expect(try await new.log().count == Int(count) + 1)
            #expect(try await lagging.head().bytes("/\(count)") == [count])
        }
    }

    @Test func `a machine whose memory of the drive was lost reads and writes on`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try await drive.put(fixture.write([1], to: "file"), to: "/file")
            for suffix in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: drive.home.database.string + suffix)
            }
            let next = try fixture.drive()
            #expect(try await next.head().bytes("/file") == [1])
            _ = try await next.put(fixture.write([2], to: "more"), to: "/more")
            #expect(try await fixture.drive().head().names("/") == ["file", "more"])
        }
    }
}
