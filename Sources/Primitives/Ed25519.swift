internal import CSodium

/// Ed25519 signatures (RFC 8032).
public enum Ed25519 {
    public static let signatureByteCount = 64

    /// Whether `signature` is `publicKey`'s over `message`; one of another length is not.
    public static func verify(signature: [UInt8], message: [UInt8], publicKey: Bytes32) -> Bool {
        guard signature.count == signatureByteCount else { return false }
        return crypto_sign_ed25519_verify_detached(signature, message, UInt64(message.count), publicKey.bytes) == 0
    }
}

/// An Ed25519 key pair. Copies share one secret.
public struct Ed25519KeyPair: Sendable {
    public let publicKey: Bytes32
    private let secretKey: Secret

    /// - Precondition: `seed` has 32 bytes.
    public init(seed: Secret) {
        precondition(seed.byteCount == 32, "an Ed25519 seed has 32 bytes")
        var publicKey = [UInt8](repeating: 0, count: 32)
        var secretKey = [UInt8](repeating: 0, count: 64)
        seed.withPointer { _ = crypto_sign_ed25519_seed_keypair(&publicKey, &secretKey, $0) }
        guard let key = Bytes32(publicKey) else { preconditionFailure("32 bytes are 32 bytes") }
        self.publicKey = key
        self.secretKey = Secret(taking: &secretKey)
    }

    /// A 64-byte signature, always the same for one message.
    public func sign(_ message: [UInt8]) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: Ed25519.signatureByteCount)
        secretKey.withPointer {
            _ = crypto_sign_ed25519_detached(&signature, nil, message, UInt64(message.count), $0)
        }
        return signature
    }
}
