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
            _ = try await drive.put(fixture.write(content, to: "file"), to: "/the name", options: options)
            options.stage = .declared
            _ = try await drive.put(fixture.write(noise(54_321, seed: 2), to: "other"), to: "/other", options: options)

            var secrets = ["the name", "the message"].map { Array($0.utf8) }
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
}
