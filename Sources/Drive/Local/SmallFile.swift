internal import BlobStore
internal import Chunking
internal import DriveFormat
internal import Sealing
internal import SystemPackage

/// A file that is one chunk or less, read whole, its content named and compressed: of storing it, all that needs no order.
struct SmallFile: Sendable {
    /// Every file up to this length is one chunk.
    static let byteLimit = Chunker.minimumByteCount

    let status: LocalStatus
    let attributes: LocalAttributes
    let content: Content
    /// What `content` names; nil where that is in the entry.
    let chunk: PreparedBlob?

    /// Opens and reads a file. Blocks.
    ///
    /// - Returns: nil if it is no small file any more, has holes or several names, or changes while it is read.
    /// - Throws: what the system says.
    init?(named name: [UInt8], in directory: LocalFile, keys: DriveKeys) throws(Errno) {
        let file = try directory.openFile(named: name)
        status = try file.settledStatus()
        guard status.type == .file, status.linkCount == 1, status.size <= UInt64(Self.byteLimit),
            status.size <= status.blocks * 512
        else { return nil }
        attributes = file.attributes()
        let bytes = try file.read(Int(status.size), at: 0)
        let after = try file.status()
        guard bytes.count == Int(status.size), after.size == status.size, after.modified == status.modified,
            after.changed == status.changed
        else { return nil }
        if bytes.count <= Content.inlineByteLimit {
            (content, chunk) = (bytes.isEmpty ? .none : .inline(bytes), nil)
        } else {
            let blob = PreparedBlob(bytes, kind: .chunk, keys: keys, padded: true)
            (content, chunk) = (.chunk(blob.id, length: UInt32(bytes.count)), blob)
        }
    }
}
