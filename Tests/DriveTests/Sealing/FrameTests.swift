import Primitives
import Testing

@testable import Sealing

/// Repeatable bytes for tests.
func pattern(_ count: Int, seed: UInt8 = 0) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) ^ seed }
}

/// The lengths at which something about frames changes.
private let edges = [0, 1, 15, 16, 17, 16_383, 16_384, 16_385, 32_767, 32_768, 32_769, 100_000, 1 << 20]

struct SealedFixture {
    let epoch = Epoch.random()
    let payload: [UInt8]
    let header: BlobHeader
    let sealed: [UInt8]
    var keys: EpochKeys { EpochKeys(preludeKey: .random(byteCount: 32), epochs: [epoch]) }

    init(payload: [UInt8], kind: BlobKind = .chunk) throws {
        let layout = try #require(FrameLayout(payloadByteCount: payload.count))
        var sealed = [UInt8](repeating: 0, count: layout.sealedByteCount)
        var span = sealed.mutableSpan
        header = BlobSealer(epoch: epoch).seal(
            payload.span, kind: kind, codec: .raw, id: BlobID(BLAKE2b.hash256(payload)), rawByteCount: payload.count,
            into: &span)
        self.payload = payload
        self.sealed = sealed
    }

    func open(_ bytes: [UInt8]? = nil, as header: BlobHeader? = nil) throws -> [UInt8] {
        let header = header ?? self.header
        var opener = try BlobOpener(header, keys: keys)
        var payload = [UInt8](repeating: 0, count: header.layout.payloadByteCount)
        var span = payload.mutableSpan
        let source = bytes ?? sealed
        try opener.open(source.span, into: &span)
        return payload
    }
}

@Suite struct FrameTests {
    @Test(arguments: edges)
    func `what is sealed opens again`(count: Int) throws {
        let fixture = try SealedFixture(payload: pattern(count))
        #expect(try fixture.open() == fixture.payload)
    }

    @Test(arguments: edges)
    func `sealed and payload lengths determine each other`(count: Int) throws {
        let layout = try #require(FrameLayout(payloadByteCount: count))
        #expect(layout.sealedByteCount == count + 16 * max(1, (count + 16_383) / 16_384))
        #expect(FrameLayout(sealedByteCount: layout.sealedByteCount) == layout)
    }

    @Test func `lengths that no blob has are refused`() {
        for count in [-1, (32 << 20) - 32_752 + 1, 32 << 20, .max] {
            #expect(FrameLayout(payloadByteCount: count) == nil)
        }
        for count in [-1, 0, 15, 16_401, 16_416, 32_816, (32 << 20) + 1, .max] {
            #expect(FrameLayout(sealedByteCount: count) == nil)
        }
        #expect(FrameLayout(sealedByteCount: 16)?.payloadByteCount == 0)
        #expect(FrameLayout(sealedByteCount: 16_417)?.payloadByteCount == 16_385)
    }

    @Test(arguments: [
        0..<1, 0..<0, 5..<5, 16_383..<16_385, 16_384..<32_768, 40_000..<99_999, 0..<100_000, 99_999..<100_000,
    ])
    func `a range of the payload opens from its frames alone`(range: Range<Int>) throws {
        let fixture = try SealedFixture(payload: pattern(100_000))
        let layout = fixture.header.layout
        let frames = layout.frames(holding: range)
        let place = layout.sealedRange(holding: range)
        let covered = layout.payloadRange(ofFrames: frames)
        #expect(range.isEmpty || (covered.lowerBound <= range.lowerBound && range.upperBound <= covered.upperBound))
        #expect(place.lowerBound == frames.lowerBound * 16_400)
        var opener = try BlobOpener(fixture.header, keys: fixture.keys)
        var payload = [UInt8](repeating: 0, count: covered.count)
        var span = payload.mutableSpan
        try opener.openFrames(frames, fixture.sealed.span.extracting(place), into: &span)
        #expect(payload == Array(fixture.payload[covered]))
    }

    @Test(arguments: [0, 1, 16_383, 16_384, 16_399, 16_400, 32_800, 40_031])
    func `a changed byte is found, and the frame is named`(index: Int) throws {
        let fixture = try SealedFixture(payload: pattern(40_000))
        #expect(fixture.sealed.count == 40_048)
        var damaged = fixture.sealed
        damaged[index] ^= 1
        #expect(throws: SealingError.notAuthentic(blob: fixture.header.id, frame: index / 16_400)) {
            try fixture.open(damaged)
        }
    }

    @Test func `frames neither move nor end early`() throws {
        let fixture = try SealedFixture(payload: pattern(49_152))
        let exchanged =
            fixture.sealed[16_400..<32_800] + fixture.sealed[..<16_400] + fixture.sealed[32_800...]
        #expect(throws: SealingError.notAuthentic(blob: fixture.header.id, frame: 0)) {
            try fixture.open(Array(exchanged))
        }
        let layout = try #require(FrameLayout(payloadByteCount: 32_768))
        let shorter = fixture.header.with(layout: layout)
        #expect(throws: SealingError.notAuthentic(blob: fixture.header.id, frame: 1)) {
            try fixture.open(Array(fixture.sealed[..<32_800]), as: shorter)
        }
        #expect(throws: SealingError.wrongLength(blob: fixture.header.id, expected: 49_200, found: 49_199)) {
            try fixture.open(Array(fixture.sealed.dropLast()))
        }
    }

    @Test func `every field of the header is authenticated`() throws {
        let fixture = try SealedFixture(payload: pattern(100))
        let header = fixture.header
        let others = [
            header.with(kind: .attributes), header.with(codec: .zstd), header.with(id: BlobID(.zero)),
            header.with(rawByteCount: 99), header.with(nonce: .random()),
        ]
        for other in others {
            #expect(throws: SealingError.notAuthentic(blob: other.id, frame: 0)) { try fixture.open(as: other) }
        }
        let other = Epoch(id: .random(), key: fixture.epoch.key)
        #expect(throws: SealingError.unknownEpoch(other.id, blob: header.id)) {
            try fixture.open(as: header.with(epoch: other.id))
        }
        var opener = try BlobOpener(
            header.with(epoch: other.id), keys: EpochKeys(preludeKey: .random(byteCount: 32), epochs: [other]))
        var payload = [UInt8](repeating: 0, count: 100)
        #expect(throws: SealingError.notAuthentic(blob: header.id, frame: 0)) {
            var span = payload.mutableSpan
            try opener.open(fixture.sealed.span, into: &span)
        }
    }

    @Test func `commits open with the prelude key, and nothing else does`() throws {
        let preludeKey = Secret.random(byteCount: 32)
        let payload = pattern(500)
        var sealed = [UInt8](repeating: 0, count: 516)
        var span = sealed.mutableSpan
        let header = BlobSealer(epoch: .commits(preludeKey: preludeKey)).seal(
            payload.span, kind: .commit, codec: .raw, id: BlobID(.zero), rawByteCount: 500, into: &span)
        #expect(header.epoch == .zero)
        var opener = try BlobOpener(header, keys: EpochKeys(preludeKey: preludeKey))
        var opened = [UInt8](repeating: 0, count: 500)
        var target = opened.mutableSpan
        try opener.open(sealed.span, into: &target)
        #expect(opened == payload)
        #expect(throws: SealingError.unknownEpoch(.zero, blob: header.id)) {
            _ = try BlobOpener(header.with(kind: .chunk), keys: EpochKeys(preludeKey: preludeKey))
        }
    }

    @Test func `the same payload is never sealed to the same bytes`() throws {
        let epoch = Epoch.random()
        let sealer = BlobSealer(epoch: epoch)
        var results: Set<[UInt8]> = []
        for _ in 0..<100 {
            var sealed = [UInt8](repeating: 0, count: 26)
            var span = sealed.mutableSpan
            _ = sealer.seal(
                pattern(10).span, kind: .chunk, codec: .raw, id: BlobID(.zero), rawByteCount: 10, into: &span)
            results.insert(sealed)
        }
        #expect(results.count == 100)
    }
}

extension BlobHeader {
    func with(
        kind: BlobKind? = nil, codec: BlobCodec? = nil, epoch: EpochID? = nil, id: BlobID? = nil,
        rawByteCount: UInt32? = nil, layout: FrameLayout? = nil, nonce: Bytes16? = nil
    ) -> BlobHeader {
        BlobHeader(
            kind: kind ?? self.kind, codec: codec ?? self.codec, epoch: epoch ?? self.epoch, id: id ?? self.id,
            rawByteCount: rawByteCount ?? self.rawByteCount, layout: layout ?? self.layout, nonce: nonce ?? self.nonce)
    }
}
