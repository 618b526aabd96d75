public import Primitives

/// The keys of one computer, which other computers of the same drive never learn.
///
/// Format: Docs/Format/Keys.md, "Of a device".
public struct DeviceKeys: Sendable {
    /// 32 random bytes, made once for each keystore.
    public let secret: Secret
    /// The sr25519 mini-secret that signs this device's commits.
    public let signingMiniSecret: Secret
    /// Epoch keys are sealed to its public key.
    public let box: BoxKeyPair
    /// Seals what this device keeps on its own disks.
    public let localSealer: LocalSealer
    /// 32 bytes: seals what mounts of the drive keep on this machine.
    public let mountKey: Secret

    /// - Precondition: `secret` has 32 bytes.
    public init(secret: Secret) {
        precondition(secret.byteCount == 32, "a device secret has 32 bytes")
        self.secret = secret
        signingMiniSecret = KeyDerivation.derive(secret, "cessdrive/device-sign/1")
        box = BoxKeyPair(seed: KeyDerivation.derive(secret, "cessdrive/device-box/1"))
        localSealer = LocalSealer(key: KeyDerivation.derive(secret, "cessdrive/local/1"))
        mountKey = KeyDerivation.derive(secret, "cessdrive/mount/1")
    }

    public static func random() -> DeviceKeys { DeviceKeys(secret: .random(byteCount: 32)) }
}
