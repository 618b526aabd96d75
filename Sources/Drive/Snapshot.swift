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
    var state: DriveState { DriveState(root: root, links: commit.links) }
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

    /// Hands over a file's bytes in their order, fetching ahead.
    ///
    /// - Throws: `DriveError.notFound`, `isADirectory`, `notAFile`.
    public func read(_ path: DrivePath, deliver: ([UInt8]) async throws -> Void) async throws {
        let entry = try await inode(at: path).entry
        guard entry.type != .directory else { throw DriveError.isADirectory(path) }
        guard entry.type == .file else { throw DriveError.notAFile(path) }
        try await trees.read(entry, deliver: deliver)
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
        let reading = try await reading(local: SpooledSegments(directory: home.spool.string))
        guard let head = try await reading.heads.refresh().head else { return [] }
        var history: [Snapshot] = []
        var next: FoundCommit? = head
        while let found = next, history.count < limit {
            history.append(try await snapshot(found, reading))
            next = try await parent(of: found, reading)
        }
        return history
    }

    /// The first parent; nil for a drive's first commit.
    private func parent(of found: FoundCommit, _ reading: Reading) async throws -> FoundCommit? {
        guard let reference = found.commit.parents.first else { return nil }
        return try await commit(reference, reading)
    }

    /// A commit of the history, found through its volume's prelude.
    func commit(_ reference: CommitReference, _ reading: Reading) async throws -> FoundCommit {
        let placement = try await catalog.placement(of: reference.volume)
        let preludes = PreludeReader(segments: reading.segments, preludeKey: keys.preludeKey)
        let prelude = try await preludes.prelude(of: placement, segment: placement.record.segments.count - 1)
        guard let (blob, signed) = try await preludes.commit(of: placement, prelude: prelude, keys: keys.drive),
            blob.id == reference.commit
        else { throw DriveError.noSuchCommit(reference.commit.description) }
        try signed.verify(account: account.publicKey, genesis: chain.genesis)
        return FoundCommit(blob: blob, signed: signed, fid: placement.record.fid, completion: 0)
    }

    /// The drive at an earlier commit.
    ///
    /// - Parameter which: the beginning of a commit's id (at least 8 digits), `head`, `head~N`, or a moment as
    ///   `Moment.parse` reads it, which means the last commit made by then.
    /// - Throws: `DriveError.noState` if it is none of these, `noSuchCommit` if there is none like it.
    public func snapshot(at which: String) async throws -> Snapshot {
        guard let place = PlaceInHistory(which) else { throw DriveError.noState(which) }
        guard let found = place.find(in: try await log()) else { throw DriveError.noSuchCommit(which) }
        return found
    }
}

/// How a state of the drive is named.
private enum PlaceInHistory {
    /// So many commits before the head.
    case back(Int)
    /// The beginning of a commit's id.
    case id(String)
    case before(Timestamp)

    init?(_ text: String) {
        if text == "head" {
            self = .back(0)
        } else if text.hasPrefix("head~"), let count = UInt32(text.dropFirst(5)) {
            self = .back(Int(count))
        } else if text.count >= 8, text.allSatisfy(\.isHexDigit) {
            self = .id(text.lowercased())
        } else if let moment = Moment.parse(text) {
            self = .before(moment)
        } else {
            return nil
        }
    }

    /// - Parameter history: the newest first.
    func find(in history: [Snapshot]) -> Snapshot? {
        switch self {
        case .back(let count): history.indices.contains(count) ? history[count] : nil
        case .id(let beginning): history.first { $0.id.hasPrefix(beginning) }
        case .before(let moment): history.first { $0.commit.created < moment }
        }
    }
}
