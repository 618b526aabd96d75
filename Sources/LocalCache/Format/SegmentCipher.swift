internal import Primitives

/// Seals and opens what lies in one segment. Whoever holds it uses it alone; `Segment` lends it.
final class SegmentCipher: @unchecked Sendable {  // one holder at a time
    private var stream: XChaCha20Poly1305Stream
    private static let label = Array("cessdrive/cache/segment/1".utf8)
    private static let nothing: [UInt8] = []

    /// - Parameter noncePrefix: the header's, unless it is for the footer.
    init(key: Secret, header: SegmentHeader, noncePrefix: [UInt8]? = nil) {
        let input = Self.label + header.salt
        var segmentKey = key.withBytes { BLAKE2b.hash(input.span, key: $0, byteCount: 32) }
        let prefix = noncePrefix ?? header.noncePrefix
        stream = XChaCha20Poly1305Stream(key: segmentKey.span, noncePrefix: prefix.span)
        segmentKey.wipe()
    }

    func seal(_ plaintext: [UInt8], counter: UInt64, authenticating data: [UInt8]) -> [UInt8] {
        var sealed = [UInt8](repeating: 0, count: plaintext.count + XChaCha20Poly1305.tagByteCount)
        var span = sealed.mutableSpan
        stream.seal(plaintext.span, into: &span, nonceSuffix: counter, authenticating: data.span)
        return sealed
    }

    /// Nil if it is not authentic.
    func open(_ sealed: [UInt8], counter: UInt64, authenticating data: [UInt8]) -> [UInt8]? {
        guard sealed.count >= XChaCha20Poly1305.tagByteCount else { return nil }
        var plaintext = [UInt8](repeating: 0, count: sealed.count - XChaCha20Poly1305.tagByteCount)
        var span = plaintext.mutableSpan
        let isAuthentic = stream.open(sealed.span, into: &span, nonceSuffix: counter, authenticating: data.span)
        return isAuthentic ? plaintext : nil
    }

    /// Seals a payload block by block, with the counters from `first` on.
    ///
    /// - Precondition: `sealed` has `SealedBlocks.sealedByteCount(payload:)` bytes.
    func seal(payload: Span<UInt8>, from first: UInt64, into sealed: inout MutableSpan<UInt8>) {
        let data = Self.nothing
        for block in 0..<SealedBlocks.count(payload: payload.count) {
            let start = block * SealedBlocks.byteCount
            let plaintext = payload.extracting(start..<min(start + SealedBlocks.byteCount, payload.count))
            let place = block * SealedBlocks.sealedByteCount
            var output = sealed._mutatingExtracting(place..<place + plaintext.count + SealedBlocks.tagByteCount)
            stream.seal(plaintext, into: &output, nonceSuffix: first + UInt64(block), authenticating: data.span)
        }
    }

    /// Opens one block; false if it is not authentic.
    func open(block sealed: Span<UInt8>, counter: UInt64, into output: inout MutableSpan<UInt8>) -> Bool {
        let data = Self.nothing
        return stream.open(sealed, into: &output, nonceSuffix: counter, authenticating: data.span)
    }
}
