public import Primitives

/// The recovery phrase itself, and what only it gives: the root, and by it the ring key.
///
/// Sealed apart from the daily keys; no agent ever holds it. Format: Docs/Format/Keystore.md, "Phrase part".
public struct PhraseKeys: Sendable {
    /// BIP-39 entropy: 16, 20, 24, 28 or 32 bytes.
    public let entropy: Secret
    public let root: Secret

    /// - Precondition: `entropy` has a length that BIP-39 knows.
    public init(entropy: Secret, root: RootKeys) {
        precondition(Self.isEntropy(byteCount: entropy.byteCount), "a phrase has 12, 15, 18, 21 or 24 words")
        self.entropy = entropy
        self.root = root.root
    }

    /// Opens every epoch of every drive.
    public var ring: BoxKeyPair { BoxKeyPair(seed: KeyDerivation.derive(root, "cessdrive/ring/1")) }

    private static func isEntropy(byteCount: Int) -> Bool { 16...32 ~= byteCount && byteCount.isMultiple(of: 4) }
}

extension PhraseKeys {
    /// Version, flags, entropy's length, entropy filled up to 32 bytes, root: the same for every number of words.
    static let recordByteCount = 3 + 32 + 32
    private static let version: UInt8 = 1

    func record() -> Secret {
        var bytes = [UInt8](repeating: 0, count: Self.recordByteCount)
        bytes[0] = Self.version
        bytes[2] = UInt8(entropy.byteCount)
        entropy.withBytes { for index in $0.indices { bytes[3 + index] = $0[index] } }
        root.withBytes { for index in $0.indices { bytes[35 + index] = $0[index] } }
        return Secret(taking: &bytes)
    }

    init(record: Secret) throws(KeystoreError) {
        guard record.byteCount > 0 else { throw .damaged }
        let version = record.withBytes { $0[0] }
        guard version == Self.version else { throw .unknownVersion(version) }
        guard record.byteCount == Self.recordByteCount else { throw .damaged }
        let (flags, count) = record.withBytes { ($0[1], Int($0[2])) }
        // No flag is defined; one for a passphrase beside the words is what the byte is kept for.
        guard flags == 0, Self.isEntropy(byteCount: count) else { throw .damaged }
        guard record.withBytes({ bytes in (3 + count..<35).allSatisfy { bytes[$0] == 0 } }) else { throw .damaged }
        entropy = record.part(3..<3 + count)
        root = record.part(35..<67)
    }
}
