public import Primitives

/// Seals what a device keeps on its own disks besides segments: records of the spool, the cache and the journal, columns
/// of its databases; and makes the tags by which they are looked up.
///
/// A record is sealed for a *purpose*, an ASCII label without NUL such as `"spool/change"`, and opens for no other.
/// Where several records have one purpose and must not be exchanged, a *context* (a key, a sequence number) binds each to
/// its place. Format: Docs/Format/Frames.md, "Local records".
public struct LocalSealer: Sendable {
    /// How much longer a sealed record is than the record: nonce and tag.
    public static let overhead = NoncedMessage.overhead

    private let sealKey: Secret
    private let tagKey: Secret

    /// - Parameter key: 32 bytes, `cessdrive/local/1` of the device secret.
    init(key: Secret) {
        sealKey = KeyDerivation.derive(key, "cessdrive/local/seal/1")
        tagKey = KeyDerivation.derive(key, "cessdrive/local/tag/1")
    }

    /// 24 random nonce bytes, ciphertext, tag: `overhead` bytes longer than the record.
    public func seal(_ record: [UInt8], purpose: String, context: [UInt8] = []) -> [UInt8] {
        seal(record, purpose: purpose, context: context, nonce: SystemRandom.bytes(XChaCha20Poly1305.nonceByteCount))
    }

    func seal(_ record: [UInt8], purpose: String, context: [UInt8], nonce: [UInt8]) -> [UInt8] {
        NoncedMessage.seal(record, key: sealKey, nonce: nonce, authenticating: Self.associatedData(purpose, context))
    }

    /// The record; nil if this was not sealed on this device, for this purpose and context, or was changed.
    public func open(_ sealed: [UInt8], purpose: String, context: [UInt8] = []) -> [UInt8]? {
        NoncedMessage.open(sealed, key: sealKey, authenticating: Self.associatedData(purpose, context))
    }

    /// A name for `value` that says nothing of it to whoever lacks the key: what a column is looked up by.
    public func tag(_ value: [UInt8], purpose: String) -> Bytes32 {
        BLAKE2b.hash256(Self.associatedData(purpose, value).span, key: tagKey)
    }

    /// The purpose alone, or the purpose, a zero byte and the context: no two pairs give the same bytes.
    private static func associatedData(_ purpose: String, _ context: [UInt8]) -> [UInt8] {
        let label = [UInt8](purpose.utf8)
        precondition(!label.contains(0), "a purpose has no NUL")
        return context.isEmpty ? label : label + [0] + context
    }
}
