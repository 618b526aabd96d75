public import Primitives

/// Seals the 4 KiB in front of every segment, which any device of the account can open without knowing an epoch.
///
/// 24 random nonce bytes, then 4056 bytes of plaintext sealed by XChaCha20-Poly1305 under the prelude key.
/// Format: Docs/Format/Frames.md, "Preludes".
public struct PreludeSealer: Sendable {
    public static let sealedByteCount = 4096
    public static let plaintextByteCount = sealedByteCount - NoncedMessage.overhead
    private static let associatedData = [UInt8]("cessdrive/prelude/1".utf8)

    private let key: Secret

    /// - Parameter key: the prelude key, 32 bytes.
    public init(key: Secret) {
        precondition(key.byteCount == XChaCha20Poly1305.keyByteCount)
        self.key = key
    }

    /// - Parameter plaintext: at most 4056 bytes; zeros fill up the rest.
    /// - Returns: 4096 bytes that look random.
    public func seal(_ plaintext: [UInt8]) -> [UInt8] {
        seal(plaintext, nonce: SystemRandom.bytes(XChaCha20Poly1305.nonceByteCount))
    }

    func seal(_ plaintext: [UInt8], nonce: [UInt8]) -> [UInt8] {
        precondition(plaintext.count <= Self.plaintextByteCount, "a prelude has 4056 bytes")
        let padded = plaintext + [UInt8](repeating: 0, count: Self.plaintextByteCount - plaintext.count)
        return NoncedMessage.seal(padded, key: key, nonce: nonce, authenticating: Self.associatedData)
    }

    /// The 4056 bytes of a prelude; nil if these bytes are none of this account's.
    public func open(_ sealed: [UInt8]) -> [UInt8]? {
        guard sealed.count == Self.sealedByteCount else { return nil }
        return NoncedMessage.open(sealed, key: key, authenticating: Self.associatedData)
    }
}
