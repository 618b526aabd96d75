import Foundation
import Primitives
import TestSupport
import Testing

@testable import LocalCache

struct ReopeningTests {
    private static let big: UInt32 = 1 << 20

    @Test(arguments: [true, false])
    func `a cache is found as it was left, closed or not`(closes: Bool) throws {
        try CacheFixture.with { fixture in
            let content = [UInt8].pattern(count: 200_000)
            var file = FileNumber(0)
            do {
                let cache = try fixture.open()
                file = cache.newFile()
                for offset in stride(from: 0, to: 200_000, by: 8000) {
                    try cache.write(
                        Array(content[offset..<offset + 8000]), to: file, at: UInt64(offset),
                        records: [.put(key: [UInt8(offset / 8000)], value: Array(content[0..<3]))])
                }
                try cache.apply([.erase(file, 200_000..<300_000), .record(.delete(key: [3]))])
                if closes { try cache.close() }
            }
            for _ in 0..<3 {
                let (cache, records) = try fixture.openWithRecords()
                #expect(cache.report == ReplayReport())
                #expect(records.count == 24 && records[[4]] == Array(content[0..<3]))
                #expect(try cache.whole(file, 0..<200_000) == content)
                #expect(
                    cache.kinds(file, 0..<400_000) == [Kind(0..<200_000, .dirty), Kind(200_000..<300_000, .dirtyHole)])
                try cache.write(Array(content[0..<10]), to: file, at: 0)
                #expect(cache.newFile() > file)
            }
        }
    }

    @Test func `opening and closing leaves no files behind`() throws {
        try CacheFixture.with { fixture in
            for _ in 0..<3 { try fixture.open().close() }
            #expect(try fixture.segmentNames().isEmpty)
        }
    }

    @Test func `no file number is given twice, even where nothing was written under it`() throws {
        try CacheFixture.with { fixture in
            var seen: Set<FileNumber> = []
            for round in 0..<6 {
                let cache = try fixture.open()
                #expect(seen.insert(cache.newFile()).inserted)
                #expect(seen.insert(cache.newFile()).inserted)
                try cache.apply([.record(.put(key: [1], value: [UInt8(round)]))])
                if round % 2 == 0 { try cache.makeRoom(.max) }
            }
        }
    }

    @Test func `another key is refused, and nothing is changed`() throws {
        try CacheFixture.with { fixture in
            do { try fixture.open().write([1, 2, 3], to: FileNumber(1)) }
            let before = try fixture.segmentNames().map { try fixture.contents($0) }
            let other = Secret(copying: [UInt8](repeating: 8, count: 32))
            #expect(throws: CacheError.wrongKey(directory: fixture.directory)) { try fixture.open(key: other) }
            #expect(try fixture.segmentNames().map { try fixture.contents($0) } == before)
            #expect(try fixture.open().whole(FileNumber(1), 0..<3) == [1, 2, 3])
        }
    }

    @Test func `after reopening nothing is appended to an old segment but its footer`() throws {
        try CacheFixture.with { fixture in
            do { try fixture.open().write([1, 2, 3], to: FileNumber(1)) }
            let first = try #require(try fixture.segmentNames().first)
            let records = try fixture.contents(first)
            do { _ = try fixture.open() }
            let before = try fixture.contents(first)
            #expect(before.starts(with: records))
            do { try fixture.open().write([4], to: FileNumber(1)) }
            #expect(try fixture.segmentNames().count == 2)
            #expect(try fixture.contents(first) == before)
        }
    }

    @Test func `a torn end is reported, and what is written after it is found`() throws {
        try CacheFixture.with { fixture in
            do {
                let cache = try fixture.open()
                try cache.write([1, 2, 3], to: FileNumber(1))
                try cache.write([4, 5, 6], to: FileNumber(1))
            }
            let first = try #require(try fixture.segmentNames().first)
            try fixture.replace(first, with: try fixture.contents(first).dropLast(5))
            do {
                let cache = try fixture.open()
                #expect(cache.report.tornByteCount > 0 && cache.report.setAside.isEmpty)
                #expect(try cache.whole(FileNumber(1), 0..<3) == [1, 2, 3])
                try cache.write([7], to: FileNumber(1), at: 3)
            }
            let cache = try fixture.open()
            #expect(cache.report == ReplayReport())
            #expect(try cache.whole(FileNumber(1), 0..<4) == [1, 2, 3, 7])
        }
    }

    /// Three processes, each with a segment of its own; the first one's is damaged.
    @Test func `what follows a segment that is not whole is set aside, never deleted, and does not come back`() throws {
        try CacheFixture.with { fixture in
            var first: [UInt8] = []
            for number in 1...3 as ClosedRange<UInt8> {
                let cache = try fixture.open()
                try cache.write([number], to: FileNumber(1), at: 0)
                try cache.write([number], to: FileNumber(1), at: UInt64(number))
                // Before the next one writes a footer.
                if number == 1 { first = try fixture.contents(try #require(fixture.segmentNames().first)) }
            }
            let names = try fixture.segmentNames()
            first[first.count - 1] ^= 1
            try fixture.replace(names[0], with: first)
            do {
                let cache = try fixture.open()
                #expect(cache.report.setAside.count == 2)
                #expect(cache.report.setAside.allSatisfy { FileManager.default.fileExists(atPath: $0) })
                #expect(cache.kinds(FileNumber(1), 0..<9) == [Kind(0..<1, .dirty)])
                try cache.write([9], to: FileNumber(1), at: 0)
            }
            // The renaming was not durable, and the files are there again.
            for name in names[1...] { try fixture.replace(name, with: try fixture.contents(name + ".aside")) }
            let cache = try fixture.open()
            #expect(try cache.whole(FileNumber(1), 0..<1) == [9])
            #expect(cache.report.setAside.count == 2)
        }
    }

    @Test func `files without a header count as never made`() throws {
        try CacheFixture.with { fixture in
            do { try fixture.open().write([1], to: FileNumber(1)) }
            try fixture.replace("00000002.log", with: [])
            do { try fixture.open().write([2], to: FileNumber(1), at: 1) }
            try fixture.replace("00000002.log", with: [UInt8](repeating: 0, count: 5000))
            let cache = try fixture.open()
            #expect(cache.report == ReplayReport())
            #expect(try cache.whole(FileNumber(1), 0..<2) == [1, 2])
            #expect(try fixture.segmentNames() == ["00000001.log", "00000003.log"])
        }
    }

    @Test func `files with strange names are left alone`() throws {
        try CacheFixture.with { fixture in
            do { try fixture.open().write([1], to: FileNumber(1)) }
            let names = [
                "+0000007.log", "7.log", "4294967294.log", "00000000.log", "99999999999.log", "x.log", "00000009.txt",
            ]
            for name in names { try fixture.replace(name, with: [1, 2, 3]) }
            do {
                let cache = try fixture.open()
                #expect(cache.report == ReplayReport())
                try cache.write([2], to: FileNumber(1), at: 1)
            }
            #expect(try fixture.open().whole(FileNumber(1), 0..<2) == [1, 2])
            #expect(FileManager.default.fileExists(atPath: fixture.path("00000002.log")))
            for name in names { #expect(try fixture.contents(name) == [1, 2, 3]) }
        }
    }

    @Test func `a missing oldest segment is reported, one that was cleaned is not`() throws {
        try CacheFixture.with { fixture in
            do {
                let cache = try fixture.open()
                for part in 0..<20 as Range<UInt64> {
                    try cache.write([UInt8].pattern(count: 9000), to: FileNumber(1), at: part * 9000)
                }
                try cache.apply([.remove(FileNumber(1))])
                try cache.makeRoom(100_000)
                try cache.write([1], to: FileNumber(1))
            }
            #expect(try fixture.open().report == ReplayReport())
            let copy = try fixture.copy("missing")
            let names = try copy.segmentNames()
            try #require(names.count > 1)
            try FileManager.default.removeItem(atPath: copy.path(names[0]))
            #expect(try copy.open().report.missing == [UInt32(names[0].prefix(8))])
            copy.remove()
        }
    }

    @Test func `syncing says when everything is durable`() throws {
        try CacheFixture.with { fixture in
            let cache = try fixture.open()
            #expect(cache.isSynced)
            try cache.write([1], to: FileNumber(1))
            #expect(!cache.isSynced)
            try cache.sync()
            #expect(cache.isSynced)
        }
    }

    @Test func `closed segments have footers after a sync, and open without being scanned`() throws {
        try CacheFixture.with { fixture in
            do {
                let cache = try fixture.open()
                for part in 0..<20 as Range<UInt64> {
                    try cache.write([UInt8].pattern(count: 9000), to: FileNumber(1), at: part * 9000)
                }
                try cache.close()
            }
            try expectFooters(fixture)
        }
    }

    @Test func `what a process that died has left is scanned once`() throws {
        try CacheFixture.with { fixture in
            do {
                let cache = try fixture.open()
                for part in 0..<20 as Range<UInt64> {
                    try cache.write([UInt8].pattern(count: 9000), to: FileNumber(1), at: part * 9000)
                }
            }
            do { #expect(try fixture.open().report == ReplayReport()) }
            try expectFooters(fixture)
        }
    }

    @Test func `what is torn stays until a newer segment says that it does not count`() throws {
        try CacheFixture.with { fixture in
            do { try fixture.open().write([UInt8].pattern(count: 9000), to: FileNumber(1)) }
            let name = try #require(try fixture.segmentNames().first)
            let whole = try fixture.contents(name)
            let torn = whole + [UInt8].pattern(count: 500)
            try fixture.replace(name, with: torn)
            do {
                let cache = try fixture.open()
                #expect(cache.report.tornByteCount == 500)
                #expect(try fixture.contents(name) == torn)
                try cache.write([1], to: FileNumber(2))
            }
            do {
                let cache = try fixture.open()
                #expect(try cache.whole(FileNumber(1), 0..<9000) == [UInt8].pattern(count: 9000))
                #expect(try cache.whole(FileNumber(2), 0..<1) == [1])
            }
            let now = try fixture.contents(name)
            #expect(now.starts(with: whole) && now.suffix(8).elementsEqual("cessfoot".utf8))
        }
    }

    /// Payloads of segments with footers are looked at when they are read.
    private func expectFooters(_ fixture: CacheFixture) throws {
        for name in try fixture.segmentNames() {
            var bytes = try fixture.contents(name)
            bytes[5000] ^= 1
            try fixture.replace(name, with: bytes)
        }
        let cache = try fixture.open()
        #expect(cache.report == ReplayReport())
        #expect(cache.dirtyByteCount == 180_000)
        #expect(throws: CacheError.self) { try cache.read(FileNumber(1), 0..<9000) }
    }
}
