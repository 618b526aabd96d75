import Primitives
import SCALE
import Testing

@testable import Sealing

@Suite struct KeyTests {
    let vector: SealingVectors.Keys

    init() throws { vector = try SealingVectors.load("keys") }

    @Test func `a phrase's seed gives the keys of the vectors`() throws {
        let keys = RootKeys(seed64: vector.seed64.secret)
        #expect(keys.accountMiniSecret.exposed == vector.accountMiniSecret.bytes)
        #expect(keys.root.exposed == vector.root.bytes)
        #expect(keys.ring.publicKey.bytes == vector.ringPublicKey.bytes)
        #expect(keys.preludeKey.exposed == vector.preludeKey.bytes)
        #expect(keys.nameTagKey.exposed == vector.nameTagKey.bytes)
        #expect(keys.territoryName == Array(vector.territoryName.utf8))
        #expect(keys.territoryName.count == 26)
        let drive = keys.drive(try Bytes16(required: vector.driveID))
        #expect(drive.master.exposed == vector.master.bytes)
        #expect(drive.chunkerSeed.exposed == vector.chunkerSeed.bytes)
        #expect(drive.blobIDKey.exposed == vector.blobIDKey.bytes)
        #expect(drive.treeBorderKey.exposed == vector.treeBorderKey.bytes)
    }

    @Test func `a device's secret gives the keys of the vectors`() {
        let device = DeviceKeys(secret: vector.deviceSecret.secret)
        #expect(device.signingMiniSecret.exposed == vector.deviceSigningMiniSecret.bytes)
        #expect(device.box.publicKey.bytes == vector.deviceBoxPublicKey.bytes)
    }

    @Test func `blobs are named as in the vectors`() throws {
        let drive = RootKeys(seed64: vector.seed64.secret).drive(try Bytes16(required: vector.driveID))
        for blob in vector.blobIDs {
            let kind = try #require(BlobKind(rawValue: blob.kind))
            #expect(drive.blobID(kind, pattern(blob.plaintextLength).span).bytes == blob.id.bytes)
        }
        #expect(vector.blobIDs.count == 3 * BlobKind.allCases.count)
    }

    @Test func `the ring and the device open an epoch that was sealed to them, and nobody else does`() throws {
        let ring = RootKeys(seed64: vector.seed64.secret).ring
        let device = DeviceKeys(secret: vector.deviceSecret.secret).box
        let id = try #require(EpochID(vector.epochID.bytes))
        for (box, owner, other) in [(vector.epochBoxes.ring, ring, device), (vector.epochBoxes.device, device, ring)] {
            #expect(Epoch(id: id, box: box.bytes, recipient: owner)?.key.exposed == vector.epochKey.bytes)
            #expect(Epoch(id: id, box: box.bytes, recipient: other) == nil)
            #expect(Epoch(id: .zero, box: box.bytes, recipient: owner) == nil)
            #expect(Epoch(id: id, box: Array(box.bytes.dropLast()), recipient: owner) == nil)
            #expect(Epoch(id: id, box: box.bytes + [0], recipient: owner) == nil)
        }
        let epoch = Epoch.random()
        let box = try #require(epoch.box(for: device.publicKey))
        #expect(box.count == 80)
        #expect(Epoch(id: epoch.id, box: box, recipient: device)?.key.equals(epoch.key) == true)
    }

    @Test func `an epoch's name keeps its first key`() {
        let first = Epoch.random()
        var keys = EpochKeys(preludeKey: .random(byteCount: 32))
        let isNew = keys.insert(first)
        let isNewAgain = keys.insert(Epoch(id: first.id, key: .random(byteCount: 32)))
        #expect(isNew && !isNewAgain)
        #expect(keys[first.id]?.key.equals(first.key) == true)
        #expect(keys.ids == [first.id])
        #expect(keys.epoch(first.id, sealing: .commit) == nil)
        #expect(keys.epoch(.zero, sealing: .chunk) == nil)
        #expect(keys.epoch(.zero, sealing: .commit) != nil)
    }

    @Test func `an epoch's name is its eight bytes everywhere`() throws {
        let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 0xff]
        let id = try #require(EpochID(bytes))
        #expect(id.bytes == bytes)
        #expect(id.scaleBytes == bytes)
        #expect(try EpochID(scaleBytes: bytes) == id)
        #expect(id.description == "01020304050607ff")
        #expect(EpochID([1, 2, 3]) == nil)
    }

    @Test func `kinds and codecs that do not exist are refused`() throws {
        #expect(throws: ScaleError.unknownVariant(0, type: "BlobKind", offset: 0)) { try BlobKind(scaleBytes: [0]) }
        #expect(throws: ScaleError.unknownVariant(11, type: "BlobKind", offset: 0)) { try BlobKind(scaleBytes: [11]) }
        #expect(throws: ScaleError.unknownVariant(2, type: "BlobCodec", offset: 0)) { try BlobCodec(scaleBytes: [2]) }
        for kind in BlobKind.allCases { #expect(try BlobKind(scaleBytes: kind.scaleBytes) == kind) }
    }
}
