internal import CSodium

/// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03): 32-byte keys, 24-byte nonces, 16-byte tags.
public enum XChaCha20Poly1305 {
    public static let keyByteCount = 32
    public static let nonceByteCount = 24
    public static let tagByteCount = 16

    /// Seals `plaintext` into `output`, which receives the ciphertext and then the tag.
    ///
    /// - Precondition: `output` has room for `plaintext.count + 16` bytes; key and nonce have their lengths; no nonce
    ///   is used twice with one key.
    public static func seal(
        _ plaintext: Span<UInt8>, into output: inout MutableSpan<UInt8>,
        key: Span<UInt8>, nonce: Span<UInt8>, authenticating data: Span<UInt8>
    ) {
        precondition(key.count == keyByteCount && nonce.count == nonceByteCount)
        precondition(output.count == plaintext.count + tagByteCount)
        output.withUnsafeMutableBufferPointer { output in
            plaintext.withUnsafeBufferPointer { plaintext in
                key.withUnsafeBufferPointer { key in
                    nonce.withUnsafeBufferPointer { nonce in
                        data.withUnsafeBufferPointer { data in
                            cessdrive_xchacha20poly1305_seal(
                                output.baseAddress, plaintext.baseAddress, UInt64(plaintext.count),
                                data.baseAddress, UInt64(data.count), nonce.baseAddress, key.baseAddress)
                        }
                    }
                }
            }
        }
    }

    /// Opens ciphertext and tag into `output`.
    ///
    /// - Returns: whether the bytes are authentic; if not, `output` holds nothing of use.
    /// - Precondition: `sealed` has at least 16 bytes and `output` exactly 16 fewer than it.
    public static func open(
        _ sealed: Span<UInt8>, into output: inout MutableSpan<UInt8>,
        key: Span<UInt8>, nonce: Span<UInt8>, authenticating data: Span<UInt8>
    ) -> Bool {
        precondition(key.count == keyByteCount && nonce.count == nonceByteCount)
        precondition(sealed.count >= tagByteCount && output.count == sealed.count - tagByteCount)
        return output.withUnsafeMutableBufferPointer { output in
            sealed.withUnsafeBufferPointer { sealed in
                key.withUnsafeBufferPointer { key in
                    nonce.withUnsafeBufferPointer { nonce in
                        data.withUnsafeBufferPointer { data in
                            cessdrive_xchacha20poly1305_open(
                                output.baseAddress, sealed.baseAddress, UInt64(sealed.count),
                                data.baseAddress, UInt64(data.count), nonce.baseAddress, key.baseAddress) == 0
                        }
                    }
                }
            }
        }
    }

    /// Seals a whole small value: ciphertext, then tag.
    public static func seal(_ plaintext: [UInt8], key: [UInt8], nonce: [UInt8], authenticating data: [UInt8]) -> [UInt8]
    {
        var output = [UInt8](repeating: 0, count: plaintext.count + tagByteCount)
        var span = output.mutableSpan
        seal(plaintext.span, into: &span, key: key.span, nonce: nonce.span, authenticating: data.span)
        return output
    }

    /// Opens a whole small value; nil if it is not authentic.
    public static func open(_ sealed: [UInt8], key: [UInt8], nonce: [UInt8], authenticating data: [UInt8]) -> [UInt8]? {
        guard sealed.count >= tagByteCount else { return nil }
        var output = [UInt8](repeating: 0, count: sealed.count - tagByteCount)
        var span = output.mutableSpan
        let authentic = open(
            sealed.span, into: &span, key: key.span, nonce: nonce.span, authenticating: data.span)
        return authentic ? output : nil
    }
}
