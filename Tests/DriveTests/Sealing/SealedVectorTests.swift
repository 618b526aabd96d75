import Primitives
import Testing

@testable import Sealing

@Suite struct SealedVectorTests {
    @Test func `blobs are sealed to the bytes of the vectors and open from them`() throws {
        let vector: SealingVectors.Frames = try SealingVectors.load("frames")
        let id = try #require(EpochID(vector.blobs[0].epoch.bytes))
        let epoch = Epoch(id: id, key: vector.epochKey.secret)
        let commits = Epoch.commits(preludeKey: vector.preludeKey.secret)
        let keys = EpochKeys(preludeKey: vector.preludeKey.secret, epochs: [epoch])
        for blob in vector.blobs {
            let kind = try #require(BlobKind(rawValue: blob.kind))
            let payload = pattern(blob.payloadLength)
            var sealed = [UInt8](repeating: 0, count: blob.sealedLength)
            var span = sealed.mutableSpan
            let header = BlobSealer(epoch: kind == .commit ? commits : epoch).seal(
                payload.span, kind: kind, codec: try #require(BlobCodec(rawValue: blob.codec)),
                id: BlobID(try #require(Bytes32(blob.id.bytes))), rawByteCount: blob.rawLength,
                nonce: try Bytes16(required: blob.nonce), into: &span)
            #expect(BLAKE2b.hash256(sealed).bytes == blob.sealedDigest.bytes)
            if let expected = blob.sealed { #expect(sealed == expected.bytes) }
            #expect(header.epoch.bytes == blob.epoch.bytes)
            var opener = try BlobOpener(header, keys: keys)
            var opened = [UInt8](repeating: 0, count: payload.count)
            var target = opened.mutableSpan
            try opener.open(sealed.span, into: &target)
            #expect(opened == payload)
        }
        for padded in vector.padme { #expect(Padding.padme(padded.length) == padded.padded) }
    }

    @Test func `preludes are sealed to the bytes of the vectors and open from them`() throws {
        let vector: SealingVectors.Preludes = try SealingVectors.load("preludes")
        let sealer = PreludeSealer(key: vector.key.secret)
        for prelude in vector.preludes {
            let plaintext = pattern(prelude.plaintextLength)
            #expect(sealer.seal(plaintext, nonce: prelude.nonce.bytes) == prelude.sealed.bytes)
            let padded = plaintext + [UInt8](repeating: 0, count: 4056 - plaintext.count)
            #expect(sealer.open(prelude.sealed.bytes) == padded)
            #expect(PreludeSealer(key: .random(byteCount: 32)).open(prelude.sealed.bytes) == nil)
        }
        for refused in vector.refused { #expect(sealer.open(refused.bytes) == nil) }
        #expect(sealer.seal([]).count == 4096)
        #expect(sealer.seal([]) != sealer.seal([]))
    }

    @Test func `local records are sealed to the bytes of the vectors and open from them`() throws {
        let vector: SealingVectors.Local = try SealingVectors.load("local")
        let sealer = DeviceKeys(secret: vector.deviceSecret.secret).localSealer
        for record in vector.records {
            let plaintext = pattern(record.recordLength)
            let (purpose, context, sealed) = (record.purpose, record.context.bytes, record.sealed.bytes)
            #expect(sealer.seal(plaintext, purpose: purpose, context: context, nonce: record.nonce.bytes) == sealed)
            #expect(sealer.open(sealed, purpose: purpose, context: context) == plaintext)
            #expect(sealer.open(sealed, purpose: purpose + "s", context: context) == nil)
            #expect(sealer.open(sealed, purpose: purpose, context: context + [0]) == nil)
            #expect(sealer.open(Array(sealed.dropLast()), purpose: purpose, context: context) == nil)
            #expect(DeviceKeys.random().localSealer.open(sealed, purpose: purpose, context: context) == nil)
        }
        for count in 0..<LocalSealer.overhead { #expect(sealer.open(pattern(count), purpose: "spool/change") == nil) }
        for tag in vector.tags { #expect(sealer.tag(tag.value.bytes, purpose: tag.purpose).bytes == tag.tag.bytes) }
    }
}
