import Synchronization
import TestSupport
import Testing

@testable import LocalCache

/// What happens between the moment when a segment's bytes are collected and the one when they are appended again.
struct MovingTests {
    /// Collects what the oldest segment has that must not be lost, does something, then appends what was collected.
    private func move(_ cache: LocalCache, keepsUsed: Bool = false, meanwhile: () throws -> Void) throws {
        cache.log.withLock { $0.closeHead() }
        let oldest = cache.index.withLock { index in
            index.segments.values.filter { !(index.usage[$0.number]?.isEmpty ?? true) }.min { $0.number < $1.number }
        }
        let segment = try #require(oldest)
        var scanner = try SegmentScanner(
            segment, limit: segment.end, verifiesPayloads: true, buffers: cache.readers.buffers)
        var mover = SegmentMover(cache, segment, keepsUsed: keepsUsed)
        while let record = try scanner.next() { try mover.add(record) }
        try meanwhile()
        try mover.flush()
        #expect(cache.index.withLock { $0.usage[segment.number]?.isEmpty ?? true })
    }

    @Test func `what was written meanwhile is not shadowed, what was removed does not come back`() throws {
        try CacheFixture.with { fixture in
            let (file, gone) = (FileNumber(1), FileNumber(2))
            do {
                let cache = try fixture.open()
                try cache.write([1, 1, 1, 1, 1, 1], to: file, records: [.put(key: [1], value: [1])])
                try cache.write([1, 1], to: gone, records: [.put(key: [2], value: [1])])
                try cache.apply([.erase(file, 10..<20), .record(.put(key: [3], value: [3]))])
                try move(cache) {
                    try cache.write([2, 2], to: file, at: 2, records: [.put(key: [1], value: [2])])
                    try cache.write([2], to: file, at: 12)
                    try cache.apply([.remove(gone), .record(.delete(key: [2])), .truncate(file, to: 15)])
                }
            }
            let (cache, records) = try fixture.openWithRecords()
            #expect(records == [[1]: [2], [3]: [3]])
            #expect(try cache.whole(file, 0..<6) == [1, 1, 2, 2, 1, 1])
            #expect(
                cache.kinds(file, 6..<99) == [
                    Kind(10..<12, .dirtyHole), Kind(12..<13, .dirty), Kind(13..<15, .dirtyHole),
                ])
            #expect(cache.kinds(gone, 0..<99).isEmpty)
        }
    }

    @Test func `what became clean meanwhile is clean, and what was frozen before can still be cleaned`() throws {
        try CacheFixture.with { fixture in
            let cache = try fixture.open()
            let file = FileNumber(1)
            try cache.write([1, 1, 1, 1], to: file)
            let frozen = cache.freeze(file)
            try cache.write([2], to: file, at: 3)
            try move(cache) {}
            #expect(cache.kinds(file, 0..<9) == [Kind(0..<4, .dirty)])
            try move(cache) { try cache.clean(frozen) }
            #expect(cache.kinds(file, 0..<9) == [Kind(0..<3, .clean), Kind(3..<4, .dirty)])
            #expect(try cache.whole(file, 0..<4) == [1, 1, 1, 2])
        }
    }

    @Test func `neighbours that were written one by one are one extent once they were moved`() throws {
        try CacheFixture.with { fixture in
            let cache = try fixture.open()
            let content = [UInt8].pattern(count: 20_000)
            for start in stride(from: 0, to: 20_000, by: 500) {
                try cache.write(Array(content[start..<start + 500]), to: FileNumber(1), at: UInt64(start))
            }
            try move(cache) {}
            #expect(cache.index.withLock { $0.files[FileNumber(1)]?.count } == 1)
            #expect(try cache.whole(FileNumber(1), 0..<20_000) == content)
        }
    }
}
