import BlobStore
import CESS
import DriveFormat
import Foundation
import Primitives
import Substrate
import Synchronization
import SystemPackage
import Testing

@testable import Drive

/// Volumes are sent while the rest of their change is still being staged.
struct SendingAheadTests {
    private struct Broken: Error {}

    /// Gives `content`, and before its last MiB waits.
    private static func stream(
        of content: [UInt8], waiting wait: @escaping @Sendable () async throws -> Void
    ) -> @Sendable (Int) async throws -> [UInt8] {
        let read = Mutex(0)
        return { wanted in
            let from = read.withLock { $0 }
            if from >= content.count - 1 << 20 { try await wait() }
            let bytes = Array(content[from..<min(from + min(wanted, 1 << 20), content.count)])
            read.withLock { $0 += bytes.count }
            return bytes
        }
    }

    private static func until(_ condition: () -> Bool) async throws {
        while !condition() { try await Task.sleep(for: .milliseconds(2)) }
    }

    @Test(.timeLimit(.minutes(5)))
    func `full volumes are files before the last bytes of their change are read`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created(segmentsPerVolume: 1)
            let content = noise(80 << 20)
            _ = try await drive.put(
                stream: Self.stream(of: content) { try await Self.until { fixture.network.files.count == 3 } },
                to: DrivePath("/file"), options: ChangeOptions())
            #expect(try await drive.head().bytes("/file") == content)
            #expect(Set(fixture.network.declarations).count == fixture.network.declarations.count)
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `what a broken change has sent is the next one's, and no deal stays open`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created(segmentsPerVolume: 1)
            let content = noise(80 << 20)
            await #expect(throws: Broken.self) {
                _ = try await drive.put(
                    stream: Self.stream(of: content) {
                        try await Self.until { fixture.network.files.count == 3 }
                        throw Broken()
                    }, to: DrivePath("/file"), options: ChangeOptions())
            }
            #expect(try await drive.head().names("/").isEmpty)
            let sent = fixture.network.sentByteCount

            // Of another process, and with another content.
            let next = try fixture.drive(segmentsPerVolume: 1)
            _ = try await next.put(fixture.write([1], to: "small"), to: "/small")
            #expect(fixture.network.deals.isEmpty)
            #expect(try await next.status().spooledBytes == 0)

            // The same again: of what was full nothing is sent again.
            let between = fixture.network.sentByteCount
            _ = try await next.put(fixture.write(content, to: "file"), to: "/file")
            let again = fixture.network.sentByteCount - between
            #expect(again < sent, "\(again) of \(sent)")
            #expect(try await fixture.drive().head().bytes("/file") == content)

            // Everything that the territory holds is in the drive.
            try FileManager.default.createDirectory(at: fixture.path("scratch"), withIntermediateDirectories: true)
            let report = try await next.check(
                scratch: FilePath(fixture.path("scratch").path), options: CheckOptions()
            ) { Issue.record("\($0)") }
            #expect(report.volumes == fixture.network.files.count)
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a volume that somebody else declares while it is sent ahead is stored under another name`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created(segmentsPerVolume: 1)
            let thief = AccountID(SHA256.hash([UInt8]("thief".utf8)))
            fixture.network.addTerritory(of: thief, named: Array("theirs".utf8))
            // Rows are sent, and none of them makes a file of the deal.
            fixture.network.setFault(.unreporting, of: 0..<15)
            let content = noise(70 << 20)
            _ = try await drive.put(
                stream: Self.stream(of: content) {
                    try await Self.until { !fixture.network.deals.isEmpty }
                    fixture.network.redeclareDeals(of: fixture.account, by: thief, territory: Array("theirs".utf8))
                    fixture.network.setFault(nil, of: 0..<15)
                }, to: DrivePath("/file"), options: ChangeOptions())
            #expect(try await drive.head().bytes("/file") == content)
            fixture.network.forgetFiles(Array(fixture.network.deals.keys))
            #expect(try await fixture.drive().head().bytes("/file") == content)
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a change that turns out too large leaves room for others`() async throws {
        try await DriveFixture.with(territory: 12 * 96 << 20) { fixture in
            let drive = try await fixture.created(segmentsPerVolume: 1)
            let content = noise(300 << 20)
            await #expect(throws: StoreError.self) {
                _ = try await drive.put(fixture.write(content, to: "file"), to: "/file")
            }
            let declared = fixture.network.declarations.count
            #expect(
                1 + 1...1 + 2 ~= declared,
                "at most a quarter of the eleven segments that were left beside the first commit")
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `no more than two volumes are declared that are not sent`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created(segmentsPerVolume: 1)
            let content = noise(230 << 20)
            let most = Mutex(0)
            // Rows go four at a time, so a volume takes three times this, and its declaration once.
            fixture.network.setFault(.slow(.milliseconds(700)), of: 0..<15)
            _ = try await drive.put(
                stream: Self.stream(of: content) {
                    try await Self.until {
                        most.withLock { $0 = max($0, fixture.network.deals.count) }
                        return fixture.network.files.count >= 4
                    }
                    fixture.network.setFault(nil, of: 0..<15)
                }, to: DrivePath("/file"), options: ChangeOptions())
            #expect(most.withLock { $0 } <= 3, "two, and one that was sent and is not reported yet")
            #expect(try await drive.head().bytes("/file") == content)
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a change that is to stay on this machine sends nothing`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created(segmentsPerVolume: 1)
            let declared = fixture.network.declarations.count
            var options = ChangeOptions()
            options.stage = .staged
            _ = try await drive.put(fixture.write(noise(70 << 20), to: "file"), to: "/file", options: options)
            #expect(fixture.network.declarations.count == declared)
        }
    }
}
