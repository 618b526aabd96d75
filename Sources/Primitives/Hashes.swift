internal import CCrypto
internal import CSodium
internal import CXXHash

/// SHA-256 (FIPS 180-4), by libcrypto, which uses the processor's instructions where it has them.
public enum SHA256 {
    public static func hash(_ bytes: Span<UInt8>) -> Bytes32 {
        var stream = SHA256Stream()
        stream.update(bytes)
        return stream.finish()
    }

    public static func hash(_ bytes: [UInt8]) -> Bytes32 { hash(bytes.span) }
}

/// SHA-256 of bytes that come in pieces.
public struct SHA256Stream: ~Copyable, @unchecked Sendable {  // owns its context; only `mutating` methods touch it
    private let context: OpaquePointer

    public init() {
        // Both calls fail only when memory is exhausted, where Swift's own allocations trap as well.
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
        else { fatalError("out of memory") }
        self.context = context
    }

    public mutating func update(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBytes { precondition(EVP_DigestUpdate(context, $0.baseAddress, $0.count) == 1) }
    }

    public mutating func update(_ bytes: [UInt8]) { update(bytes.span) }

    /// The digest of all bytes since the beginning or the last `finish`; the stream starts anew.
    public mutating func finish() -> Bytes32 {
        var digest = [UInt8](repeating: 0, count: 32)
        precondition(EVP_DigestFinal_ex(context, &digest, nil) == 1)
        precondition(EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1)
        guard let result = Bytes32(digest) else { preconditionFailure("32 bytes are 32 bytes") }
        return result
    }

    deinit { EVP_MD_CTX_free(context) }
}

/// SHA-512 (FIPS 180-4).
public enum SHA512 {
    /// 64 bytes.
    public static func hash(_ bytes: Span<UInt8>) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 64)
        bytes.withUnsafeBufferPointer {
            _ = crypto_hash_sha512(&digest, $0.baseAddress, UInt64($0.count))
        }
        return digest
    }
}

/// BLAKE2b (RFC 7693), unkeyed or keyed, without salt or personalisation.
public enum BLAKE2b {
    /// - Parameters:
    ///   - key: 16…64 bytes, or none.
    ///   - byteCount: the digest's length, 1…64 (libsodium names 16 as its shortest but computes any).
    public static func hash(_ bytes: Span<UInt8>, key: Span<UInt8>? = nil, byteCount: Int) -> [UInt8] {
        precondition(1...64 ~= byteCount, "a BLAKE2b digest has 1 to 64 bytes")
        var digest = [UInt8](repeating: 0, count: byteCount)
        let result = bytes.withUnsafeBufferPointer { input in
            guard let key else {
                return crypto_generichash_blake2b(
                    &digest, byteCount, input.baseAddress, UInt64(input.count), nil, 0)
            }
            return key.withUnsafeBufferPointer {
                crypto_generichash_blake2b(
                    &digest, byteCount, input.baseAddress, UInt64(input.count), $0.baseAddress, $0.count)
            }
        }
        precondition(result == 0, "a BLAKE2b key has at most 64 bytes")
        return digest
    }

    public static func hash(_ bytes: [UInt8], byteCount: Int) -> [UInt8] { hash(bytes.span, byteCount: byteCount) }

    /// BLAKE2b-256 under a secret key, for digests that are no secrets themselves.
    public static func hash256(_ bytes: Span<UInt8>, key: Secret) -> Bytes32 {
        var stream = BLAKE2bStream(key: key)
        stream.update(bytes)
        return stream.finish()
    }

    /// BLAKE2b-256.
    public static func hash256(_ bytes: [UInt8], key: [UInt8]? = nil) -> Bytes32 {
        var stream = BLAKE2bStream(key: key)
        stream.update(bytes.span)
        return stream.finish()
    }
}

/// BLAKE2b-256 of bytes that come in pieces.
public struct BLAKE2bStream: ~Copyable, @unchecked Sendable {  // owns its state; only `mutating` methods touch it
    private let memory: UnsafeMutableRawPointer
    /// The C type is aligned beyond what Swift imports, so its pointer is opaque.
    private var state: OpaquePointer { OpaquePointer(memory) }

    /// - Parameter key: at most 64 bytes.
    public init(key: [UInt8]? = nil) {
        // libsodium wants the state on a 64-byte boundary, which Swift's own allocation does not promise.
        memory = .allocate(byteCount: crypto_generichash_blake2b_statebytes(), alignment: 64)
        let result = crypto_generichash_blake2b_init(OpaquePointer(memory), key, key?.count ?? 0, 32)
        precondition(result == 0, "a BLAKE2b key has at most 64 bytes")
    }

    /// - Parameter key: at most 64 bytes; no copy of it outlives the stream.
    public init(key: Secret) {
        memory = .allocate(byteCount: crypto_generichash_blake2b_statebytes(), alignment: 64)
        let result = key.withPointer {
            crypto_generichash_blake2b_init(OpaquePointer(memory), $0, key.byteCount, 32)
        }
        precondition(result == 0, "a BLAKE2b key has at most 64 bytes")
    }

    public mutating func update(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer {
            _ = crypto_generichash_blake2b_update(state, $0.baseAddress, UInt64($0.count))
        }
    }

    public consuming func finish() -> Bytes32 {
        var digest = [UInt8](repeating: 0, count: 32)
        crypto_generichash_blake2b_final(state, &digest, 32)
        guard let result = Bytes32(digest) else { preconditionFailure("32 bytes are 32 bytes") }
        return result
    }

    /// The digest as a key of its own.
    public consuming func finishSecret() -> Secret {
        var digest = [UInt8](repeating: 0, count: 32)
        crypto_generichash_blake2b_final(state, &digest, 32)
        return Secret(taking: &digest)
    }

    deinit {
        sodium_memzero(memory, crypto_generichash_blake2b_statebytes())  // it may hold a key
        memory.deallocate()
    }
}

/// xxHash64, as Substrate's `Twox` hashers use it: not for anything an adversary could choose to make collide.
public enum XXHash64 {
    public static func hash(_ bytes: Span<UInt8>, seed: UInt64) -> UInt64 {
        bytes.withUnsafeBytes { XXH64($0.baseAddress, $0.count, seed) }
    }
}
