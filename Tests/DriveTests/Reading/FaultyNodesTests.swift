import CESS
import DriveFormat
import Primitives
import Sealing
import TestSupport
import Testing

@testable import BlobStore

@Suite struct FaultyNodesTests {
    private let volume = StoredVolume.shared

    @Test(arguments: 0..<12 as Range<UInt64>)
    func `any four rows that answer are enough`(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let reading = Reading()
        let lost = (0..<12).shuffled(using: &random).prefix(8)
        let faults: [MemoryNetwork.Fault] = [.dead, .forgetful, .shortening]
        for node in lost { reading.network.setFault(faults.randomElement(using: &random), of: [node]) }
        for blob in [volume.small[5], volume.large[6], volume.large[20], volume.packed] {
            #expect(try await reading.blobs.read(blob.reference, kind: blob.kind) == blob.plaintext)
        }
    }

    @Test func `with three rows the error names who failed and how`() async throws {
        let reading = Reading()
        reading.network.setFault(.dead, of: [0, 1, 2, 3, 4, 5, 6, 7, 8])
        do {
            _ = try await reading.blobs.read(volume.large[0].reference, kind: .chunk)
            Issue.record("it was read")
        } catch ReadError.tooFewRows(let id, let segment, let answered, let failures) {
            #expect(id == volume.id)
            #expect(segment == 0)
            #expect(answered == 3)
            #expect(Set(failures.map(\.row)) == Set(0..<9))
        }
    }

    @Test func `a node that never answers is not waited for`() async throws {
        let reading = Reading {
            $0.firstHedge = .milliseconds(1)
            $0.leastHedge = .milliseconds(1)
        }
        reading.network.setFault(.silent, of: [0, 1, 2])
        let blob = volume.small[5]
        #expect(try await reading.blobs.read(blob.reference, kind: blob.kind) == blob.plaintext)
    }

    @Test func `a node that was just seen dead is not asked first again`() async throws {
        let reading = Reading { $0.cacheByteCount = 0 }
        reading.network.setFault(.dead, of: [0])
        _ = try await reading.blobs.read(volume.small[5].reference, kind: .chunk)
        reading.network.forgetRequests()
        _ = try await reading.blobs.read(volume.small[50].reference, kind: .chunk)
        let first = FragmentHash(volume.record.segments[0].fragments[0])
        #expect(!reading.network.requests.contains { $0.hash == first })
    }

    @Test func `a node that damages what it sends is found out and passed over`() async throws {
        let reading = Reading()
        reading.network.setFault(.corrupting, of: [0])
        let blob = volume.small[9]
        #expect(try await reading.blobs.read(blob.reference, kind: blob.kind) == blob.plaintext)
        #expect(reading.segments.health.liars == [reading.network.accounts[0]])
        reading.network.forgetRequests()
        let other = volume.small[40]
        #expect(try await reading.blobs.read(other.reference, kind: other.kind) == other.plaintext)
        let endpoint = reading.network.endpoint(of: reading.network.accounts[0])
        #expect(!reading.network.requests.contains { $0.endpoint == endpoint })
    }

    @Test(arguments: 0..<6 as Range<UInt64>)
    func `four liars among twelve do not keep a blob from being read`(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let reading = Reading()
        reading.network.setFault(
            .lyingAboutRanges, of: Array((0..<12).shuffled(using: &random).prefix(4)))
        for blob in [volume.small[9], volume.large[10]] {
            #expect(try await reading.blobs.read(blob.reference, kind: blob.kind) == blob.plaintext)
        }
    }

    @Test
    func `with more liars whole fragments are fetched, and those that are proved wrong remembered`()
        async throws
    {
        let reading = Reading { $0.choiceLimit = 2 }
        let liars = [0, 1, 2, 3, 4, 5, 6, 7]
        reading.network.setFault(.corrupting, of: liars)
        for blob in [volume.small[9], volume.large[10]] {
            #expect(try await reading.blobs.read(blob.reference, kind: blob.kind) == blob.plaintext)
        }
        let accounts = reading.network.accounts
        #expect(reading.segments.health.liars.isSubset(of: liars.map { accounts[$0] }))
        #expect(!reading.segments.health.liars.isEmpty)
        // From then on nothing is asked for: the verified segment is kept.
        reading.network.forgetRequests()
        _ = try await reading.blobs.read(volume.large[22].reference, kind: .chunk)
        #expect(reading.network.requests.isEmpty)
    }

    @Test func `four fragments with the right hashes that do not open are damage at the origin`()
        async throws
    {
        let reading = Reading()
        let blob = volume.small[3]
        let wrong = BlobReference(id: BlobID(.zero), pointer: blob.reference.pointer)
        do {
            _ = try await reading.blobs.read(wrong, kind: .chunk)
            Issue.record("it was read")
        } catch ReadError.damagedAtOrigin(_, _, let id) {
            #expect(id == wrong.id)
            #expect(reading.segments.health.liars.isEmpty)
        }
    }

    @Test func `a stream survives dead nodes and liars`() async throws {
        let reading = Reading()
        reading.network.setFault(.dead, of: [1, 5])
        reading.network.setFault(.corrupting, of: [2, 8])
        var delivered: [[UInt8]] = []
        try await reading.blobs.read(volume.all.map { BlobRequest($0.reference) }) {
            delivered.append($0)
        }
        #expect(delivered == volume.all.map(\.plaintext))
    }

    @Test func `a stream delivers what comes before the blob that cannot be read`() async throws {
        let reading = Reading()
        var requests = volume.small.map { BlobRequest($0.reference) }
        requests[30] = BlobRequest(
            BlobReference(id: BlobID(.zero), pointer: requests[30].reference.pointer))
        var count = 0
        await #expect(throws: ReadError.self) {
            try await reading.blobs.read(requests) { _ in count += 1 }
        }
        #expect(count == 30)
    }

    @Test func `after a move the rows are looked for where they are now`() async throws {
        let network = MemoryNetwork(nodes: 24)
        let old = volume.stored(on: network)
        network.setFault(.dead, of: 0..<9)
        let accounts = network.accounts
        for row in 0..<9 {
            network.store(
                volume.fragments[row], hash: FragmentHash(old.record.segments[0].fragments[row]),
                on: 12 + row)
        }
        let moved = VolumePlacement(
            record: old.record, fid: old.fid, nodes: [Array(accounts[12..<21] + accounts[9..<12])])
        let segments = SegmentReader(
            nodes: network,
            catalog: OneVolume(network: network, id: volume.id, placement: old, refreshed: moved))
        let blobs = BlobReader(segments: segments, keys: volume.drive, epochs: volume.epochs)
        #expect(
            try await blobs.read(volume.large[1].reference, kind: .chunk) == volume.large[1].plaintext)
    }

    @Test func `a cancelled read ends, whatever the nodes do`() async throws {
        let reading = Reading()
        reading.network.setFault(.silent, of: 0..<12)
        let task = Task { try await reading.blobs.read(volume.large[0].reference, kind: .chunk) }
        while reading.network.requests.isEmpty { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func `samples are compared with the spool, parity too`() async throws {
        let reading = Reading()
        let count = try await reading.segments.verifySample(
            of: volume.id, at: reading.placement, count: 30, using: SpooledVolume())
        #expect(count == 30)
        #expect(Set(reading.network.requests.map(\.endpoint)).count == 12)
        for row in [2, 9] {
            reading.network.setFault(.corrupting, of: [row])
            do {
                try await reading.segments.verifySample(
                    of: volume.id, at: reading.placement, count: 1, rows: row..<row + 1,
                    using: SpooledVolume())
                Issue.record("it passed")
            } catch ReadError.sampleDiffers(_, _, let found, let node) {
                #expect(found == row)
                #expect(node == reading.network.accounts[row])
            }
        }
    }
}
