import TestSupport
import Testing

@testable import LocalCache

/// A cache and what it should hold, changed by the same random steps.
private struct Walk {
    let fixture: CacheFixture
    let limits: CacheLimits
    var random: SplitMix64
    var cache: LocalCache
    let numbers: [FileNumber]
    var model = CacheModel()
    var frozen: (file: Int, FrozenFile, content: CacheModel.File)?

    init(_ fixture: CacheFixture, seed: UInt64) throws {
        random = SplitMix64(seed: seed)
        let segment = UInt32([300, 5000, 20_000].randomElement(using: &random) ?? 300)
        limits = CacheFixture.limits(seed % 2 == 0 ? .max : 30_000, segment: segment)
        self.fixture = fixture
        cache = try fixture.open(limits)
        numbers = [FileNumber(1), FileNumber(1 << 33), FileNumber(.max)]
    }

    private mutating func range() -> Range<Int> {
        let start = Int.random(in: 0..<CacheModel.fileByteCount, using: &random)
        let longest = [10, 500, 3000].randomElement(using: &random) ?? 10
        return start..<min(CacheModel.fileByteCount, start + Int.random(in: 1...longest, using: &random))
    }

    private mutating func record() -> RecordChange {
        let key = [UInt8.random(in: 0..<12, using: &random)]
        if Int.random(in: 0..<4, using: &random) == 0 { return .delete(key: key) }
        return .put(key: key, value: [UInt8].random(count: Int.random(in: 0..<40, using: &random), using: &random))
    }

    mutating func step() throws {
        let file = Int.random(in: 0..<3, using: &random)
        let number = numbers[file]
        let range = range()
        let (start, bounds) = (UInt64(range.lowerBound), UInt64(range.lowerBound)..<UInt64(range.upperBound))
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<6:
            let bytes = [UInt8].random(count: range.count, using: &random)
            let changes = Bool.random(using: &random) ? [record()] : []
            try cache.write(bytes, to: number, at: start, records: changes)
            model.files[file].set(range, .dirty, bytes[...])
            for change in changes { model.change(change) }
        case 6..<9:
            try forgetEvicted()
            let bytes = [UInt8].random(count: range.count, using: &random)
            try cache.keep(bytes, of: number, at: start)
            for place in range where model.files[file].kinds[place] == nil {
                model.files[file].kinds[place] = .clean
                model.files[file].bytes[place] = bytes[place - range.lowerBound]
            }
        case 9..<11:
            let change = record()
            try cache.apply([.erase(number, bounds), .record(change)])
            model.files[file].set(range, .dirtyHole)
            model.change(change)
        case 11:
            try cache.apply([.truncate(number, to: start)])
            model.files[file].set(range.lowerBound..<CacheModel.fileByteCount, nil)
        case 12:
            if range.count > 100 { break }
            try cache.apply([.remove(number)])
            model.files[file] = CacheModel.File()
        case 13: try freeze(file)
        case 14: try cleanFrozen()
        case 15: try cache.makeRoom(UInt64.random(in: 0..<20_000, using: &random))
        case 16: try cache.sync()
        case 17: if Int.random(in: 0..<3, using: &random) == 0 { try reopen() }
        default: try check()
        }
    }

    private mutating func freeze(_ file: Int) throws {
        try forgetEvicted()
        frozen = (file, cache.freeze(numbers[file]), model.files[file])
        try checkFrozen()
    }

    private mutating func cleanFrozen() throws {
        guard let (file, view, content) = frozen else { return }
        try checkFrozen()
        // Random bytes and zeros tell what was written since; a hole over a hole is the one case they do not tell.
        try cache.clean(view)
        let now = try CacheModel(of: cache, numbers, records: [:])
        for place in content.kinds.indices {
            let (was, old) = (content.kinds[place], model.files[file].kinds[place])
            let new = now.files[file].kinds[place]
            guard old?.isDirty == true else { continue }
            guard was?.isDirty == true, content.bytes[place] == model.files[file].bytes[place], was == old else {
                #expect(new == old)
                continue
            }
            // May have been written again with the same byte; then it is dirty still.
            model.files[file].kinds[place] = new
        }
        frozen = nil
    }

    private func checkFrozen() throws {
        guard let (_, view, content) = frozen else { return }
        var seen = CacheModel.File()
        for (range, kind) in view.extents(in: 0..<UInt64(CacheModel.fileByteCount)) {
            var bytes = [UInt8](repeating: 0, count: range.count)
            var span = bytes.mutableSpan
            #expect(try view.read(range, into: &span) == [range])
            seen.set(Int(range.lowerBound)..<Int(range.upperBound), kind, bytes[...])
        }
        #expect(seen == content)
    }

    private mutating func forgetEvicted() throws {
        model.forgetEvicted(try CacheModel(of: cache, numbers, records: [:]))
    }

    mutating func check() throws {
        let now = try CacheModel(of: cache, numbers, records: model.records)
        model.forgetEvicted(now)
        try #require(now == model)
        #expect(cache.dirtyByteCount == UInt64(model.files.reduce(0) { $0 + $1.kinds.count { $0 == .dirty } }))
    }

    mutating func reopen() throws {
        if Bool.random(using: &random) { try cache.close() }
        let copy = try fixture.copy("reopened")
        defer { copy.remove() }
        // The cache of this process goes on; what another one would find is checked, and taken over now and then.
        let (other, records) = try copy.openWithRecords(limits)
        #expect(records == model.records)
        #expect(other.report == ReplayReport())
        let found = try CacheModel(of: other, numbers, records: records)
        model.forgetEvicted(found)
        var here = model
        here.forgetEvicted(found)
        try #require(found.files.map(\.bytes) == here.files.map(\.bytes))
        try #require(found.files.map(\.kinds) == here.files.map(\.kinds))
        try takeOver()
    }

    /// The place of the cache is taken by one that is opened anew.
    private mutating func takeOver() throws {
        frozen = nil
        try? cache.close()
        cache = try fixture.open(limits)
    }
}

struct PropertyTests {
    @Test(arguments: CacheFixture.seeds(16))
    func `random changes give what the model gives, across restarts`(seed: UInt64) throws {
        try CacheFixture.with { fixture in
            var walk = try Walk(fixture, seed: seed)
            for _ in 0..<200 { try walk.step() }
            try walk.check()
            try walk.reopen()
            try walk.check()
        }
    }
}
