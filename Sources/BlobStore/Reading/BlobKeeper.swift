public import Sealing

/// Keeps blobs on this machine that were read whole: nodes of trees, which are read again and again. What it gives is authentic.
public protocol BlobKeeper: Sendable {
    /// Nil where it does not have it, or has it no more.
    func blob(_ id: BlobID) async -> [UInt8]?
    /// Keeps it if it can.
    func keep(_ bytes: [UInt8], as id: BlobID) async
}
