internal import Primitives
public import SCALE

/// A signature of one of the three kinds that the chain takes.
public enum MultiSignature: Hashable, Sendable {
    /// 64 bytes.
    case ed25519([UInt8])
    /// 64 bytes, context `substrate`.
    case sr25519([UInt8])
    /// 65 bytes, over the BLAKE2b-256 of what is signed.
    case ecdsa([UInt8])

    /// Whether `account` signed `message`.
    public func verify(_ message: [UInt8], by account: AccountID) -> Bool {
        switch self {
        case .ed25519(let signature):
            Ed25519.verify(signature: signature, message: message, publicKey: account.bytes)
        case .sr25519(let signature):
            Sr25519.verify(signature: signature, message: message, publicKey: account.bytes)
        case .ecdsa(let signature):
            Secp256k1.recover(signature: signature, digest: BLAKE2b.hash256(message))
                .map { AccountID(BLAKE2b.hash256($0)) } == account
        }
    }
}

extension MultiSignature: ScaleCodable {
    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        let start = decoder.offset
        switch try decoder.byte() {
        case 0: self = .ed25519(try decoder.raw(64))
        case 1: self = .sr25519(try decoder.raw(64))
        case 2: self = .ecdsa(try decoder.raw(65))
        case let index: throw .unknownVariant(index, type: "MultiSignature", offset: start)
        }
    }

    public func encode(to encoder: inout ScaleEncoder) {
        switch self {
        case .ed25519(let signature): encode(0, signature, to: &encoder)
        case .sr25519(let signature): encode(1, signature, to: &encoder)
        case .ecdsa(let signature): encode(2, signature, to: &encoder)
        }
    }

    private func encode(_ index: UInt8, _ signature: [UInt8], to encoder: inout ScaleEncoder) {
        encoder.integer(index)
        encoder.raw(signature)
    }
}
