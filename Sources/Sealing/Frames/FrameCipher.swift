internal import Primitives

/// The one cipher of a blob's frames, for sealing and for opening.
///
/// Format: Docs/Format/Frames.md, "Sealing".
struct FrameCipher: ~Copyable {
    let header: BlobHeader
    private let associatedData: [UInt8]
    private var stream: XChaCha20Poly1305Stream

    init(header: BlobHeader, epochKey: Secret) {
        self.header = header
        associatedData = header.associatedData
        // An array and not a Secret: it lives for a few microseconds, and locking a page takes longer than that.
        let label = [UInt8]("blob".utf8) + header.id.bytes
        var blobKey = epochKey.withBytes { BLAKE2b.hash(label.span, key: $0, byteCount: 32) }
        stream = XChaCha20Poly1305Stream(key: blobKey.span, noncePrefix: header.nonce.bytes.span)
        blobKey.wipe()
    }

    /// Seals a frame's payload into its sealed form.
    mutating func seal(frame: Int, _ payload: Span<UInt8>, into sealed: inout MutableSpan<UInt8>) {
        let (suffix, data) = (nonceSuffix(frame), associatedData)
        stream.seal(payload, into: &sealed, nonceSuffix: suffix, authenticating: data.span)
    }

    /// Opens a frame into its payload; false if it is not authentic.
    mutating func open(frame: Int, _ sealed: Span<UInt8>, into payload: inout MutableSpan<UInt8>) -> Bool {
        let (suffix, data) = (nonceSuffix(frame), associatedData)
        return stream.open(sealed, into: &payload, nonceSuffix: suffix, authenticating: data.span)
    }

    /// A frame is bound to its place, and the last one to being the last: nothing can be cut off or moved.
    private func nonceSuffix(_ frame: Int) -> UInt64 {
        UInt64(frame) * 2 + (frame == header.layout.frameCount - 1 ? 1 : 0)
    }
}
