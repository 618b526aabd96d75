internal import CCrypto
internal import CSodium

/// XChaCha20-Poly1305 for many messages under one key whose nonces share their first 16 bytes.
///
/// The same construction as `XChaCha20Poly1305`, byte for byte: HChaCha20 makes a subkey of the key and those 16 bytes,
/// once; each message is then RFC 8439 with the nonce `00000000 ‖` the last 8 bytes. libcrypto does that part, because
/// it is two and a half times as fast as libsodium where the processor has wide vectors (3.7 against 1.5 GB/s).
/// Nothing is allocated for a message.
public struct XChaCha20Poly1305Stream: ~Copyable, @unchecked Sendable {  // owns its context; methods are `mutating`
    public static let noncePrefixByteCount = 16

    private let context: OpaquePointer
    /// The four zero bytes and the suffix of the next message.
    private var nonce: (UInt32, UInt32, UInt32) = (0, 0, 0)

    /// - Precondition: `key` has 32 bytes and `noncePrefix` 16.
    public init(key: Span<UInt8>, noncePrefix: Span<UInt8>) {
        self.init(subkey: Self.subkey(key, noncePrefix))
    }

    /// - Precondition: `key` has 32 bytes and `noncePrefix` 16.
    public init(key: Secret, noncePrefix: Span<UInt8>) {
        self.init(subkey: key.withBytes { Self.subkey($0, noncePrefix) })
    }

    private init(subkey: consuming [UInt8]) {
        // Fails only when memory is exhausted, where Swift's own allocations trap as well.
        guard let context = EVP_CIPHER_CTX_new() else { fatalError("out of memory") }
        self.context = context
        let result = EVP_CipherInit_ex(context, Self.cipher, nil, subkey, nil, 1)
        subkey.wipe()
        precondition(result == 1, "libcrypto has ChaCha20-Poly1305")
    }

    private static func subkey(_ key: Span<UInt8>, _ noncePrefix: Span<UInt8>) -> [UInt8] {
        precondition(key.count == XChaCha20Poly1305.keyByteCount && noncePrefix.count == noncePrefixByteCount)
        var subkey = [UInt8](repeating: 0, count: XChaCha20Poly1305.keyByteCount)
        key.withUnsafeBufferPointer { key in
            noncePrefix.withUnsafeBufferPointer { prefix in
                guard let key = key.baseAddress, let prefix = prefix.baseAddress else { return }
                _ = crypto_core_hchacha20(&subkey, prefix, key, nil)
            }
        }
        return subkey
    }

    /// Fetched once: libcrypto 3 looks an algorithm up by name otherwise, which takes longer than a small message.
    nonisolated(unsafe) private static let cipher: OpaquePointer? =  // immutable once fetched, and never freed
        EVP_CIPHER_fetch(nil, "ChaCha20-Poly1305", nil) ?? EVP_chacha20_poly1305()

    /// Seals `plaintext` into `output`, which receives the ciphertext and then the tag.
    ///
    /// - Parameter nonceSuffix: the nonce's last 8 bytes, read as a little-endian number; never used twice.
    /// - Precondition: `output` has exactly `plaintext.count + 16` bytes.
    public mutating func seal(
        _ plaintext: Span<UInt8>, into output: inout MutableSpan<UInt8>, nonceSuffix: UInt64,
        authenticating data: Span<UInt8>
    ) {
        precondition(output.count == plaintext.count + XChaCha20Poly1305.tagByteCount)
        start(nonceSuffix, encrypting: true, authenticating: data)
        output.withUnsafeMutableBufferPointer { output in
            plaintext.withUnsafeBufferPointer { update(output.baseAddress, $0) }
            var written: Int32 = 0
            let tag = output.baseAddress.map { $0 + plaintext.count }
            precondition(EVP_CipherFinal_ex(context, tag, &written) == 1)
            let result = EVP_CIPHER_CTX_ctrl(
                context, EVP_CTRL_AEAD_GET_TAG, Int32(XChaCha20Poly1305.tagByteCount), tag)
            precondition(result == 1)
        }
    }

    /// Opens ciphertext and tag into `output`.
    ///
    /// - Returns: whether the bytes are authentic; if not, `output` is all zero.
    /// - Precondition: `sealed` has at least 16 bytes and `output` exactly 16 fewer than it.
    public mutating func open(
        _ sealed: Span<UInt8>, into output: inout MutableSpan<UInt8>, nonceSuffix: UInt64,
        authenticating data: Span<UInt8>
    ) -> Bool {
        let byteCount = sealed.count - XChaCha20Poly1305.tagByteCount
        precondition(byteCount >= 0 && output.count == byteCount)
        start(nonceSuffix, encrypting: false, authenticating: data)
        return output.withUnsafeMutableBufferPointer { output in
            sealed.withUnsafeBufferPointer { sealed in
                let tag = UnsafeMutablePointer(mutating: sealed.baseAddress.map { $0 + byteCount })
                let result = EVP_CIPHER_CTX_ctrl(
                    context, EVP_CTRL_AEAD_SET_TAG, Int32(XChaCha20Poly1305.tagByteCount), tag)
                precondition(result == 1)
                update(output.baseAddress, UnsafeBufferPointer(rebasing: sealed[..<byteCount]))
                var written: Int32 = 0
                var nothing: UInt8 = 0
                let authentic = EVP_CipherFinal_ex(context, &nothing, &written) == 1
                if !authentic { output.update(repeating: 0) }
                return authentic
            }
        }
    }

    private mutating func start(_ nonceSuffix: UInt64, encrypting: Bool, authenticating data: Span<UInt8>) {
        nonce.1 = UInt32(truncatingIfNeeded: nonceSuffix).littleEndian
        nonce.2 = UInt32(truncatingIfNeeded: nonceSuffix >> 32).littleEndian
        let result = withUnsafeBytes(of: nonce) {
            EVP_CipherInit_ex(
                context, nil, nil, nil, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), encrypting ? 1 : 0)
        }
        precondition(result == 1)
        data.withUnsafeBufferPointer { update(nil, $0) }
    }

    /// Passes bytes through the cipher, or, without an output, through the authenticator alone.
    private func update(_ output: UnsafeMutablePointer<UInt8>?, _ input: UnsafeBufferPointer<UInt8>) {
        guard input.count > 0 else { return }
        precondition(input.count <= Int32.max, "a message has less than 2 GiB")
        var written: Int32 = 0
        precondition(EVP_CipherUpdate(context, output, &written, input.baseAddress, Int32(input.count)) == 1)
    }

    deinit { EVP_CIPHER_CTX_free(context) }  // overwrites its key
}
