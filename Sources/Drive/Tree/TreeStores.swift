internal import BlobStore
internal import DriveFormat
internal import SCALE
internal import Sealing

/// Finds blobs by id: in this machine's memory first, then in the runs of a commit's index.
struct BlobIndex: Sendable {
    let database: StoreDatabase
    /// Newest first; empty for a drive's first commit.
    let runs: [IndexRun]
    let tree: ProllyTree
    /// While a change is staged its blobs are known to the spool alone.
    let spool: Spool?

    /// What this machine's memory says of many blobs, by one reading; those that it does not know are left out.
    func knownPointers(of ids: [BlobID]) async throws -> [BlobID: Pointer] {
        guard !ids.isEmpty else { return [:] }
        return if let spool { try await spool.pointers(of: ids) } else { try await database.pointers(of: ids) }
    }

    func pointer(of id: BlobID) async throws -> Pointer? {
        if let pointer = try await knownPointers(of: [id])[id] { return pointer }
        for run in runs where try await !database.knowsRun(run.root.reference) {
            if let value = try await tree.lookup(id.bytes, in: run.root) { return try Pointer(scaleBytes: value) }
        }
        return nil
    }

    /// - Throws: `DriveError.stateDamaged` if a tree names a blob that no index knows.
    func reference(to id: BlobID) async throws -> BlobReference {
        guard let pointer = try await pointer(of: id) else {
            throw DriveError.stateDamaged(path: "the drive's index", reason: "it does not know blob \(id)")
        }
        return BlobReference(id: id, pointer: pointer)
    }
}

/// Nodes that are named by id and found through the index: directories, lists of chunks, link groups.
struct IndexedNodes: ProllyNodes {
    let kind: BlobKind
    let index: BlobIndex
    let reader: BlobReader
    /// Nil where nothing is written.
    let writer: BlobWriter?

    func load(_ reference: [UInt8]) async throws -> [UInt8] {
        // A commit names its root by the whole reference, so that it opens without the index.
        let found =
            reference.count == BlobReference.byteCount
            ? try BlobReference(scaleBytes: reference) : try await index.reference(to: BlobID(scaleBytes: reference))
        return try await reader.read(found, kind: kind)
    }

    func store(_ node: [UInt8], level: UInt8) async throws -> [UInt8] {
        guard let writer else { preconditionFailure("a reader's tree is never written") }
        return try await writer.store(node, kind: kind).id.bytes
    }
}

/// Nodes that are outside the index and named by their whole references: the index itself and the set of volumes.
struct PointedNodes: ProllyNodes {
    let kind: BlobKind
    let reader: BlobReader
    let writer: BlobWriter?

    func load(_ reference: [UInt8]) async throws -> [UInt8] {
        try await reader.read(BlobReference(scaleBytes: reference), kind: kind)
    }

    func store(_ node: [UInt8], level: UInt8) async throws -> [UInt8] {
        guard let writer else { preconditionFailure("a reader's tree is never written") }
        return try await writer.store(node, kind: kind).scaleBytes
    }
}

/// Stores blobs of one drive in its spool.
struct BlobWriter: Sendable {
    let spool: Spool
    let keys: DriveKeys

    @discardableResult
    func store(_ plaintext: [UInt8], kind: BlobKind) async throws -> BlobReference {
        try await spool.append(PreparedBlob(plaintext, kind: kind, keys: keys))
    }
}

extension BlobIndex {
    /// The whole reference of a tree's root, which may be named by its id alone.
    func reference(toNode reference: [UInt8]) async throws -> BlobReference {
        reference.count == BlobReference.byteCount
            ? try BlobReference(scaleBytes: reference) : try await self.reference(to: BlobID(scaleBytes: reference))
    }
}
