import Primitives
import Testing

@testable import Sealing

@Suite struct PrimitiveTests {
    /// `XChaCha20Poly1305` is libsodium's, `XChaCha20Poly1305Stream` HChaCha20 with libcrypto's ChaCha20-Poly1305.
    @Test(arguments: [0, 1, 15, 16, 17, 63, 64, 65, 255, 1_024, 4_095, 16_384, 70_000], [0, 1, 16, 62, 300])
    func `both implementations of XChaCha20-Poly1305 make the same bytes`(count: Int, dataCount: Int) {
        let key = SystemRandom.bytes(32)
        let prefix = SystemRandom.bytes(16)
        let plaintext = SystemRandom.bytes(count)
        let data = SystemRandom.bytes(dataCount)
        var stream = XChaCha20Poly1305Stream(key: key.span, noncePrefix: prefix.span)
        for suffix in [0, 1, 0x0123_4567_89ab_cdef, UInt64.max] {
            let nonce = prefix + (0..<8).map { UInt8(truncatingIfNeeded: suffix >> (8 * $0)) }
            let expected = XChaCha20Poly1305.seal(plaintext, key: key, nonce: nonce, authenticating: data)
            var sealed = [UInt8](repeating: 0, count: count + 16)
            var span = sealed.mutableSpan
            stream.seal(plaintext.span, into: &span, nonceSuffix: suffix, authenticating: data.span)
            #expect(sealed == expected)

            #expect(open(expected, with: &stream, suffix, data) == plaintext)
            sealed[count / 2] ^= 0x80
            #expect(open(sealed, with: &stream, suffix, data) == nil)
        }
    }

    /// Nil if not authentic, in which case nothing may be left of the plaintext.
    private func open(
        _ sealed: [UInt8], with stream: inout XChaCha20Poly1305Stream, _ suffix: UInt64, _ data: [UInt8]
    ) -> [UInt8]? {
        var opened = [UInt8](repeating: 1, count: sealed.count - 16)
        var target = opened.mutableSpan
        let authentic = stream.open(sealed.span, into: &target, nonceSuffix: suffix, authenticating: data.span)
        if !authentic { #expect(opened.allSatisfy { $0 == 0 }) }
        return authentic ? opened : nil
    }

    @Test(arguments: [
        ("", ""), ("f", "my"), ("fo", "mzxq"), ("foo", "mzxw6"), ("foob", "mzxw6yq"), ("fooba", "mzxw6ytb"),
        ("foobar", "mzxw6ytboi"),
    ])
    func `base32 is RFC 4648's, in lower case and without padding`(text: String, encoded: String) {
        #expect(Base32.encode(Array(text.utf8)) == Array(encoded.utf8))
        #expect(Base32.decode(Array(encoded.utf8)) == Array(text.utf8))
    }

    @Test(arguments: ["m", "mz1", "MY", "mz", "my======", "mzx", "m y", "mzxw6a"])
    func `base32 that nobody writes is refused`(text: String) {
        #expect(Base32.decode(Array(text.utf8)) == nil)
    }

    @Test func `padding follows Padmé`() {
        // From the paper's definition: E = ⌊log₂ L⌋, S = ⌊log₂ E⌋ + 1, the last E − S bits are zero.
        let cases = [
            0: 0, 1: 1, 2: 2, 3: 3, 7: 7, 8: 8, 9: 10, 15: 16, 100: 104, 1_000: 1_024, 1_025: 1_088, 4_097: 4_352,
            65_537: 67_584, 200_000: 200_704, 262_143: 262_144,
        ]
        for (count, padded) in cases { #expect(Padding.padme(count) == padded, "\(count)") }
        for count in stride(from: 1, to: 300_000, by: 7)
        where Padding.padme(count) < count || Padding.padme(count) > count + count / 8 + 1 {
            Issue.record("\(count) is padded to \(Padding.padme(count))")
        }
        #expect(Padding.paddedByteCount(ofPayload: 1_000, rawByteCount: 262_143) == 1_024)
        #expect(Padding.paddedByteCount(ofPayload: 1_000, rawByteCount: 262_144) == 1_000)
    }
}
