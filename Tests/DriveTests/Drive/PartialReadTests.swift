import DriveFormat
import Foundation
import TestSupport
import Testing

@testable import Drive

struct PartialReadTests {
    private static func part(_ range: Range<UInt64>, of file: Entry, _ snapshot: Snapshot) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await snapshot.read(file, range: range) { bytes += $0 }
        return bytes
    }

    /// Long and short pieces, and a hole between them.
    private static func content() -> [UInt8] {
        let text = Array(String(repeating: "a line of text that compresses\n", count: 60_000).utf8)
        return noise(3_000_000, seed: 7) + [UInt8](repeating: 0, count: 4_000_000) + text
    }

    @Test(arguments: [0, 100, 70_000, 8_860_000])
    func `any part of a file is what stands there, and nothing stands behind its end`(count: Int) async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            let content = Array(Self.content().prefix(count))
            let url = fixture.path("file")
            try fixture.write([], to: "file")
            let handle = try FileHandle(forWritingTo: url)
            try handle.write(contentsOf: content.prefix(3_000_000))
            if content.count > 7_000_000 {
                try handle.seek(toOffset: 7_000_000)
                try handle.write(contentsOf: content[7_000_000...])
            }
            try handle.close()
            _ = try await drive.put(Array(url.path.utf8), to: "/file")
            let snapshot = try await drive.head()
            let file = try await snapshot.file(at: DrivePath("/file"))
            var random = SplitMix64(seed: UInt64(count))
            for _ in 0..<60 {
                let start = Int.random(in: 0...count, using: &random)
                let length = Int.random(in: 0...5_000_000, using: &random) >> Int.random(in: 0...16, using: &random)
                let end = start + length
                let expected = Array(content[start..<min(end, count)])
                #expect(try await Self.part(UInt64(start)..<UInt64(end), of: file, snapshot) == expected)
            }
            #expect(try await Self.part(0..<UInt64.max, of: file, snapshot) == content)
            #expect(try await Self.part(UInt64(count)..<UInt64.max, of: file, snapshot).isEmpty)
        }
    }

    @Test func `a small part of a large file is fetched without the rest`() async throws {
        try await DriveFixture.with { fixture in
            let drive = try await fixture.created()
            _ = try await drive.put(fixture.write(noise(20_000_000), to: "file"), to: "/file")
            let snapshot = try await fixture.drive().head()
            let file = try await snapshot.file(at: DrivePath("/file"))
            _ = try await Self.part(0..<1, of: file, snapshot)
            fixture.network.forgetRequests()
            #expect(try await Self.part(12_345_678..<12_349_774, of: file, snapshot).count == 4096)
            #expect(fixture.network.requestedPlaceCount <= 128 << 10)
        }
    }
}
