public import Primitives

/// The keys of one drive that never change: what is cut where, and what it is called.
///
/// They decrypt nothing; contents are sealed under epoch keys. Format: Docs/Format/Keys.md, "Of a drive".
public struct DriveKeys: Sendable {
    public let id: Bytes16
    let master: Secret
    /// Seeds the gear table that cuts contents into chunks.
    public let chunkerSeed: Secret
    /// Names blobs; it stays for the drive's life, so that deduplication survives a rotation of epochs.
    public let blobIDKey: Secret
    /// Places the borders of the nodes in trees.
    public let treeBorderKey: Secret

    init(id: Bytes16, master: Secret) {
        self.id = id
        self.master = master
        chunkerSeed = KeyDerivation.derive(master, "cessdrive/chunker/1")
        blobIDKey = KeyDerivation.derive(master, "cessdrive/blob-id/1")
        treeBorderKey = KeyDerivation.derive(master, "cessdrive/tree/1")
    }

    /// The name of a blob: equal for equal kind and plaintext in this drive, and unrelated in any other.
    public func blobID(_ kind: BlobKind, _ plaintext: Span<UInt8>) -> BlobID {
        var stream = BLAKE2bStream(key: blobIDKey)
        stream.update([kind.rawValue].span)
        stream.update(plaintext)
        return BlobID(stream.finish())
    }
}
