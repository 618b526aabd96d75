import TestSupport
import Testing

@testable import LocalCache

struct FreezeTests {
    private func bytes(_ frozen: FrozenFile, _ range: Range<UInt64>) throws -> [UInt8]? {
        var bytes = [UInt8](repeating: 0xaa, count: range.count)
        var span = bytes.mutableSpan
        return try frozen.read(range, into: &span) == [range] ? bytes : nil
    }

    @Test func `a frozen file stays as it is while the file is changed, cleaned and evicted`() throws {
        try CacheFixture.with { fixture in
            let cache = try fixture.open()
            let file = cache.newFile()
            let content = [UInt8].pattern(count: 50_000)
            try cache.write(content, to: file)
            try cache.apply([.erase(file, 50_000..<60_000)])
            let frozen = cache.freeze(file)
            for offset in stride(from: 0, to: 50_000 as UInt64, by: 777) {
                try cache.write([1, 2, 3], to: file, at: offset)
            }
            try cache.apply([.truncate(file, to: 100)])
            try cache.clean(frozen)
            try cache.makeRoom(.max)
            #expect(try bytes(frozen, 0..<50_000) == content)
            #expect(try bytes(frozen, 50_000..<60_000) == [UInt8](repeating: 0, count: 10_000))
            #expect(frozen.extents(in: 0..<UInt64.max).map(\.kind) == [.dirty, .dirtyHole])
        }
    }

    @Test(arguments: [false, true])
    func `what was changed since the freeze stays dirty, the rest is clean`(reopens: Bool) throws {
        try CacheFixture.with { fixture in
            var cache = try fixture.open()
            let file = cache.newFile()
            try cache.write([UInt8](repeating: 1, count: 100), to: file)
            try cache.apply([.erase(file, 100..<200)])
            let frozen = cache.freeze(file)
            try cache.write([2, 2], to: file, at: 50)
            try cache.apply([.erase(file, 150..<160)])
            // Moving is not changing.
            try cache.makeRoom(.max)
            try cache.clean(frozen, records: [.put(key: [1], value: [2])])
            if reopens {
                try cache.close()
                let (again, records) = try fixture.openWithRecords()
                cache = again
                #expect(records == [[1]: [2]])
            }
            #expect(
                cache.kinds(file, 0..<1000) == [
                    Kind(0..<50, .clean), Kind(50..<52, .dirty), Kind(52..<100, .clean),
                    Kind(100..<150, .cleanHole), Kind(150..<160, .dirtyHole), Kind(160..<200, .cleanHole),
                ])
            #expect(cache.dirtyByteCount == 2)
        }
    }

    @Test func `a file that was removed and written again is not clean`() throws {
        try CacheFixture.with { fixture in
            let cache = try fixture.open()
            let file = cache.newFile()
            try cache.write([1], to: file)
            let frozen = cache.freeze(file)
            try cache.apply([.remove(file)])
            try cache.write([1], to: file)
            try cache.clean(frozen)
            #expect(cache.kinds(file, 0..<9) == [Kind(0..<1, .dirty)])
        }
    }
}
