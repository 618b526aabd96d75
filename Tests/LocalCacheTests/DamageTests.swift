import Foundation
import TestSupport
import Testing

@testable import LocalCache

struct DamageTests {
    private static let file = FileNumber(1)
    /// What the file may read as: each state that the small log goes through.
    private static let states: [[UInt8]] = [[], [1, 1, 1, 1], [1, 2, 2, 1], [1, 2, 0, 1]]

    /// - Parameter closes: whether there is a footer.
    private static func write(_ fixture: CacheFixture, closes: Bool) throws {
        let cache = try fixture.open()
        try cache.write([1, 1, 1, 1], to: file, records: [.put(key: [1], value: [1])])
        try cache.write([2, 2], to: file, at: 1, records: [.put(key: [1], value: [2])])
        try cache.apply([.erase(file, 2..<3), .record(.put(key: [1], value: [3]))])
        if closes { try cache.close() }
    }

    /// Opens and reads whatever is there: it is a state that was, or an error.
    private static func check(_ fixture: CacheFixture) throws {
        do {
            let (cache, records) = try fixture.openWithRecords()
            let state = Int(records[[1]]?.first ?? 0)
            let extents = cache.extents(of: file, in: 0..<UInt64.max)
            #expect(extents.last?.range.upperBound ?? 0 == UInt64(states[state].count))
            if state > 0 { #expect(try cache.whole(file, 0..<4) == states[state]) }
            try cache.makeRoom(.max)
        } catch let error as CacheError {
            switch error {
            case .wrongKey, .damaged, .unreadableSegment: break
            default: throw error
            }
        }
    }

    @Test(arguments: [true, false])
    func `any damaged byte and any length of the log give a former state or an error`(closes: Bool) throws {
        try CacheFixture.with { fixture in
            try Self.write(fixture, closes: closes)
            let name = try #require(try fixture.segmentNames().first)
            let bytes = try fixture.contents(name)
            let copy = try fixture.copy("damaged")
            defer { copy.remove() }
            for place in bytes.indices {
                copy.remove()
                try FileManager.default.createDirectory(atPath: copy.directory, withIntermediateDirectories: true)
                var damaged = bytes
                damaged[place] ^= UInt8(1 << (place % 8))
                try copy.replace(name, with: damaged)
                try Self.check(copy)
                copy.remove()
                try FileManager.default.createDirectory(atPath: copy.directory, withIntermediateDirectories: true)
                try copy.replace(name, with: Array(bytes[..<place]))
                try Self.check(copy)
            }
        }
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `headers, prefixes, footers and changes of any bytes are read or refused`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let changes: [LoggedChange] = [
            .data(FileNumber(3), start: 1 << 40, count: 5, offset: 2, isDirty: true), .erased(FileNumber(1), 3..<9),
            .truncated(FileNumber(8), to: .max), .put(key: [1, 2], value: [3]), .deleted(key: [4]),
            .cleaned(FileNumber(1), 0..<1 << 63), .trimmed(through: 77), .removed(FileNumber(.max)),
        ]
        let encoded = LoggedChange.encode(changes)
        #expect(try LoggedChange.decode(encoded, payloadByteCount: 7) == changes)
        #expect(throws: (any Error).self) { try LoggedChange.decode(encoded, payloadByteCount: 6) }
        var bytes = encoded
        for _ in 0..<50 {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            bytes[place] = UInt8.random(in: 0...255, using: &random)
            _ = try? LoggedChange.decode(bytes, payloadByteCount: Int.random(in: 0..<100, using: &random))
            _ = SegmentFooter.decode(body: bytes)
            _ = RecordPrefix(Array(bytes.prefix(16)))
            _ = SegmentFooter.parse(trailer: bytes + SegmentFooter.magic)
        }
    }
}
