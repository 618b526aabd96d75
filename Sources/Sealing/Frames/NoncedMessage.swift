internal import Primitives

/// A message that is sealed by itself: 24 nonce bytes, ciphertext, tag.
enum NoncedMessage {
    static let overhead = XChaCha20Poly1305.nonceByteCount + XChaCha20Poly1305.tagByteCount

    /// - Parameter nonce: 24 random bytes.
    static func seal(
        _ plaintext: [UInt8], key: Secret, nonce: [UInt8], authenticating data: [UInt8]
    ) -> [UInt8] {
        precondition(nonce.count == XChaCha20Poly1305.nonceByteCount)
        var sealed = [UInt8](repeating: 0, count: plaintext.count + overhead)
        sealed.replaceSubrange(..<nonce.count, with: nonce)
        var span = sealed.mutableSpan
        var place = span._mutatingExtracting(nonce.count..<span.count)
        var stream = stream(key, nonce.span)
        stream.seal(plaintext.span, into: &place, nonceSuffix: suffix(nonce.span), authenticating: data.span)
        return sealed
    }

    /// Nil if it is not authentic.
    static func open(_ sealed: [UInt8], key: Secret, authenticating data: [UInt8]) -> [UInt8]? {
        guard sealed.count >= overhead else { return nil }
        let nonce = sealed.span.extracting(..<XChaCha20Poly1305.nonceByteCount)
        let rest = sealed.span.extracting(XChaCha20Poly1305.nonceByteCount...)
        var plaintext = [UInt8](repeating: 0, count: sealed.count - overhead)
        var span = plaintext.mutableSpan
        var stream = stream(key, nonce)
        let authentic = stream.open(rest, into: &span, nonceSuffix: suffix(nonce), authenticating: data.span)
        return authentic ? plaintext : nil
    }

    private static func stream(_ key: Secret, _ nonce: Span<UInt8>) -> XChaCha20Poly1305Stream {
        let prefix = nonce.extracting(..<XChaCha20Poly1305Stream.noncePrefixByteCount)
        return XChaCha20Poly1305Stream(key: key, noncePrefix: prefix)
    }

    private static func suffix(_ nonce: Span<UInt8>) -> UInt64 {
        (16..<24).reversed().reduce(0) { $0 << 8 | UInt64(nonce[$1]) }
    }
}
