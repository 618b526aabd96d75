import Foundation
import Primitives
import SCALE
import Substrate
import Testing
import TestSupport

/// The real runtimes' metadata lies outside the repository: these tests are skipped where it is missing.
@Suite(.enabled(if: RealMetadata.isThere, "\(RealMetadata.missing)")) struct ExtrinsicVectorTests {
    let metadata: Metadata
    let vectors: JSONObject

    init() throws {
        metadata = try #require(MetadataVectorTests.newest)
        vectors = try JSONObject.load("cess/extrinsics.json")
    }

    @Test func `a context gives the bytes that are carried and signed`() throws {
        for entry in try vectors.cases("extrinsics") {
            let (extra, additional) = try metadata.signedExtensions(try context(of: entry))
            #expect(extra == entry["extra"].bytes)
            #expect(additional == entry["additional_signed"].bytes)
            let payload = entry["call"].bytes + extra + additional
            #expect(payload == entry["payload"].bytes)
            #expect(payload.count == entry["payload_length"].number?.intValue)
            #expect((payload.count > 256) == entry["payload_is_hashed"].value as? Bool)
            #expect(Extrinsic.signedBytes(ofPayload: payload) == entry["signed_bytes"].bytes)
        }
    }

    @Test func `extrinsics are put together and read`() throws {
        for entry in try vectors.cases("extrinsics") {
            let signer = AccountID(try #require(Bytes32(hex: entry["signer_public"].text)))
            let bytes = entry["extrinsic"].bytes
            let made = Extrinsic.signed(
                call: entry["call"].bytes, signer: signer, signature: .sr25519(entry["signature"].bytes),
                extra: entry["extra"].bytes)
            #expect(made == bytes)
            #expect(Extrinsic.hash(made).bytes == entry["extrinsic_hash"].bytes)
            let read = try Extrinsic(bytes, metadata: metadata)
            let signature = try #require(read.signature)
            #expect(read.call == entry["call"].bytes)
            #expect(signature.signer == signer)
            #expect(signature.nonce == entry["nonce"].number?.uint32Value)
            #expect("\(signature.tip)" == entry["tip"].text)
            #expect(signature.era.scaleBytes == entry["era_hex"].bytes)
            #expect(signature.extra == entry["extra"].bytes)
            #expect(signature.signature.verify(entry["signed_bytes"].bytes, by: signer))
        }
    }

    @Test func `extrinsics of the other signature kinds are put together and read`() throws {
        let remark = try JSONObject.load("cess/calls.json").cases("calls")
            .first { $0["name"].text == "remark_with_event" }
        let call = try #require(remark)["hex"].bytes
        let genesis = try #require(Bytes32(hex: vectors["genesis_hash"].text))
        let (extra, additional) = try metadata.signedExtensions(
            SigningContext(specVersion: 137, transactionVersion: 1, genesisHash: genesis, nonce: 0, tip: 0))
        for entry in try vectors.cases("other_signature_types") {
            let signer = AccountID(try #require(Bytes32(hex: entry["signer_public"].text)))
            let signature = MultiSignature(entry)
            #expect(call + extra + additional == entry["signed_bytes"].bytes)
            #expect(signature.verify(entry["signed_bytes"].bytes, by: signer))
            let made = Extrinsic.signed(call: call, signer: signer, signature: signature, extra: extra)
            #expect(made == entry["extrinsic"].bytes, "\(entry["crypto"].text)")
            let read = try Extrinsic(made, metadata: metadata)
            #expect(read.call == call)
            #expect(read.signature?.signer == signer && read.signature?.signature == signature)
            guard let key = entry["public_key33"].string else { continue }
            let digest = BLAKE2b.hash256(entry["signed_bytes"].bytes)
            #expect(Secp256k1.recover(signature: entry["signature"].bytes, digest: digest) == [UInt8](hex: key))
        }
    }

    @Test func `an extrinsic without a signature is put together and read`() throws {
        let inherent = try Extrinsic(vectors["unsigned_timestamp_set"].bytes, metadata: metadata)
        #expect(inherent.signature == nil)
        #expect(try metadata.decodeCall(inherent.call).name == "set")
        #expect(Extrinsic.unsigned(call: inherent.call) == vectors["unsigned_timestamp_set"].bytes)
    }

    @Test func `a runtime with an empty extension more has the same bytes`() throws {
        let old = try Metadata(RealMetadata.bytes("metadata_testnet_old.scale"))
        let entry = vectors["old_runtime_126"]
        var context = try context(of: vectors["extrinsics"].items[0])
        context.specVersion = 126
        let (extra, additional) = try old.signedExtensions(context)
        #expect(entry["call"].bytes + extra + additional == entry["payload"].bytes)
        #expect(old.extrinsic.signedExtensions.contains { $0.name == "CheckMqSequence" })
    }

    @Test func `what is signed verifies and can be written down`() throws {
        let alice = try KeyPair(suri: "//Alice")
        var context = try context(of: vectors["extrinsics"].items[0])
        context.era = Era(period: 64, current: 1000)
        context.nonce = 7
        let call = Call("System", "remark", layout: "{remark: Vec<u8>}") { $0.byteVector([1, 2, 3]) }
        let signed = try metadata.sign(call, by: alice, in: context, current: 1000)
        #expect(try SignedExtrinsic(scaleBytes: signed.scaleBytes) == signed)
        #expect(signed.birth == 1000 && signed.death == 1064)
        let read = try Extrinsic(signed.bytes, metadata: metadata)
        let (extra, additional) = try metadata.signedExtensions(context)
        let signature = try #require(read.signature)
        #expect(signature.signature.verify(read.call + extra + additional, by: alice.accountID))
    }

    @Test func `malformed extrinsics give errors`() throws {
        let bytes = vectors["extrinsics"].items[2]["extrinsic"].bytes
        for count in 0..<110 {
            #expect(throws: ScaleError.self) { try Extrinsic(Array(bytes[..<count]), metadata: metadata) }
        }
        #expect(throws: ScaleError.self) { try Extrinsic(bytes + [0], metadata: metadata) }
        var version5 = bytes
        version5[2] = 0x85
        #expect(throws: ScaleError.self) { try Extrinsic(version5, metadata: metadata) }
    }

    @Test func `a call that the runtime lays out otherwise is not encoded`() {
        let call = Call("System", "remark", layout: "{remark: [u8; 3]}") { $0.raw([1, 2, 3]) }
        #expect(
            throws: MetadataError.differs(
                what: "call System.remark", expected: "{remark: [u8; 3]}", found: "{remark: Vec<u8>}")
        ) { try metadata.encode(call) }
        let absent = Call("System", "nothing", layout: "()") { _ in }
        #expect(throws: MetadataError.absent("call System.nothing")) { try metadata.encode(absent) }
    }

    private func context(of entry: JSONObject) throws -> SigningContext {
        let genesis = try #require(Bytes32(hex: vectors["genesis_hash"].text))
        var context = SigningContext(
            specVersion: 137, transactionVersion: 1, genesisHash: genesis,
            nonce: entry["nonce"].number?.uint32Value ?? 0, tip: UInt128(entry["tip"].text) ?? 0)
        if let period = entry["era"]["period"].number, let current = entry["era"]["current"].number {
            context.era = Era(period: period.uint32Value, current: current.uint32Value)
            context.eraBlockHash = try #require(Bytes32(hex: vectors["era_block_hash"].text))
        }
        return context
    }
}

extension MultiSignature {
    /// The signature of a vector, of the kind that it names.
    fileprivate init(_ entry: JSONObject) {
        let bytes = entry["signature"].bytes
        self = entry["crypto"].text == "ecdsa" ? .ecdsa(bytes) : .ed25519(bytes)
    }
}
