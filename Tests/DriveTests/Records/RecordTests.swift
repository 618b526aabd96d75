import Primitives
import SCALE
import TestSupport
import Testing

@testable import DriveFormat
@testable import Sealing

@Suite struct RecordTests {
    private func expectReturns<Record: ScaleCodable & Equatable>(_ record: Record) throws {
        let bytes = record.scaleBytes
        let read = try Record(scaleBytes: bytes)
        #expect(read == record)
        #expect(read.scaleBytes == bytes)
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `records come back as they were written`(seed: UInt64) throws {
        var records = RandomRecords(seed: seed)
        try expectReturns(records.pointer())
        try expectReturns(records.prelude())
        try expectReturns(records.table())
        try expectReturns(records.volumeRecord())
        try expectReturns(records.entry())
        try expectReturns(records.commit())
        let entry = records.entry(.symlink)
        if entry.linkGroup == nil { try expectReturns(LinkedInode(names: 2, entry: entry)) }
    }

    /// That these end is what they show: a length that is not there is never allocated, and no value traps.
    private func expectTotal<Record: ScaleCodable>(_ record: Record, _ random: inout SplitMix64) {
        let bytes = record.scaleBytes
        for _ in 0..<60 {
            let changed = mutated(bytes, &random)
            guard let read = try? Record(scaleBytes: changed) else { continue }
            // Whatever is accepted has one encoding, so what a signature covers is what was read.
            #expect(read.scaleBytes == changed)
        }
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `changed records are refused or mean what they say`(seed: UInt64) {
        var records = RandomRecords(seed: seed)
        var random = SplitMix64(seed: ~seed)
        expectTotal(records.pointer(), &random)
        expectTotal(records.prelude(), &random)
        expectTotal(records.table(), &random)
        expectTotal(records.volumeRecord(), &random)
        expectTotal(records.entry(), &random)
        expectTotal(records.entry(.directory), &random)
        expectTotal(records.commit(), &random)
        expectTotal(ChunkKey(id: records.id(), length: 77), &random)
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `any bytes at all are refused or read`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let bytes = [1] + [UInt8].random(count: Int.random(in: 0...600, using: &random), using: &random)
        _ = try? Prelude(plaintext: bytes)
        _ = try? BlobTable(scaleBytes: bytes)
        _ = try? VolumeRecord(scaleBytes: bytes)
        _ = try? Entry(scaleBytes: bytes)
        _ = try? SignedCommit(scaleBytes: bytes)
        _ = try? AttributeList(scaleBytes: bytes)
        _ = VolumeName(unverified: bytes, key: .random(byteCount: 32))
    }

    private func mutated(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: bytes.indices, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[place] = .random(in: 0...255, using: &random)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
            case 2: bytes.removeLast(Int.random(in: 0...min(9, bytes.count), using: &random))
            case 3: bytes.insert(.random(in: 0...255, using: &random), at: place)
            case 4: bytes.remove(at: place)
            // A compact length of up to 2⁶⁴.
            default: bytes.replaceSubrange(place..., with: [UInt8(0x13)] + [UInt8](repeating: 0xff, count: 8))
            }
        }
        return bytes
    }

    @Test func `a signature covers extensions that are not known`() throws {
        var records = RandomRecords(seed: 5)
        let known = records.commit()
        let extended = try SignedCommit(scaleBytes: known.scaleBytes)
        #expect(extended.commit.signedBytes(genesis: .zero) == known.commit.signedBytes(genesis: .zero))
        let vectors = try RecordVectors.load("commits")
        let everything = try #require(vectors.valid.first { $0.name == "everything" })
        let signed = try SignedCommit(scaleBytes: try #require([UInt8](hex: everything.bytes)))
        #expect(signed.commit.extensions.fields.map(\.tag) == [3, 9])
    }

    @Test func `texts are cut between characters`() {
        let text = Array(String(repeating: "ü", count: 600).utf8)
        #expect(Rules.text(text, limit: 1024).count == 1024)
        #expect(Rules.text(text, limit: 255).count == 254)
        #expect(Rules.text([0xff, 65], limit: 255) == Array("\u{fffd}A".utf8))
        #expect(Rules.text([], limit: 255) == [])
    }

    @Test func `commits put lists in order and name the root by id in its attributes`() throws {
        var records = RandomRecords(seed: 1)
        let commit = records.commit().commit
        #expect(commit.rootAttributes.content == .directory(commit.root.named))
        #expect(zip(commit.doomed, commit.doomed.dropFirst()).allSatisfy { $0.volume < $1.volume })
        #expect(zip(commit.folded, commit.folded.dropFirst()).allSatisfy { $0.old < $1.old })
    }

    @Test func `attributes are kept in the order of their names, each once`() throws {
        let list = try #require(
            AttributeList([
                Attribute(name: [98], value: [1]), Attribute(name: [97], value: [2]), Attribute(name: [98], value: [3]),
            ]))
        #expect(list.attributes.map(\.name) == [[97], [98]])
        #expect(list.attributes.map(\.value) == [[2], [1]])
        #expect(AttributeList([]) == nil)
        #expect(AttributeList([Attribute(name: [], value: [])]) == nil)
    }

    @Test func `a prelude has room for one epoch with 33 boxes`() {
        var records = RandomRecords(seed: 3)
        let boxes = (0..<Prelude.boxLimit).map { EpochBox(recipient: UInt64($0), box: records.bytes(80...80)) }
        let prelude = Prelude(
            drive: DriveID(records.bytes16()), volume: records.volume(), segment: 127,
            epochs: [EpochBoxes(epoch: records.epochID(), boxes: boxes)], table: Extent(records.reference()),
            commit: Extent(records.reference()))
        #expect(prelude.scaleBytes.count <= PreludeSealer.plaintextByteCount)
    }
}
