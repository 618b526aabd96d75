public import Primitives

/// Everything that a recovery phrase gives: the account, and by way of the root all keys of all its drives.
///
/// Held only while a phrase is at hand (`init`, `recover`, rotation); daily work needs `DailyKeys` alone.
///
/// Format: Docs/Format/Keys.md, "From the phrase".
public struct RootKeys: Sendable {
    /// 32 bytes: the account's sr25519 mini-secret, the same as in any Substrate wallet.
    public let accountMiniSecret: Secret
    /// From the half of the seed that no wallet uses.
    public let root: Secret

    /// - Parameter seed64: the 64 bytes that Substrate's PBKDF2 makes of the phrase's entropy.
    public init(seed64: Secret) {
        precondition(seed64.byteCount == 64, "a phrase's seed has 64 bytes")
        accountMiniSecret = seed64.part(0..<32)
        root = KeyDerivation.derive(seed64.part(32..<64), "cessdrive/root/1")
    }

    init(accountMiniSecret: Secret, root: Secret) {
        self.accountMiniSecret = accountMiniSecret
        self.root = root
    }

    /// Opens every epoch that a drive of this phrase ever had.
    public var ring: BoxKeyPair { BoxKeyPair(seed: KeyDerivation.derive(root, "cessdrive/ring/1")) }

    /// Seals segment preludes and commits.
    public var preludeKey: Secret { KeyDerivation.derive(root, "cessdrive/prelude/1") }

    /// Makes the names of volumes on the chain.
    public var nameTagKey: Secret { KeyDerivation.derive(root, "cessdrive/name-tag/1") }

    /// The name of the one territory that all drives of the account share: 26 ASCII characters.
    public var territoryName: [UInt8] {
        KeyDerivation.derive(root, "cessdrive/territory/1").withBytes { digest in
            Base32.encode((0..<16).map { digest[$0] })
        }
    }

    public func drive(_ id: Bytes16) -> DriveKeys {
        DriveKeys(id: id, master: KeyDerivation.derive(root, "cessdrive/drive/1", id.bytes))
    }
}
