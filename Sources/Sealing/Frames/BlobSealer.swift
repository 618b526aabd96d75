internal import Primitives

/// Seals blobs in one epoch. A value: any number of tasks may seal with it at once.
///
/// Format: Docs/Format/Frames.md.
public struct BlobSealer: Sendable {
    public let epoch: Epoch

    /// - Parameter epoch: the drive's current one, or `Epoch.commits` for commits.
    public init(epoch: Epoch) { self.epoch = epoch }

    /// Seals a payload under a fresh nonce.
    ///
    /// - Parameters:
    ///   - payload: the plaintext as `codec` made it, padded.
    ///   - rawByteCount: the plaintext's length.
    ///   - sealed: receives the frames; exactly `FrameLayout(payloadByteCount:).sealedByteCount` bytes.
    /// - Returns: what the blob's pointer has to keep.
    /// - Precondition: the payload fits a segment; commits, and only commits, are sealed in the epoch of the prelude key.
    /// - Complexity: no allocation for a frame; 0.3 µs for a KiB.
    public func seal(
        _ payload: Span<UInt8>, kind: BlobKind, codec: BlobCodec, id: BlobID, rawByteCount: Int,
        into sealed: inout MutableSpan<UInt8>
    ) -> BlobHeader {
        seal(
            payload, kind: kind, codec: codec, id: id, rawByteCount: rawByteCount, nonce: .random(), into: &sealed)
    }

    /// For vectors; anything else would seal twice under one nonce.
    func seal(
        _ payload: Span<UInt8>, kind: BlobKind, codec: BlobCodec, id: BlobID, rawByteCount: Int, nonce: Bytes16,
        into sealed: inout MutableSpan<UInt8>
    ) -> BlobHeader {
        precondition((kind == .commit) == (epoch.id == .zero), "commits alone are sealed under the prelude key")
        guard let layout = FrameLayout(payloadByteCount: payload.count), let raw = UInt32(exactly: rawByteCount) else {
            preconditionFailure("a blob fits a segment")
        }
        precondition(sealed.count == layout.sealedByteCount, "the frames fill their place")
        let header = BlobHeader(
            kind: kind, codec: codec, epoch: epoch.id, id: id, rawByteCount: raw, layout: layout, nonce: nonce)
        var cipher = FrameCipher(header: header, epochKey: epoch.key)
        for frame in 0..<layout.frameCount {
            var place = sealed._mutatingExtracting(layout.sealedRange(ofFrames: frame..<frame + 1))
            cipher.seal(
                frame: frame, payload.extracting(layout.payloadRange(ofFrames: frame..<frame + 1)), into: &place)
        }
        return header
    }
}
