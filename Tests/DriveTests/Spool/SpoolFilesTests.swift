import DriveFormat
import Foundation
import Primitives
import TestSupport
import Testing

@testable import BlobStore

struct SpoolFilesTests {
    /// A segment's file of 1 MiB with bytes at some places and holes elsewhere.
    private static func withSegment(
        data places: [Range<Int>], _ body: (SpoolFiles, VolumeID, [UInt8]) throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let files = try SpoolFiles(directory: directory.path)
            let volume = VolumeID(.random())
            var expected = [UInt8](repeating: 0, count: 1 << 20)
            let path = files.path(volume, 0)
            #expect(FileManager.default.createFile(atPath: path, contents: nil))
            let file = try FileHandle(forUpdating: URL(filePath: path))
            for place in places {
                let bytes = [UInt8].pattern(count: place.count)
                expected.replaceSubrange(place, with: bytes)
                try file.seek(toOffset: UInt64(place.lowerBound))
                try file.write(contentsOf: Data(bytes))
            }
            try file.truncate(atOffset: 1 << 20)
            try file.close()
            try body(files, volume, expected)
        }
    }

    @Test(arguments: [
        [], [0..<1 << 20], [0..<5000], [300_000..<300_001], [0..<4096, 500_000..<700_000], [1_000_000..<1 << 20],
    ])
    func `what is read without the zeros at its end is otherwise the same`(data: [Range<Int>]) async throws {
        try await Self.withSegment(data: data) { files, volume, expected in
            for range in [0..<1 << 20, 0..<262_144, 262_144..<524_288, 600_000..<1_000_001, 77..<78] {
                let whole = try #require(try files.read(range, of: 0, in: volume))
                #expect(whole == Array(expected[range]))
                let trimmed = try #require(try files.read(range, of: 0, in: volume, isTrimmed: true))
                #expect(trimmed + [UInt8](repeating: 0, count: range.count - trimmed.count) == whole)
                // Files have holes where this runs, or the saving is none.
                if data.isEmpty { #expect(trimmed.isEmpty) }
            }
        }
    }

    @Test func `of a file that is shorter nothing is read, nor of one that is gone`() async throws {
        try await Self.withSegment(data: [0..<5000]) { files, volume, _ in
            for isTrimmed in [false, true] {
                let beyond = try files.read(0..<(1 << 20) + 1, of: 0, in: volume, isTrimmed: isTrimmed)
                let gone = try files.read(0..<1, of: 1, in: volume, isTrimmed: isTrimmed)
                #expect(beyond == nil && gone == nil)
            }
        }
    }
}
