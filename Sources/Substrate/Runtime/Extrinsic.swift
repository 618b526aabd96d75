public import Primitives
public import SCALE

/// An extrinsic as it stands in a block.
///
/// Format: Docs/Protocol/CESS.md, 7.2.
public struct Extrinsic: Hashable, Sendable {
    public struct Signature: Hashable, Sendable {
        public let signer: AccountID
        public let signature: MultiSignature
        public let era: Era
        public let nonce: UInt32
        public let tip: UInt128
        /// All that the extensions carry, as it stands.
        public let extra: [UInt8]
    }

    /// Nil for what the block's author put in itself.
    public let signature: Signature?
    /// The encoded call, not looked into (`Metadata.decodeCall`).
    public let call: [UInt8]
}

extension Extrinsic {
    static let version: UInt8 = 4
    static let signedBit: UInt8 = 0x80

    /// Reads an extrinsic, its length in front included.
    ///
    /// - Throws: `ScaleError`, also for signers that are not named by account id and for extensions that are not known.
    public init(_ bytes: [UInt8], metadata: Metadata) throws(ScaleError) {
        var decoder = ScaleDecoder(bytes)
        let byteCount = try decoder.count()
        guard byteCount == decoder.remaining else { throw .trailing(count: decoder.remaining - byteCount) }
        let start = decoder.offset
        let version = try decoder.byte()
        guard version & ~Self.signedBit == Self.version else {
            throw .unknownVariant(version, type: "extrinsic version", offset: start)
        }
        signature = version & Self.signedBit == 0 ? nil : try Signature(from: &decoder, metadata: metadata)
        call = try decoder.raw(decoder.remaining)
    }

    /// The hash that names an extrinsic: BLAKE2b-256 of all its bytes.
    public static func hash(_ bytes: [UInt8]) -> Bytes32 { BLAKE2b.hash256(bytes) }

    /// What is signed of a payload: long ones are hashed first.
    public static func signedBytes(ofPayload payload: [UInt8]) -> [UInt8] {
        payload.count > 256 ? BLAKE2b.hash(payload, byteCount: 32) : payload
    }

    /// An extrinsic without a signature.
    public static func unsigned(call: [UInt8]) -> [UInt8] { framed([version] + call) }

    /// An extrinsic with its signature.
    public static func signed(
        call: [UInt8], signer: AccountID, signature: MultiSignature, extra: [UInt8]
    ) -> [UInt8] {
        var encoder = ScaleEncoder(reserving: call.count + 128)
        encoder.integer(version | signedBit)
        encoder.integer(UInt8(0))  // MultiAddress::Id
        encoder.encode(signer)
        encoder.encode(signature)
        encoder.raw(extra)
        encoder.raw(call)
        return framed(encoder.bytes)
    }

    private static func framed(_ body: [UInt8]) -> [UInt8] {
        var encoder = ScaleEncoder(reserving: body.count + 5)
        encoder.byteVector(body)
        return encoder.bytes
    }
}

extension Extrinsic.Signature {
    fileprivate init(from decoder: inout ScaleDecoder, metadata: Metadata) throws(ScaleError) {
        let start = decoder.offset
        let address = try decoder.byte()
        guard address == 0 else { throw .unknownVariant(address, type: "MultiAddress", offset: start) }
        signer = try decoder.decode()
        signature = try decoder.decode()
        let types = metadata.types
        var found: (era: Era, nonce: UInt32, tip: UInt128) = (.immortal, 0, 0)
        var extra = ScaleEncoder()
        for item in metadata.extrinsic.signedExtensions {
            switch (item.name, types.layout(of: item.extra)) {
            case ("CheckMortality", _):
                found.era = try decoder.decode()
                extra.encode(found.era)
            case ("CheckNonce", "Compact<u32>"):
                found.nonce = try decoder.compact(UInt32.self)
                extra.compact(UInt128(found.nonce))
            case ("ChargeTransactionPayment", "Compact<u128>"):
                found.tip = try decoder.compact()
                extra.compact(found.tip)
            case (_, "()"): break
            default: throw .invalid("extension \(item.name) is not known", offset: decoder.offset)
            }
        }
        (era, nonce, tip) = found
        self.extra = extra.bytes
    }
}
