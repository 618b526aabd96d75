import BlobStore
import DriveFormat
import Foundation
import Sealing
import SystemPackage
import Testing

@testable import Drive

struct RoundTripTests {
    @Test func `a small file comes back, here and in a second process`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let content = noise(10_000)
            let report = try await drive.put(fixture.write(content, to: "small"), to: "/small")
            #expect(report.files == 1 && report.failures.isEmpty)
            #expect(try await drive.head().bytes("/small") == content)
            let second = try fixture.drive()
            #expect(try await second.head().bytes("/small") == content)
            #expect(try await second.head().commit.sequence == 2)
        }
    }

    @Test func `the phrase alone brings the drive back`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let content = noise(700_000)
            _ = try await drive.put(fixture.write(content, to: "file"), to: "/file")
            try FileManager.default.createDirectory(at: fixture.path("scratch"), withIntermediateDirectories: true)
            let found = try await Drive.find(
                fixture.root, chain: fixture.network, nodes: fixture.network,
                scratch: .init(fixture.path("scratch").path), logger: drive.logger
            ).drives
            #expect(found.map(\.name) == ["main"])
            #expect(found.first?.sequence == 2)
            let recovered = try fixture.drive(home: "second", device: .random(), id: found.first?.id.value)
            let head = try await recovered.adopt(fixture.root)
            #expect(head.commit.sequence == 2)
            #expect(try await head.bytes("/file") == content)
            #expect(try await recovered.head().bytes("/file") == content)
            // And it goes on from there.
            _ = try await recovered.put(fixture.write([1, 2, 3], to: "tiny"), to: "/tiny")
            #expect(try await recovered.head().names("/") == ["file", "tiny"])
            #expect(try await recovered.head().bytes("/file") == content)
            #expect(try await drive.head().bytes("/tiny") == [1, 2, 3])
            #expect(try await drive.head().bytes("/file") == content)
        }
    }

    @Test(arguments: [0, 1, 128, 129, 200 << 10, 300 << 10, 5 << 20])
    func `a file of any length comes back`(length: Int) async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let content = noise(length, seed: UInt64(length))
            _ = try await drive.put(fixture.write(content, to: "file"), to: "/file")
            let head = try await drive.head()
            #expect(try await head.bytes("/file") == content)
            #expect(try await head.entry(at: DrivePath("/file")).size == UInt64(length))
        }
    }

    @Test func `a file of several segments comes back`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let content = noise(40 << 20)
            _ = try await drive.put(fixture.write(content, to: "file"), to: "/file")
            #expect(try await fixture.drive().head().bytes("/file") == content)
        }
    }
}
