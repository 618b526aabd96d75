internal import BlobStore
internal import DriveFormat
internal import Primitives
internal import SCALE
internal import Sealing

/// All trees of a drive at one commit, for reading or, with a writer, for making the next commit.
struct DriveTrees: Sendable {
    let index: BlobIndex
    /// Name → entry; bytes: the sizes of the files below.
    let directories: ProllyTree
    let recentEntries: RecentValues
    /// A file's chunks and holes in order; bytes: their lengths.
    let chunkLists: ProllyTree
    /// Link group → linked inode; bytes: the sizes of the files.
    let links: ProllyTree
    private let recentLinks: RecentValues
    /// Blob id → pointer.
    let indexRuns: ProllyTree
    /// Volume id → volume record.
    let volumes: ProllyTree
    let reader: BlobReader

    init(
        keys: DriveKeys, runs: [IndexRun], database: StoreDatabase, reader: BlobReader, spool: Spool? = nil
    ) {
        let writer = spool.map { BlobWriter(spool: $0, keys: keys) }
        let border = keys.treeBorderKey
        indexRuns = ProllyTree(
            ProllyKind(.map, borderKey: border), in: PointedNodes(kind: .indexNode, reader: reader, writer: writer))
        index = BlobIndex(database: database, runs: runs, tree: indexRuns, spool: spool)
        self.reader = reader
        directories = ProllyTree(
            ProllyKind(.map, borderKey: border) { _, value in Self.weight(ofEntry: value) },
            in: IndexedNodes(kind: .directoryNode, index: index, reader: reader, writer: writer))
        recentEntries = RecentValues(directories)
        chunkLists = ProllyTree(
            ProllyKind(.sequence, borderKey: border) { key, value in
                value.isEmpty ? try? ChunkKey(scaleBytes: key).length : nil
            },
            in: RecentNodes(
                IndexedNodes(kind: .chunkListNode, index: index, reader: reader, writer: writer),
                byteLimit: Self.recentListByteCount))
        links = ProllyTree(
            ProllyKind(.map, borderKey: border) { key, value in
                key.count == Bytes16.byteCount ? try? LinkedInode(scaleBytes: value).entry.size : nil
            }, in: IndexedNodes(kind: .linkGroupNode, index: index, reader: reader, writer: writer))
        recentLinks = RecentValues(links)
        volumes = ProllyTree(
            ProllyKind(.map, borderKey: border),
            in: PointedNodes(kind: .volumeSetNode, reader: reader, writer: writer))
    }

    /// Lists of chunks of some 20 GiB of files.
    private static let recentListByteCount = 1 << 20

    /// What an entry adds to its directory's bytes. Format: Docs/Format/Entries.md, "Directories".
    private static func weight(ofEntry value: [UInt8]) -> UInt64? {
        guard let entry = try? Entry(scaleBytes: value) else { return nil }
        if case .directory(let root) = entry.content { return root.bytes }
        return entry.size
    }

    // MARK: Inodes

    /// What a name stands for, and how many names it has; the entry itself where it is in no link group.
    ///
    /// - Parameter links: the tree of link groups of the same commit.
    /// - Returns: nil if the group is missing, or holds something else: the name is damaged, and nothing but the name.
    func inode(of entry: Entry, in links: TreeRoot?) async throws -> LinkedInode? {
        guard let group = entry.linkGroup else { return LinkedInode(names: 1, entry: entry) }
        guard let links, let value = try await recentLinks.value(of: group.value.bytes, in: links) else { return nil }
        let inode = try LinkedInode(scaleBytes: value)
        return inode.entry.type == entry.type ? inode : nil
    }

    /// The extended attributes of an inode.
    func attributes(of entry: Entry) async throws -> [Attribute] {
        switch entry.attributes {
        case .none: return []
        case .inline(let list): return list.attributes
        case .blob(let id, let rawLength):
            let bytes = try await reader.read(try await index.reference(to: id), kind: .attributes)
            guard bytes.count == Int(rawLength) else {
                throw DriveError.stateDamaged(
                    path: "the drive", reason: "attributes \(id) have not the length that their file says")
            }
            return try AttributeList(scaleBytes: bytes).attributes
        }
    }

    // MARK: Directories

    /// The entry at a path; nil if there is none, or if something on the way is not a directory.
    func entry(at path: DrivePath, from root: Entry) async throws -> Entry? {
        var entry = root
        for name in path.names {
            guard case .directory(let tree) = entry.content,
                let value = try await directories.lookup(name, in: tree)
            else { return nil }
            entry = try Entry(scaleBytes: value)
        }
        return entry
    }

    /// Hands over the entries of a directory in the order of their names.
    func forEachEntry(
        of directory: TreeRoot, _ body: (_ name: [UInt8], Entry) async throws -> Void
    ) async throws {
        for try await item in directories.entries(of: directory) {
            guard Entry.isValidName(item.key) else {
                throw DriveError.invalidPath(
                    String(decoding: item.key, as: UTF8.self), reason: "a directory of the drive holds a forbidden name"
                )
            }
            try await body(item.key, Entry(scaleBytes: item.value))
        }
    }
}
