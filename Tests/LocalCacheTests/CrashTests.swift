import Foundation
import Synchronization
import TestSupport
import Testing

@testable import LocalCache

/// What several threads have written and been told that it is there.
private final class Writers: Sendable {
    static let count = 3
    static let chunkByteCount = 3000
    let acknowledged = Mutex([Int](repeating: 0, count: count))
    private let isStopped = Atomic<Bool>(false)
    private let failures = Mutex<[String]>([])
    private let running = DispatchGroup()

    static func file(_ writer: Int) -> FileNumber { FileNumber(UInt64(writer) + 1) }
    static func key(_ writer: Int) -> [UInt8] { [UInt8(writer)] }

    static func chunk(_ writer: Int, _ number: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(truncatingIfNeeded: writer * 83 + number), count: chunkByteCount)
    }

    /// Each thread writes one chunk behind the other, the count of them with it, and a clean chunk now and then.
    func start(_ cache: LocalCache) {
        for writer in 0..<Self.count {
            Thread.detachNewThread { [self] in
                running.enter()
                defer { running.leave() }
                var number = 0
                while !isStopped.load(ordering: .relaxed), number < 1500 {
                    do { try write(cache, writer, number) } catch { failures.withLock { $0.append("\(error)") } }
                    number += 1
                    acknowledged.withLock { $0[writer] = number }
                }
            }
        }
    }

    private func write(_ cache: LocalCache, _ writer: Int, _ number: Int) throws {
        let offset = UInt64(number * Self.chunkByteCount)
        let count = withUnsafeBytes(of: UInt32(number + 1)) { Array($0) }
        try cache.write(
            Self.chunk(writer, number), to: Self.file(writer), at: offset,
            records: [.put(key: Self.key(writer), value: count)])
        if number % 5 == 0 { try cache.keep(Self.chunk(writer, number), of: FileNumber(100), at: offset) }
        if number % 7 == writer { try cache.sync() }
    }

    func stop() -> [String] {
        isStopped.store(true, ordering: .relaxed)
        running.wait()
        return failures.withLock { $0 }
    }

    /// Everything that was acknowledged is there, and what is there is right.
    static func check(_ image: CacheFixture, _ acknowledged: [Int]) throws {
        let (cache, records) = try image.openWithRecords()
        for writer in 0..<count {
            let value = records[key(writer)] ?? [0, 0, 0, 0]
            let number = value.reversed().reduce(0) { $0 << 8 | Int($1) }
            #expect(number >= acknowledged[writer])
            #expect(
                cache.kinds(file(writer), 0..<UInt64.max)
                    == (number == 0 ? [] : [Kind(0..<UInt64(number * chunkByteCount), .dirty)]))
            for chunk in 0..<number {
                let start = UInt64(chunk * chunkByteCount)
                let bytes = try cache.whole(file(writer), start..<start + UInt64(chunkByteCount))
                #expect(bytes == Self.chunk(writer, chunk))
            }
        }
    }
}

struct CrashTests {
    @Test(arguments: [UInt64.max, 400_000])
    func `an image of the directory has everything that was acknowledged before it was taken`(limit: UInt64) throws {
        try CacheFixture.with { fixture in
            let writers = Writers()
            let cache = try fixture.open(CacheFixture.limits(limit, segment: 65_536))
            writers.start(cache)
            for round in 0..<8 {
                let acknowledged = writers.acknowledged.withLock { $0 }
                let image = try fixture.copy("image\(round)")
                defer { image.remove() }
                try Writers.check(image, acknowledged)
                if limit == .max, round % 4 == 3 { try cache.makeRoom(100_000) }
            }
            #expect(writers.stop().isEmpty)
            try Writers.check(try fixture.copy("last"), writers.acknowledged.withLock { $0 })
            CacheFixture(directory: fixture.directory + "-last").remove()
        }
    }

    @Test func `what is written while its older bytes are moved is never shadowed by them`() throws {
        try CacheFixture.with { fixture in
            let places = 40
            do {
                let cache = try fixture.open(CacheFixture.limits(segment: 16_384))
                let isStopped = Atomic<Bool>(false)
                DispatchQueue.concurrentPerform(iterations: 3) { thread in
                    if thread == 2 {
                        while !isStopped.load(ordering: .relaxed) { _ = try? cache.makeRoom(.max) }
                        return
                    }
                    // Every place says at last in which round it was written.
                    for round in 0..<60 {
                        for place in 0..<places {
                            let bytes = [UInt8](repeating: UInt8(round), count: 700)
                            try? cache.write(
                                bytes, to: FileNumber(UInt64(thread)), at: UInt64(place * 700),
                                records: [.put(key: [UInt8(thread), UInt8(place)], value: [UInt8(round)])])
                        }
                        if round % 10 == 5 { try? cache.clean(cache.freeze(FileNumber(UInt64(thread)))) }
                    }
                    if thread == 1 { isStopped.store(true, ordering: .relaxed) }
                }
                try Self.checkLastRound(cache, places)
            }
            let (cache, records) = try fixture.openWithRecords()
            try Self.checkLastRound(cache, places)
            #expect(records.count == 2 * places && records.values.allSatisfy { $0 == [59] })
        }
    }

    private static func checkLastRound(_ cache: LocalCache, _ places: Int) throws {
        for thread in 0..<2 as Range<UInt64> {
            let range = 0..<UInt64(places * 700)
            #expect(cache.kinds(FileNumber(thread), 0..<UInt64.max) == [Kind(range, .dirty)])
            #expect(try cache.whole(FileNumber(thread), range)?.allSatisfy { $0 == 59 } == true)
        }
    }
}
