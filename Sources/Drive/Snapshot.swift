internal import BlobStore
public import DriveFormat
internal import Primitives
internal import SCALE
internal import Sealing
internal import Substrate
internal import SystemPackage

/// The drive at one commit.
public struct Snapshot: Sendable {
    let found: FoundCommit
    let trees: DriveTrees
    /// The root directory.
    public let root: Entry

    init(_ found: FoundCommit, trees: DriveTrees) {
        self.found = found
        self.trees = trees
        var root = found.commit.rootAttributes
        root.content = .directory(found.commit.root)
        self.root = root
    }

    public var commit: Commit { found.commit }
    /// The tree of what has several names; nil where nothing has.
    public var links: TreeRoot? { commit.links }
    var state: DriveState { DriveState(root: root, links: links) }
    /// What names the commit: the id of its blob, 64 hexadecimal digits.
    public var id: String { found.blob.id.description }

    /// - Throws: `DriveError.notFound`; what reading throws.
    public func entry(at path: DrivePath) async throws -> Entry {
        guard let entry = try await trees.entry(at: path, from: root) else { throw DriveError.notFound(path) }
        return entry
    }

    /// What a name of this state stands for: the entry itself, or the inode that it shares with other names.
    ///
    /// - Parameter entry: from `entry(at:)` or `list`.
    /// - Returns: the inode, and how many names it has; nil where the drive has lost it.
    public func inode(of entry: Entry) async throws -> LinkedInode? {
        try await trees.inode(of: entry, in: commit.links)
    }

    /// What the name at a path stands for.
    ///
    /// - Throws: `DriveError.notFound`; `damagedName` where the drive has lost it; what reading throws.
    public func inode(at path: DrivePath) async throws -> LinkedInode {
        guard let inode = try await inode(of: try await entry(at: path)) else {
            throw DriveError.damagedName(path)
        }
        return inode
    }

    /// The extended attributes of an inode, in the order of their names.
    public func attributes(of entry: Entry) async throws -> [Attribute] { try await trees.attributes(of: entry) }

    /// Hands over the entries of a directory in the order of their names' bytes.
    ///
    /// - Throws: `DriveError.notFound`, `notADirectory`.
    public func list(
        _ path: DrivePath, _ body: (_ name: [UInt8], Entry) async throws -> Void
    ) async throws {
        guard case .directory(let tree) = try await entry(at: path).content else {
            throw DriveError.notADirectory(path)
        }
        try await trees.forEachEntry(of: tree, body)
    }

    /// The same of a directory of this snapshot that was read before; nothing of what is no directory.
    public func list(
        _ directory: Entry, _ body: (_ name: [UInt8], Entry) async throws -> Void
    ) async throws {
        guard case .directory(let tree) = directory.content else { return }
        try await trees.forEachEntry(of: tree, body)
    }

    /// Hands over a file's bytes in their order, fetching ahead.
    ///
    /// - Throws: `DriveError.notFound`, `isADirectory`, `notAFile`.
    public func read(_ path: DrivePath, deliver: ([UInt8]) async throws -> Void) async throws {
        try await trees.read(try await file(at: path), deliver: deliver)
    }

    /// Hands over a part of a file's bytes in their order; less where the file ends before.
    ///
    /// - Parameter file: as `file(at:)` gives it: found once, it may be read from any number of times.
    public func read(
        _ file: Entry, range: Range<UInt64>, deliver: ([UInt8]) async throws -> Void
    ) async throws { try await trees.read(file, range: range, deliver: deliver) }

    /// - Throws: `DriveError.notFound`, `isADirectory`, `notAFile`.
    public func file(at path: DrivePath) async throws -> Entry {
        let entry = try await inode(at: path).entry
        guard entry.type != .directory else { throw DriveError.isADirectory(path) }
        guard entry.type == .file else { throw DriveError.notAFile(path) }
        return entry
    }
}

extension Drive {
    /// The drive as it is now: the head at the newest finalized block.
    ///
    /// - Throws: `DriveError.empty` for a drive whose first commit was never completed; `StoreError`, `ReadError`.
    public func head() async throws -> Snapshot {
        let reading = try await reading(local: SpooledSegments(directory: home.spool.string))
        guard let found = try await reading.heads.refresh().head else { throw DriveError.empty(name: name) }
        return try await snapshot(found, reading)
    }

    func snapshot(_ found: FoundCommit, _ reading: Reading, spool: Spool? = nil) async throws -> Snapshot {
        try await open(found.commit.keyRing, with: [device.keys.box], for: reading.blobs)
        let trees = DriveTrees(
            keys: keys.drive, runs: found.commit.index, database: database, reader: reading.blobs, spool: spool)
        return Snapshot(found, trees: trees)
    }

    /// The commits from the head back to the first, newest first; at most `limit`.
    public func log(limit: Int = .max) async throws -> [Snapshot] {
        guard limit > 0 else { return [] }
        var history: [Snapshot] = []
        try await forEachCommit { snapshot in
            history.append(snapshot)
            return history.count < limit
        }
        return history
    }

    /// Hands over the commits from the head back to the first, as they are found, for as long as `body` returns true.
    func forEachCommit(_ body: (Snapshot) -> Bool) async throws {
        let reading = try await reading(local: SpooledSegments(directory: home.spool.string))
        var next = try await reading.heads.refresh().head
        while let found = next, body(try await snapshot(found, reading)) {
            next = try await parent(of: found, reading)
        }
    }

    /// The first parent; nil for a drive's first commit.
    func parent(of found: FoundCommit, _ reading: Reading) async throws -> FoundCommit? {
        guard let reference = found.commit.parents.first else { return nil }
        return try await commit(reference, reading)
    }

    /// A commit of the history, found through its volume's prelude.
    func commit(_ reference: CommitReference, _ reading: Reading) async throws -> FoundCommit {
        let blob: BlobReference
        if let moved = try await reading.blobs.place(of: reference.commit, formerlyIn: reference.volume) {
            blob = moved
        } else {
            let placement = try await catalog.placement(of: reference.volume)
            let prelude = try await reading.preludes.prelude(
                of: placement, segment: placement.record.segments.count - 1)
            guard let extent = prelude.commit else { throw DriveError.noSuchCommit(reference.commit.description) }
            blob = extent.reference(volume: prelude.volume, segment: prelude.segment, epoch: .zero)
        }
        let signed: SignedCommit
        do { signed = try SignedCommit(scaleBytes: try await reading.blobs.read(blob, kind: .commit)) } catch let error
            as ScaleError
        {
            throw ReadError.malformed(blob.id, reason: error.description)
        }
        guard blob.id == reference.commit, signed.commit.volume == reference.volume else {
            throw DriveError.noSuchCommit(reference.commit.description)
        }
        try signed.verify(account: account.publicKey, genesis: chain.genesis)
        return FoundCommit(
            blob: blob, signed: signed, fid: try await catalog.placement(of: blob.pointer.volume).record.fid,
            completion: 0)
    }
}
