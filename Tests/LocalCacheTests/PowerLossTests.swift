import Foundation
import Primitives
import Synchronization
import TestSupport
import Testing

@testable import LocalCache

/// What a disk keeps when the power goes: everything that was synced, and of the rest whatever pages were written.
private struct Disk {
    var durable: [String: Int] = [:]

    /// Everything is synced now.
    mutating func sync(_ fixture: CacheFixture) throws {
        durable = [:]
        for name in try fixture.segmentNames() { durable[name] = try fixture.contents(name).count }
    }

    /// Loses what is not durable, at random.
    func lose(_ image: CacheFixture, using random: inout SplitMix64) throws {
        for name in try image.segmentNames() {
            var bytes = try image.contents(name)
            let kept = durable[name] ?? 0
            if durable[name] == nil, Int.random(in: 0..<3, using: &random) == 0 {
                try FileManager.default.removeItem(atPath: image.path(name))
                continue
            }
            if Bool.random(using: &random), bytes.count > kept {
                bytes.removeLast(Int.random(in: 0...bytes.count - kept, using: &random))
            }
            var place = kept
            while place < bytes.count {
                let end = min(bytes.count, (place / 512 + 1) * 512)
                switch Int.random(in: 0..<12, using: &random) {
                case 0: bytes.replaceSubrange(place..<end, with: repeatElement(0, count: end - place))
                case 1: bytes.replaceSubrange(place..<end, with: [UInt8].random(count: end - place, using: &random))
                default: break
                }
                place = end
            }
            try image.replace(name, with: bytes)
        }
    }
}

/// A cache that is changed at random, all of its states since the last sync, and what of it is durable.
private final class PowerWalk: @unchecked Sendable {  // used by one thread
    private static let numbers = [FileNumber(1), FileNumber(2), FileNumber(3)]

    private let fixture: CacheFixture
    private let limits: CacheLimits
    private var random: SplitMix64
    private var cache: LocalCache?
    private var records: [[UInt8]: [UInt8]] = [:]
    private var moments = [CacheModel()]
    private let disk = Mutex(Disk())
    private let hasSynced = Mutex(false)

    init(_ fixture: CacheFixture, seed: UInt64) throws {
        self.fixture = fixture
        random = SplitMix64(seed: seed)
        limits = CacheFixture.limits(segment: [200, 3000, 10_000].randomElement(using: &random) ?? 200)
        try open()
    }

    private func open() throws {
        cache = try LocalCache(
            directory: fixture.directory, key: CacheFixture.key, limits: limits, random: SystemRandom.bytes,
            didSync: { [unowned self] in noteSync() }, replay: { _ in })
    }

    private func noteSync() {
        disk.withLock { try? $0.sync(fixture) }
        hasSynced.withLock { $0 = true }
    }

    /// The process is killed, and another one goes on: opening syncs what was not.
    func restart() throws {
        cache = nil
        try open()
        noteSync()
    }

    func step(_ number: UInt8, maySync: Bool) throws {
        guard let cache else { return }
        let file = Self.numbers.randomElement(using: &random) ?? FileNumber(1)
        let offset = UInt64.random(in: 0..<3000, using: &random)
        switch Int.random(in: 0..<12, using: &random) {
        case 0: try cache.apply([.erase(file, offset..<offset + 700)])
        case 1: try cache.apply([.truncate(file, to: offset), .remove(Self.numbers[0])])
        case 2: if maySync { try cache.sync() }
        case 3: if maySync { try cache.makeRoom(UInt64.random(in: 0..<5000, using: &random)) }
        case 4: try cache.clean(cache.freeze(file))
        default:
            let bytes = [UInt8].random(count: Int.random(in: 1..<1000, using: &random), using: &random)
            records[[number % 4]] = [number]
            try cache.write(bytes, to: file, at: offset, records: [.put(key: [number % 4], value: [number])])
        }
        // What goes before a sync does not count any more; the last of it is what was synced.
        let moment = try CacheModel(of: cache, Self.numbers, records: records)
        if hasSynced.withLock({ $0 }) { moments = [moments.last ?? moment] }
        hasSynced.withLock { $0 = false }
        moments.append(moment)
    }

    func losePower() throws {
        let image = try fixture.copy("image")
        defer { image.remove() }
        try disk.withLock { try $0.lose(image, using: &random) }
        var model = CacheModel()
        do {
            let (found, records) = try image.openWithRecords(limits)
            model = try CacheModel(of: found, Self.numbers, records: records)
            #expect(isKnown(model))
            try found.write([1], to: Self.numbers[0], records: [.put(key: [99], value: [])])
        }
        model.files[0].set(0..<1, .dirty, [1])
        model.records[[99]] = []
        let (again, records) = try image.openWithRecords(limits)
        #expect(again.report.setAside.isEmpty && again.report.missing.isEmpty)
        #expect(try CacheModel(of: again, Self.numbers, records: records) == model)
    }

    private func isKnown(_ model: CacheModel) -> Bool {
        moments.contains { moment in
            // What was clean may have been evicted in between.
            var (moment, model) = (moment, model)
            moment.forgetEvicted(model)
            model.forgetEvicted(moment)
            return moment == model
        }
    }
}

struct PowerLossTests {
    @Test(arguments: CacheFixture.seeds(32))
    func `what is found is what was there at some moment since the last sync`(seed: UInt64) throws {
        try CacheFixture.with { fixture in
            let walk = try PowerWalk(fixture, seed: seed)
            for step in 0..<40 as Range<UInt8> {
                if step == 20, seed % 2 == 0 { try walk.restart() }
                try walk.step(step, maySync: step < 33)
            }
            for _ in 0..<4 { try walk.losePower() }
        }
    }
}
