/// How a record's payload is cut into blocks, each of them sealed for itself: four kilobytes at random cost one block.
///
/// Format: Docs/Format/LocalCache.md, "Payloads".
enum SealedBlocks {
    static let byteCount = 4096
    static let tagByteCount = 16
    static let sealedByteCount = byteCount + tagByteCount
    /// What one record may carry.
    static let maximumPayloadByteCount = 32 << 20

    static func count(payload: Int) -> Int { (payload + byteCount - 1) / byteCount }

    static func sealedByteCount(payload: Int) -> Int { payload + count(payload: payload) * tagByteCount }
}
