import Primitives
import TestSupport
import Testing

@testable import LocalCache

struct ContentTests {
    @Test(arguments: [1, 4095, 4096, 4097, 100_000], [0, 1, 4096, 1 << 40] as [UInt64])
    func `what was written is read`(count: Int, offset: UInt64) throws {
        try CacheFixture.with { fixture in
            let cache = try fixture.open()
            let file = cache.newFile()
            let bytes = [UInt8].pattern(count: count)
            try cache.write(bytes, to: file, at: offset)
            let range = offset..<offset + UInt64(count)
            #expect(try cache.whole(file, range) == bytes)
            let middle = UInt64(count / 3)..<UInt64(count)
            #expect(
                try cache.whole(file, offset + middle.lowerBound..<offset + middle.upperBound)
                    == Array(bytes[(count / 3)...]))
            #expect(cache.kinds(file, 0..<UInt64.max) == [Kind(range, .dirty)])
            #expect(cache.dirtyByteCount == UInt64(count))
        }
    }

    @Test func `a write shadows what it covers and nothing else`() throws {
        try CacheFixture.with { fixture in
            let cache = try fixture.open()
            let file = cache.newFile()
            var expected = [UInt8].pattern(count: 20_000)
            try cache.write(expected, to: file)
            let patch = [UInt8](repeating: 0xff, count: 5000)
            try cache.write(patch, to: file, at: 7777)
            expected.replaceSubrange(7777..<12_777, with: patch)
            #expect(try cache.whole(file, 0..<20_000) == expected)
            #expect(cache.dirtyByteCount == 20_000)
        }
    }

    @Test func `what was never written is not here`() throws {
        try CacheFixture.with { fixture in
            let cache = try fixture.open()
            let file = cache.newFile()
            try cache.write([1, 2, 3], to: file, at: 10)
            let (bytes, filled) = try cache.read(file, 8..<15)
            #expect(filled == [10..<13])
            #expect(bytes == [0xaa, 0xaa, 1, 2, 3, 0xaa, 0xaa])
            #expect(try cache.read(FileNumber(99), 0..<4).1.isEmpty)
        }
    }

    @Test func `what is kept fills only what is not here, and is clean`() throws {
        try CacheFixture.with { fixture in
            let cache = try fixture.open()
            let file = cache.newFile()
            try cache.write([1, 1], to: file, at: 4)
            try cache.keep([2, 2, 2, 2, 2, 2, 2, 2], of: file, at: 1)
            #expect(try cache.whole(file, 1..<9) == [2, 2, 2, 1, 1, 2, 2, 2])
            #expect(cache.kinds(file, 0..<20) == [Kind(1..<4, .clean), Kind(4..<6, .dirty), Kind(6..<9, .clean)])
            let before = cache.byteCount
            try cache.keep([9, 9, 9], of: file, at: 3)
            #expect(cache.byteCount == before)
        }
    }

    @Test func `what was erased reads as zeros and is dirty`() throws {
        try CacheFixture.with { fixture in
            let cache = try fixture.open()
            let file = cache.newFile()
            try cache.write([1, 2, 3, 4], to: file)
            try cache.apply([.erase(file, 1..<3), .erase(file, 10..<1 << 50)])
            #expect(try cache.whole(file, 0..<4) == [1, 0, 0, 4])
            #expect(try cache.whole(file, 1 << 49..<(1 << 49) + 3) == [0, 0, 0])
            #expect(cache.extents(of: file, in: 10..<20).first?.kind == .dirtyHole)
        }
    }

    @Test func `truncation and removal leave nothing`() throws {
        try CacheFixture.with { fixture in
            let cache = try fixture.open()
            let (a, b) = (cache.newFile(), cache.newFile())
            try cache.write([1, 2, 3, 4], to: a)
            try cache.write([5, 6], to: b)
            try cache.apply([.truncate(a, to: 2), .remove(b)])
            #expect(cache.kinds(a, 0..<9) == [Kind(0..<2, .dirty)])
            #expect(cache.kinds(b, 0..<9).isEmpty)
            #expect(cache.dirtyByteCount == 2)
        }
    }

    @Test func `what is too large for one change is refused`() throws {
        try CacheFixture.with { fixture in
            let cache = try fixture.open()
            let file = cache.newFile()
            #expect(throws: CacheError.tooLarge) { try cache.write([1], to: file, at: .max) }
            #expect(throws: CacheError.tooLarge) {
                try cache.write([1, 1], to: file, at: CacheLimits.fileByteCount - 1)
            }
            #expect(throws: CacheError.tooLarge) {
                try cache.apply([.record(.put(key: [1], value: [UInt8](repeating: 0, count: 17 << 20)))])
            }
            #expect(throws: CacheError.tooLarge) { try cache.apply([.erase(file, 0..<UInt64.max)]) }
            #expect(cache.byteCount <= 96 && cache.kinds(file, 0..<UInt64.max).isEmpty)
        }
    }

    @Test func `beyond the limit of dirty bytes writers find it full, until some are clean`() throws {
        try CacheFixture.with { fixture in
            let cache = try fixture.open()
            cache.limitDirty(to: 10)
            let file = cache.newFile()
            try cache.write([UInt8](repeating: 1, count: 8), to: file)
            #expect(throws: CacheError.full) { try cache.write([1, 2, 3], to: file, at: 8) }
            try cache.clean(cache.freeze(file))
            try cache.write([1, 2, 3], to: file, at: 8)
        }
    }

    @Test func `whether a cache is open can be asked without being in anybody's way`() throws {
        try CacheFixture.with { fixture in
            #expect(try LocalCache.isOpen(in: fixture.directory) == nil)
            let cache = try fixture.open()
            #expect(try LocalCache.isOpen(in: fixture.directory) == true)
            // Asking has not taken the lock from whoever has it.
            #expect(throws: CacheError.inUse(directory: fixture.directory)) { try fixture.open() }
            try cache.close()
            #expect(try LocalCache.isOpen(in: fixture.directory) == false)
            _ = try fixture.open()
        }
    }

    @Test func `a closed cache refuses changes, and can be opened again`() throws {
        try CacheFixture.with { fixture in
            let cache = try fixture.open()
            try cache.write([1], to: cache.newFile())
            #expect(throws: CacheError.inUse(directory: fixture.directory)) { try fixture.open() }
            try cache.close()
            #expect(throws: CacheError.closed) { try cache.write([1], to: cache.newFile()) }
            _ = try fixture.open()
        }
    }
}
