import Foundation
import Glibc
import TestSupport
import Testing

@testable import LocalCache

/// A disk of a few megabytes, which root can make.
struct SmallDisk {
    static let isPossible: Bool = (try? with(byteCount: 1 << 20) { _ in }) != nil

    struct Impossible: Error {}

    static func with<R>(byteCount: Int, _ body: (CacheFixture) throws -> R) throws -> R {
        let place = FileManager.default.temporaryDirectory.appending(path: "cessdrive-test-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: place) }
        guard mount("tmpfs", place, "tmpfs", 0, "size=\(byteCount)") == 0 else { throw Impossible() }
        defer { umount2(place, Int32(MNT_DETACH)) }
        return try body(CacheFixture(directory: place + "/cache"))
    }
}

@Suite(.enabled(if: SmallDisk.isPossible, "no tmpfs can be mounted here"))
struct FullDiskTests {
    private static let limits = CacheFixture.limits(segment: 200_000)

    /// Writes until the disk is full, and returns how many chunks of 30,000 bytes there are.
    private func fill(_ cache: LocalCache, _ file: FileNumber) throws -> Int {
        for chunk in 0..<1000 {
            do {
                try cache.write(
                    [UInt8](repeating: UInt8(truncatingIfNeeded: chunk), count: 30_000), to: file,
                    at: UInt64(chunk * 30_000))
            } catch {
                #expect(error == .full)
                return chunk
            }
        }
        return 0
    }

    private func expect(_ cache: LocalCache, _ file: FileNumber, chunks: Int) throws {
        #expect(cache.kinds(file, 0..<UInt64.max) == [Kind(0..<UInt64(chunks * 30_000), .dirty)])
        for chunk in 0..<chunks {
            let start = UInt64(chunk * 30_000)
            #expect(
                try cache.whole(file, start..<start + 30_000)?.allSatisfy { $0 == UInt8(truncatingIfNeeded: chunk) }
                    == true)
        }
    }

    @Test func `on a full disk writers find it full, nothing of theirs is visible, and nothing else is lost`() throws {
        try SmallDisk.with(byteCount: 4 << 20) { fixture in
            let file = FileNumber(1)
            var count = 0
            do {
                let cache = try fixture.open(Self.limits)
                count = try fill(cache, file)
                #expect(count > 80)
                for _ in 0..<5 {
                    #expect(throws: CacheError.full) {
                        try cache.write([UInt8](repeating: 1, count: 300_000), to: file, at: 0)
                    }
                }
                try expect(cache, file, chunks: count)
            }
            let cache = try fixture.open(Self.limits)
            #expect(cache.report == ReplayReport())
            try expect(cache, file, chunks: count)
        }
    }

    @Test func `a full disk has room for what makes room, and everything goes on`() throws {
        try SmallDisk.with(byteCount: 4 << 20) { fixture in
            let cache = try fixture.open(Self.limits)
            let (first, second) = (FileNumber(1), FileNumber(2))
            let count = try fill(cache, first)
            for round in 0..<50 as Range<UInt8> {
                try cache.apply([.record(.put(key: [round], value: [])), .remove(FileNumber(9))])
            }
            try cache.clean(cache.freeze(first), records: [.put(key: [1], value: [2])])
            // What is clean now goes when the writer needs room.
            let again = try fill(cache, second)
            #expect(again > count * 3 / 4)
            try expect(cache, second, chunks: again)
            try cache.apply([.remove(second)])
            #expect(try fill(cache, first) > count * 3 / 4)
            try cache.close()
            let (_, records) = try fixture.openWithRecords(Self.limits)
            #expect(records.count == 50 && records[[1]] == [2])
        }
    }

    @Test func `others' files on the disk are room that the cache gives back when it can`() throws {
        try SmallDisk.with(byteCount: 4 << 20) { fixture in
            var limits = Self.limits
            limits.minimumFreeByteCount = 2 << 20
            let cache = try fixture.open(limits)
            for part in 0..<200 as Range<UInt64> {
                try cache.keep([UInt8](repeating: 3, count: 30_000), of: FileNumber(1), at: part * 30_000)
            }
            #expect(cache.byteCount < 2 << 20)
        }
    }
}
