public import Primitives
public import SCALE

/// A signed extrinsic, ready to be sent. It can be written down before it is sent and looked for afterwards: no other bytes
/// than these can be what was signed, and after `death` they can never be executed.
public struct SignedExtrinsic: Hashable, Sendable, ScaleCodable {
    public let bytes: [UInt8]
    public let signer: AccountID
    public let nonce: UInt32
    /// No block below this one can hold it.
    public let birth: BlockNumber
    /// No block from this one on can hold it; nil if it never dies.
    public let death: BlockNumber?

    /// BLAKE2b-256 of the bytes, as the node answers it.
    public var hash: Bytes32 { Extrinsic.hash(bytes) }

    public init(bytes: [UInt8], signer: AccountID, nonce: UInt32, birth: BlockNumber, death: BlockNumber?) {
        self.bytes = bytes
        self.signer = signer
        self.nonce = nonce
        self.birth = birth
        self.death = death
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        bytes = try decoder.byteVector()
        signer = try decoder.decode()
        nonce = try decoder.integer()
        birth = try decoder.integer()
        death = try decoder.option { (some) throws(ScaleError) in try some.integer() }
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.byteVector(bytes)
        encoder.encode(signer)
        encoder.integer(nonce)
        encoder.integer(birth)
        encoder.option(death) { $0.integer($1) }
    }
}

extension Metadata {
    /// Signs a call as sr25519.
    ///
    /// - Parameter current: the block that the era was made at (`Era.init(period:current:)`).
    /// - Throws: `MetadataError` if this runtime is not the one that the call was written for.
    public func sign(
        _ call: Call, by signer: KeyPair, in context: SigningContext, current: BlockNumber
    ) throws(MetadataError) -> SignedExtrinsic {
        let call = try encode(call)
        let (extra, additional) = try signedExtensions(context)
        let signature = signer.sign(Extrinsic.signedBytes(ofPayload: call + extra + additional))
        return SignedExtrinsic(
            bytes: Extrinsic.signed(
                call: call, signer: signer.accountID, signature: .sr25519(signature), extra: extra),
            signer: signer.accountID, nonce: context.nonce,
            birth: context.era.birth(current: current) ?? current, death: context.era.death(current: current))
    }
}
