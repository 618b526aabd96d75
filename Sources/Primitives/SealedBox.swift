internal import CSodium

/// X25519 key pairs and anonymous sealed boxes (libsodium `crypto_box_seal`: ephemeral X25519, XSalsa20-Poly1305).
public struct BoxKeyPair: Sendable {
    public static let overhead = 48

    public let publicKey: Bytes32
    private let secretKey: Secret

    /// The key pair that libsodium's `crypto_box_seed_keypair` makes of a 32-byte seed.
    public init(seed: Secret) {
        precondition(seed.byteCount == 32, "a box seed has 32 bytes")
        var publicKey = [UInt8](repeating: 0, count: 32)
        var secretKey = [UInt8](repeating: 0, count: 32)
        seed.withPointer { _ = crypto_box_seed_keypair(&publicKey, &secretKey, $0) }
        guard let key = Bytes32(publicKey) else { preconditionFailure("32 bytes are 32 bytes") }
        self.publicKey = key
        self.secretKey = Secret(taking: &secretKey)
    }

    /// Opens what `seal` made for this pair's public key; nil if it is not that, or was changed.
    public func open(_ box: [UInt8]) -> Secret? {
        guard box.count >= Self.overhead else { return nil }
        var plaintext = [UInt8](repeating: 0, count: box.count - Self.overhead)
        let result = secretKey.withPointer {
            crypto_box_seal_open(&plaintext, box, UInt64(box.count), publicKey.bytes, $0)
        }
        guard result == 0 else { return nil }
        return Secret(taking: &plaintext)
    }

    /// Seals `plaintext` so that only the owner of `publicKey` can open it: 48 bytes longer.
    ///
    /// - Returns: nil if `publicKey` is not a usable point.
    public static func seal(_ plaintext: Secret, to publicKey: Bytes32) -> [UInt8]? {
        var box = [UInt8](repeating: 0, count: plaintext.byteCount + overhead)
        let result = plaintext.withPointer {
            crypto_box_seal(&box, $0, UInt64(plaintext.byteCount), publicKey.bytes)
        }
        return result == 0 ? box : nil
    }
}
