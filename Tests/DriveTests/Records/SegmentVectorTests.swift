import Primitives
import SCALE
import TestSupport
import Testing

@testable import DriveFormat
@testable import Sealing

/// A whole segment that another program sealed, from the prelude key and the ring key down to a chunk.
@Suite struct SegmentVectorTests {
    private struct Vector: Decodable {
        let preludeKey, blobIDKey, ringSeed, epoch, begin, hash, chunkDigest, table, commit: String
        let used, chunkLength: Int
    }

    private let vector: Vector
    private let bytes: [UInt8]

    init() throws {
        vector = try Vectors.load("records/1/segment.json")
        bytes = try #require([UInt8](hex: vector.begin))
    }

    private func secret(_ hex: String) throws -> Secret { Secret(copying: try #require([UInt8](hex: hex))) }

    private func open(_ reference: BlobReference, _ kind: BlobKind, _ keys: EpochKeys) throws -> [UInt8] {
        let header = try #require(reference.pointer.header(id: reference.id, kind: kind))
        var opener = try BlobOpener(header, keys: keys)
        var payload = [UInt8](repeating: 0, count: header.layout.payloadByteCount)
        var span = payload.mutableSpan
        let offset = Int(reference.pointer.offset)
        let sealed = bytes[offset..<offset + reference.pointer.sealedByteCount]
        try opener.open(Array(sealed).span, into: &span)
        let named = BLAKE2b.hash256(([kind.rawValue] + payload).span, key: try secret(vector.blobIDKey))
        #expect(BlobID(named) == reference.id)
        return payload
    }

    @Test func `a segment opens with the drive's keys and nothing else`() throws {
        let preludeKey = try secret(vector.preludeKey)
        let plaintext = try #require(PreludeSealer(key: preludeKey).open(Array(bytes[..<4096])))
        let prelude = try Prelude(plaintext: plaintext)
        let boxes = try #require(prelude.epochs.first)
        let ring = BoxKeyPair(seed: try secret(vector.ringSeed))
        let box = try #require(boxes.boxes.first { $0.recipient == EpochBox.hint(for: ring.publicKey) })
        let epoch = try #require(Epoch(id: boxes.epoch, box: box.box, recipient: ring))
        let keys = EpochKeys(preludeKey: preludeKey, epochs: [epoch])

        let tableReference = prelude.table.reference(
            volume: prelude.volume, segment: prelude.segment, epoch: boxes.epoch)
        let tableBytes = try open(tableReference, .blobTable, keys)
        #expect(tableBytes.hex == vector.table)
        let table = try BlobTable(scaleBytes: tableBytes)
        #expect(table.entries.map(\.kind) == [.chunk, .directoryNode, .commit])
        for entry in table.entries {
            let isCommit = entry.epochIndex == BlobTable.Entry.preludeEpoch
            let reference = entry.extent.reference(
                volume: prelude.volume, segment: prelude.segment, epoch: isCommit ? .zero : boxes.epoch)
            let plaintext = try open(reference, entry.kind, keys)
            switch entry.kind {
            case .chunk:
                #expect(plaintext.count == vector.chunkLength)
                #expect(SHA256.hash(plaintext).hex == vector.chunkDigest)
            case .commit:
                #expect(plaintext.hex == vector.commit)
                #expect(entry.extent == prelude.commit)
                _ = try SignedCommit(scaleBytes: plaintext)
            default: #expect(plaintext == [1, 0, 0])
            }
        }
    }

    @Test func `zeros fill a segment up`() throws {
        #expect(bytes.count == vector.used)
        var whole = [UInt8](repeating: 0, count: SegmentLayout.byteCount)
        whole.replaceSubrange(..<bytes.count, with: bytes)
        #expect(SHA256.hash(whole).hex == vector.hash)
    }
}
