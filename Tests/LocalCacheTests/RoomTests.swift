import Foundation
import TestSupport
import Testing

@testable import LocalCache

struct RoomTests {
    @Test func `what is clean is evicted over the limit, what is dirty never`() throws {
        try CacheFixture.with { fixture in
            let cache = try fixture.open(CacheFixture.limits(300_000))
            let (dirty, clean) = (cache.newFile(), cache.newFile())
            let content = [UInt8].pattern(count: 50_000)
            for part in 0..<10 {
                try cache.write(Array(content[part * 5000..<part * 5000 + 5000]), to: dirty, at: UInt64(part) * 5000)
                for piece in 0..<20 as Range<UInt64> {
                    try cache.keep(content, of: clean, at: (UInt64(part) * 20 + piece) * 50_000)
                }
            }
            #expect(cache.byteCount < 450_000)
            #expect(try cache.whole(dirty, 0..<50_000) == content)
            #expect(cache.dirtyByteCount == 50_000)
            // The last that were kept are there, and right.
            #expect(try cache.whole(clean, 199 * 50_000..<200 * 50_000) == content)
            #expect(cache.extents(of: clean, in: 0..<50_000).isEmpty)
            try cache.close()
            let again = try fixture.open()
            #expect(try again.whole(dirty, 0..<50_000) == content)
            #expect(again.report == ReplayReport())
        }
    }

    @Test func `the limit is exceeded where everything is dirty`() throws {
        try CacheFixture.with { fixture in
            let cache = try fixture.open(CacheFixture.limits(100_000))
            let file = cache.newFile()
            let content = [UInt8].pattern(count: 500_000)
            for offset in stride(from: 0, to: 500_000, by: 10_000) {
                try cache.write(Array(content[offset..<offset + 10_000]), to: file, at: UInt64(offset))
            }
            #expect(try cache.whole(file, 0..<500_000) == content)
            try cache.clean(cache.freeze(file))
            try cache.makeRoom()
            #expect(cache.byteCount < 100_000)
        }
    }

    @Test func `making all the room there is leaves what is dirty and the records`() throws {
        try CacheFixture.with { fixture in
            let cache = try fixture.open()
            let (dirty, clean) = (cache.newFile(), cache.newFile())
            for number in 0..<200 as Range<UInt64> {
                try cache.keep([UInt8].pattern(count: 3000), of: clean, at: number * 3000)
                try cache.write([UInt8(number)], to: dirty, at: number)
                try cache.apply([.record(.put(key: [UInt8(number % 10)], value: [UInt8(number)]))])
                if number % 20 == 0 { try cache.apply([.record(.delete(key: [UInt8(number % 7)]))]) }
            }
            try cache.apply([.erase(dirty, 1000..<2000)])
            try cache.makeRoom(.max)
            #expect(cache.byteCount < 10_000)
            #expect(cache.extents(of: clean, in: 0..<UInt64.max).isEmpty)
            #expect(try cache.whole(dirty, 0..<200) == (0..<200).map { UInt8($0) })
            #expect(cache.kinds(dirty, 500..<3000) == [Kind(1000..<2000, .dirtyHole)])
            try cache.close()
            let (again, records) = try fixture.openWithRecords()
            #expect(records == Dictionary(uniqueKeysWithValues: (190..<200).map { ([UInt8($0 % 10)], [UInt8($0)]) }))
            #expect(try again.whole(dirty, 0..<200) == (0..<200).map { UInt8($0) })
            #expect(again.report == ReplayReport())
        }
    }

    @Test func `what was removed does not come back when its segments are cleaned`() throws {
        try CacheFixture.with { fixture in
            var cache = try fixture.open()
            let (gone, kept) = (cache.newFile(), cache.newFile())
            for round in 0..<12 as Range<UInt64> {
                try cache.write([UInt8].pattern(count: 9000), to: gone)
                try cache.apply([.record(.put(key: [1], value: [2]))])
                try cache.write([UInt8].pattern(count: 9000), to: kept, at: round * 9000)
                try cache.apply([.remove(gone), .record(.delete(key: [1]))])
                try cache.makeRoom(1)
                if round % 3 == 2 {
                    try cache.close()
                    let (again, records) = try fixture.openWithRecords()
                    #expect(records.isEmpty)
                    cache = again
                }
                #expect(cache.kinds(gone, 0..<UInt64.max).isEmpty)
                #expect(cache.dirtyByteCount == (round + 1) * 9000)
            }
        }
    }

    @Test func `clean bytes that were read survive one cleaning within the limits`() throws {
        try CacheFixture.with { fixture in
            let cache = try fixture.open(CacheFixture.limits(200_000))
            let file = cache.newFile()
            try cache.keep([UInt8].pattern(count: 4000), of: file)
            _ = try cache.read(file, 0..<4000)
            for number in 1..<45 as Range<UInt64> {
                try cache.keep([UInt8].pattern(count: 5000), of: file, at: number * 5000)
            }
            #expect(cache.extents(of: file, in: 5000..<20_000).isEmpty)
            #expect(try cache.whole(file, 0..<4000) == [UInt8].pattern(count: 4000))
        }
    }

    @Test func `dirty bytes that cannot be moved keep their segment`() throws {
        try CacheFixture.with { fixture in
            let cache = try fixture.open()
            let file = cache.newFile()
            try cache.write([UInt8].pattern(count: 4000), to: file)
            let name = try #require(try fixture.segmentNames().first)
            var bytes = try fixture.contents(name)
            bytes[bytes.count - 100] ^= 1
            let handle = try #require(FileHandle(forUpdatingAtPath: fixture.path(name)))
            try handle.write(contentsOf: Data(bytes))
            try cache.keep([UInt8].pattern(count: 40_000), of: file, at: 5000)
            #expect(throws: CacheError.damaged(file, 0..<4000)) { try cache.makeRoom(.max) }
            #expect(throws: CacheError.damaged(file, 0..<4000)) { try cache.read(file, 0..<4000) }
            #expect(try fixture.segmentNames().contains(name))
            // Once they are overwritten, everything goes on.
            try cache.write([UInt8].pattern(count: 4000), to: file)
            try cache.makeRoom(.max)
            #expect(try !fixture.segmentNames().contains(name))
        }
    }

    @Test func `damaged clean bytes are not here, and can be kept again`() throws {
        try CacheFixture.with { fixture in
            let cache = try fixture.open()
            let file = cache.newFile()
            let content = [UInt8].pattern(count: 10_000)
            try cache.keep(content, of: file)
            let name = try #require(try fixture.segmentNames().first)
            var bytes = try fixture.contents(name)
            bytes[bytes.count - 100] ^= 1
            let handle = try #require(FileHandle(forUpdatingAtPath: fixture.path(name)))
            try handle.write(contentsOf: Data(bytes))
            #expect(try cache.read(file, 0..<10_000).1.isEmpty)
            try cache.keep(content, of: file)
            #expect(try cache.whole(file, 0..<10_000) == content)
        }
    }
}
