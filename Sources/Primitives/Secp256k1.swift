internal import CSecp256k1

/// ECDSA over secp256k1 with public keys recovered from signatures: r ‖ s ‖ v, 65 bytes.
public enum Secp256k1 {
    public static let signatureByteCount = 65
    public static let publicKeyByteCount = 33

    /// The compressed public key that made `signature` over the 32-byte `digest`; nil if none can have.
    ///
    /// - Parameter signature: v is 0…3, or 27…30 as Ethereum writes it, which Substrate allows too.
    public static func recover(signature: [UInt8], digest: Bytes32) -> [UInt8]? {
        guard signature.count == signatureByteCount else { return nil }
        let recovery = signature[64] > 26 ? signature[64] - 27 : signature[64]
        guard recovery <= 3 else { return nil }
        var parsed = secp256k1_ecdsa_recoverable_signature()
        var key = secp256k1_pubkey()
        guard
            secp256k1_ecdsa_recoverable_signature_parse_compact(context.pointer, &parsed, signature, Int32(recovery))
                == 1,
            secp256k1_ecdsa_recover(context.pointer, &key, &parsed, digest.bytes) == 1
        else { return nil }
        return compressed(&key)
    }

    fileprivate static func compressed(_ key: inout secp256k1_pubkey) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: publicKeyByteCount)
        var byteCount = bytes.count
        _ = secp256k1_ec_pubkey_serialize(context.pointer, &bytes, &byteCount, &key, UInt32(SECP256K1_EC_COMPRESSED))
        return bytes
    }

    fileprivate static let context = Context()

    fileprivate final class Context: @unchecked Sendable {  // libsecp256k1 only reads it once it is made
        let pointer: OpaquePointer

        init() {
            guard let pointer = secp256k1_context_create(UInt32(SECP256K1_CONTEXT_NONE))
            else { fatalError("out of memory") }
            self.pointer = pointer
        }
    }
}

/// A secp256k1 key pair. Copies share one secret.
public struct Secp256k1KeyPair: Sendable {
    /// 33 bytes, compressed.
    public let publicKey: [UInt8]
    private let secretKey: Secret

    /// Nil if the 32 bytes are zero or not below the group's order.
    public init?(secretKey: Secret) {
        precondition(secretKey.byteCount == 32, "a secp256k1 secret key has 32 bytes")
        var key = secp256k1_pubkey()
        let made = secretKey.withPointer { secp256k1_ec_pubkey_create(Secp256k1.context.pointer, &key, $0) }
        guard made == 1 else { return nil }
        publicKey = Secp256k1.compressed(&key)
        self.secretKey = secretKey
    }

    /// A 65-byte recoverable signature over a digest (RFC 6979: always the same for one digest).
    public func sign(digest: Bytes32) -> [UInt8] {
        var signature = secp256k1_ecdsa_recoverable_signature()
        let made = secretKey.withPointer {
            secp256k1_ecdsa_sign_recoverable(Secp256k1.context.pointer, &signature, digest.bytes, $0, nil, nil)
        }
        precondition(made == 1, "signing fails only with a secret key that init refuses")
        var bytes = [UInt8](repeating: 0, count: Secp256k1.signatureByteCount)
        var recovery: Int32 = 0
        _ = secp256k1_ecdsa_recoverable_signature_serialize_compact(
            Secp256k1.context.pointer, &bytes, &recovery, &signature)
        bytes[64] = UInt8(recovery)
        return bytes
    }
}
