internal import CCrypto
internal import CSodium

/// Argon2id (RFC 9106, version 1.3), one lane.
public enum Argon2id {
    /// - Parameters:
    ///   - salt: 16 bytes.
    ///   - memory: in bytes, at least 8 KiB.
    /// - Returns: `byteCount` derived bytes, or nil if the memory cannot be had.
    public static func derive(password: Secret, salt: [UInt8], passes: Int, memory: Int, byteCount: Int = 32) -> Secret?
    {
        precondition(salt.count == Int(crypto_pwhash_argon2id_saltbytes()), "an Argon2id salt has 16 bytes")
        var key = [UInt8](repeating: 0, count: byteCount)
        let result = password.withPointer {
            $0.withMemoryRebound(to: CChar.self, capacity: password.byteCount) {
                crypto_pwhash_argon2id(
                    &key, UInt64(byteCount), $0, UInt64(password.byteCount), salt, UInt64(passes), memory,
                    crypto_pwhash_argon2id_alg_argon2id13())
            }
        }
        guard result == 0 else { return nil }
        return Secret(taking: &key)
    }
}

/// PBKDF2 with HMAC-SHA-512 (RFC 8018).
public enum PBKDF2 {
    public static func hmacSHA512(password: Span<UInt8>, salt: [UInt8], rounds: Int, byteCount: Int) -> Secret {
        var key = [UInt8](repeating: 0, count: byteCount)
        let result = password.withUnsafeBytes {
            PKCS5_PBKDF2_HMAC(
                $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32($0.count), salt, Int32(salt.count),
                Int32(rounds), EVP_sha512(), Int32(byteCount), &key)
        }
        precondition(result == 1, "PBKDF2 fails only on lengths it cannot take")
        return Secret(taking: &key)
    }
}
