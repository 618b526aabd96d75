import Foundation
import Primitives
import Synchronization
import TestSupport
import Testing

@testable import LocalCache

/// A segment that another program has made, from Docs/Format/LocalCache.md alone, and that ours makes byte for byte.
struct FormatTests {
    private struct Vector: Decodable {
        let key: String
        /// What the generator of random bytes gives, in order.
        let random: [String]
        let name: String
        let segment: String
    }

    private let vector: Vector
    private let bytes: [UInt8]
    private let key: Secret

    init() throws {
        vector = try Vectors.load("cache/1/segment.json")
        bytes = try #require([UInt8](hex: vector.segment))
        key = Secret(copying: try #require([UInt8](hex: vector.key)))
    }

    @Test func `the same changes with the same nonces give the same bytes`() throws {
        try CacheFixture.with { fixture in
            let random = Mutex(vector.random.compactMap { [UInt8](hex: $0) })
            let cache = try LocalCache(
                directory: fixture.directory, key: key, limits: CacheFixture.limits(segment: 64 << 20),
                random: { _ in random.withLock { $0.removeFirst() } }, didSync: {}, replay: { _ in })
            let file = FileNumber(1 << 32)
            #expect(cache.newFile() == file)
            try cache.write(
                [UInt8].pattern(count: 5000), to: file, at: 70_000, records: [.put(key: [1, 2], value: [3, 4, 5])])
            try cache.keep([UInt8].pattern(count: 10), of: file, at: 69_995)
            try cache.apply([.erase(file, 0..<1 << 33), .truncate(file, to: 72_000), .record(.delete(key: [9]))])
            try cache.clean(cache.freeze(file))
            try cache.apply([.remove(FileNumber(7))])
            try cache.close()
            #expect(try fixture.segmentNames() == [vector.name])
            #expect(try fixture.contents(vector.name).hex == vector.segment)
        }
    }

    /// - Parameter hasFooter: with it, and scanned without it.
    @Test(arguments: [true, false])
    func `what another program has written is read`(hasFooter: Bool) throws {
        try CacheFixture.with { fixture in
            try FileManager.default.createDirectory(atPath: fixture.directory, withIntermediateDirectories: true)
            try fixture.replace(vector.name, with: hasFooter ? bytes : Array(bytes.dropLast()))
            let (cache, records) = try fixture.openWithRecords(key: key)
            #expect(records == [[1, 2]: [3, 4, 5]])
            #expect(cache.report.setAside.isEmpty)
            let file = FileNumber(1 << 32)
            #expect(cache.kinds(file, 0..<UInt64.max) == [Kind(0..<72_000, .cleanHole)])
        }
    }
}
