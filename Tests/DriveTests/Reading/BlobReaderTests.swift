import CESS
import DriveFormat
import Primitives
import SCALE
import Sealing
import TestSupport
import Testing

@testable import BlobStore

@Suite struct BlobReaderTests {
    private let volume = StoredVolume.shared

    @Test func `blobs of every shape are read back from the data rows`() async throws {
        let reading = Reading()
        for blob in [
            volume.small[0], volume.small[31], volume.packed, volume.large[0], volume.large[25],
        ] {
            #expect(try await reading.blobs.read(blob.reference, kind: blob.kind) == blob.plaintext)
        }
        #expect(reading.network.requests.allSatisfy { $0.range.lowerBound.isMultiple(of: 16_384) })
        let data = Set(volume.record.segments[0].fragments[..<4])
        #expect(reading.network.requests.allSatisfy { data.contains($0.hash.bytes) })
    }

    @Test func `a blob that crosses fragments is put together`() async throws {
        let border = try #require(volume.large.first { $0.range.contains(8 << 20) })
        let reading = Reading()
        #expect(try await reading.blobs.read(border.reference, kind: border.kind) == border.plaintext)
    }

    @Test func `a random read of 4 KiB asks for at most 64 KiB`() async throws {
        let reading = Reading()
        let blob = volume.large[7]
        let range = 300_000..<304_096
        let bytes = try await reading.blobs.read(blob.reference, kind: blob.kind, range: range)
        #expect(bytes == Array(blob.plaintext[range]))
        #expect(reading.network.requestedByteCount <= 64 << 10)
    }

    @Test func `parts of a compressed blob are those of its plaintext`() async throws {
        let reading = Reading()
        let blob = volume.packed
        let end = blob.plaintext.count
        for range in [0..<1, 131_071..<131_073, 400_000..<700_000, end - 5..<end, 0..<end] {
            let bytes = try await reading.blobs.read(blob.reference, kind: blob.kind, range: range)
            #expect(bytes == Array(blob.plaintext[range]))
        }
        #expect(
            try await reading.blobs.read(blob.reference, kind: blob.kind, range: end - 2..<end + 9).count
                == 2)
    }

    @Test func `small blobs read in order cost few requests`() async throws {
        let reading = Reading()
        for blob in volume.small {
            #expect(try await reading.blobs.read(blob.reference, kind: blob.kind) == blob.plaintext)
        }
        #expect(reading.network.requests.count <= 6)
    }

    @Test func `a stream of blobs is delivered in order, in large requests`() async throws {
        let reading = Reading()
        var delivered: [[UInt8]] = []
        try await reading.blobs.read(volume.all.map { BlobRequest($0.reference) }, parallel: 6) {
            delivered.append($0)
        }
        #expect(delivered == volume.all.map(\.plaintext))
        #expect(reading.network.requests.count <= 20)
    }

    @Test func `a stream with hardly any buffer still delivers everything`() async throws {
        let reading = Reading()
        var delivered: [[UInt8]] = []
        let wanted =
            volume.large.reversed().map { BlobRequest($0.reference) }
            + [BlobRequest(volume.packed.reference, range: 10..<20)]
        try await reading.blobs.read(wanted, parallel: 3, buffer: 1) { delivered.append($0) }
        #expect(
            delivered == volume.large.reversed().map(\.plaintext) + [
                Array(volume.packed.plaintext[10..<20])
            ])
    }

    @Test func `what is in the spool is read there`() async throws {
        let reading = Reading(local: SpooledVolume())
        let blob = volume.large[3]
        #expect(try await reading.blobs.read(blob.reference, kind: blob.kind) == blob.plaintext)
        #expect(reading.network.requests.isEmpty)
    }

    @Test func `a damaged spool is passed over where the network has the volume`() async throws {
        let blob = volume.large[3]
        var spool = SpooledVolume()
        spool.segment[blob.range.lowerBound] ^= 1
        let reading = Reading(local: spool)
        #expect(try await reading.blobs.read(blob.reference, kind: blob.kind) == blob.plaintext)
    }

    @Test func `a blob does not pass for one of another kind`() async throws {
        let reading = Reading()
        let blob = volume.small[2]
        await #expect(throws: ReadError.self) {
            try await reading.blobs.read(blob.reference, kind: .directoryNode)
        }
    }

    @Test func `an epoch that is not open is named`() async throws {
        let reading = Reading()
        let blobs = BlobReader(
            segments: reading.segments, keys: volume.drive,
            epochs: EpochKeys(preludeKey: volume.preludeKey))
        do {
            _ = try await blobs.read(volume.small[0].reference, kind: .chunk)
            Issue.record("it was read")
        } catch ReadError.unknownEpoch(let epoch, _) {
            #expect(epoch == volume.epoch.id)
        }
        blobs.insert(volume.epoch)
        #expect(
            try await blobs.read(volume.small[0].reference, kind: .chunk) == volume.small[0].plaintext)
    }

    @Test
    func
        `prelude, blob table and commit are read with nothing but the prelude key and the drive's keys`()
        async throws
    {
        let reading = Reading()
        let prelude = try await reading.preludes.prelude(of: reading.placement, segment: 0)
        #expect(prelude.volume == volume.id)
        let table = try await reading.preludes.blobTable(
            of: reading.placement, prelude: prelude, keys: volume.drive, epochs: volume.epochs)
        #expect(table.entries.map(\.extent.id).contains(volume.packed.reference.id))
        let found = try await reading.preludes.commit(
            of: reading.placement, prelude: prelude, keys: volume.drive)
        #expect(found?.commit.scaleBytes == volume.commit.plaintext)
        await #expect(throws: ReadError.self) {
            try await reading.preludes.prelude(of: reading.placement, segment: 1)
        }
    }

    @Test func `a segment of somebody else's is called foreign`() async throws {
        let reading = Reading()
        let preludes = PreludeReader(segments: reading.segments, preludeKey: .random(byteCount: 32))
        do {
            _ = try await preludes.prelude(of: reading.placement, segment: 0)
            Issue.record("it was opened")
        } catch ReadError.foreignSegment {
        }
    }
}
