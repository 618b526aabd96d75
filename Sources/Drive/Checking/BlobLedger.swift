internal import Database
internal import DriveFormat
internal import Primitives
internal import SCALE
internal import Sealing
internal import SystemPackage

/// Blobs of a drive while all of it is looked through: on the disk, since there may be millions, and sealed under a key that
/// is kept nowhere. A blob takes about 300 bytes.
struct BlobLedger: Sendable {
    /// What is known of a blob's bytes.
    enum State: Int {
        case unread = 0
        case sound = 1
        case damaged = 2
        /// Too few nodes answered.
        case unreachable = 3
    }

    private let database: Database
    private let sealer = DeviceKeys.random().localSealer

    private static let migrations = [
        Migration(
            """
            CREATE TABLE blob (
                tag BLOB PRIMARY KEY, part INTEGER NOT NULL, volume BLOB NOT NULL, segment INTEGER NOT NULL,
                start INTEGER NOT NULL, length INTEGER NOT NULL, state INTEGER NOT NULL, reference BLOB NOT NULL) WITHOUT ROWID;
            CREATE INDEX blob_place ON blob (volume, segment, start, tag);
            CREATE INDEX blob_part ON blob (part);
            CREATE TABLE subtree (tag BLOB PRIMARY KEY) WITHOUT ROWID;
            """)
    ]

    /// Makes the file. Blocks while it does.
    init(path: FilePath) throws { database = try Database(path: path.string, migrations: Self.migrations) }

    private func tag(_ value: [UInt8]) -> [UInt8] { sealer.tag(value, purpose: "ledger").bytes }

    private func reference(_ row: Row, tag: Int, sealed: Int) throws -> BlobReference {
        guard let bytes = sealer.open(try row.blob(sealed), purpose: "ledger", context: try row.blob(tag)) else {
            throw DatabaseError.corrupt("a blob's reference does not open")
        }
        return try BlobReference(scaleBytes: bytes)
    }

    /// Adds blobs.
    ///
    /// - Parameter replacing: whether a blob that is here already gets its new place, or keeps the old one.
    /// - Returns: how many were not there.
    @discardableResult
    func add(_ blobs: [BlobReference], replacing: Bool = false) async throws -> Int {
        guard !blobs.isEmpty else { return 0 }
        let insert = "INSERT OR \(replacing ? "REPLACE" : "IGNORE") INTO blob VALUES (?, ?, ?, ?, ?, ?, 0, ?)"
        return try await database.write { connection in
            try blobs.reduce(0) { count, blob in
                let tag = tag(blob.id.bytes)
                return try count
                    + connection.execute(
                        insert,
                        [
                            .blob(tag), .int(blob.id.bytes[0]), .blob(blob.pointer.volume.value.bytes),
                            .int(blob.pointer.segment), .int(blob.pointer.offset), .int(blob.pointer.rawLength),
                            .blob(sealer.seal(blob.scaleBytes, purpose: "ledger", context: tag)),
                        ])
            }
        }
    }

    /// The plaintexts of all.
    func byteCount() async throws -> Int {
        try await database.read { try $0.row("SELECT total(length) FROM blob").map { Int(try $0.real(0)) } ?? 0 }
    }

    func count() async throws -> Int {
        try await database.read { try $0.row("SELECT count(*) FROM blob")?.integer(0, as: Int.self) ?? 0 }
    }

    // MARK: By place

    /// The blobs behind one, in the order in which they lie in their volumes; at most `limit`.
    func next(after last: BlobReference?, limit: Int) async throws -> [BlobReference] {
        let place: [SQLValue] =
            if let last {
                [
                    .blob(last.pointer.volume.value.bytes), .int(last.pointer.segment), .int(last.pointer.offset),
                    .blob(tag(last.id.bytes)),
                ]
            } else {
                [.blob([]), -1, -1, .blob([])]
            }
        return try await database.read { connection in
            try connection.query(
                """
                SELECT tag, reference FROM blob WHERE (volume, segment, start, tag) > (?, ?, ?, ?)
                ORDER BY volume, segment, start, tag LIMIT ?
                """, place + [.int(limit)]
            ).map { try reference($0, tag: 0, sealed: 1) }
        }
    }

    func note(_ states: [(BlobID, State)]) async throws {
        try await database.write { connection in
            for (id, state) in states {
                try connection.execute(
                    "UPDATE blob SET state = ? WHERE tag = ?", [.int(state.rawValue), .blob(tag(id.bytes))])
            }
        }
    }

    func state(of id: BlobID) async throws -> State? {
        let tag = tag(id.bytes)
        return try await database.read {
            try $0.row("SELECT state FROM blob WHERE tag = ?", [.blob(tag)])
                .flatMap { State(rawValue: try $0.integer(0, as: Int.self)) }
        }
    }

    // MARK: By id

    /// Entries that are held at once, about.
    private static let passSize = 400_000

    /// Hands over all blobs in the order of their ids, which is made in passes: rows are found by keyed tags.
    func forEachInOrder(_ body: (BlobReference) async throws -> Void) async throws {
        let passes = min(256, max(1, (try await count() + Self.passSize - 1) / Self.passSize))
        for pass in 0..<passes {
            let parts: [SQLValue] = [.int(pass * 256 / passes), .int((pass + 1) * 256 / passes)]
            let blobs = try await database.read { connection in
                var blobs: [BlobReference] = []
                try connection.forEachRow("SELECT tag, reference FROM blob WHERE part >= ? AND part < ?", parts) {
                    blobs.append(try reference($0, tag: 0, sealed: 1))
                }
                return blobs.sorted { $0.id < $1.id }
            }
            for blob in blobs { try await body(blob) }
        }
    }

    // MARK: Subtrees

    /// Whether a tree was found sound before.
    func isSound(_ tree: TreeRoot) async throws -> Bool {
        let tag = tag(tree.scaleBytes)
        return try await database.read { try $0.row("SELECT 1 FROM subtree WHERE tag = ?", [.blob(tag)]) != nil }
    }

    func noteSound(_ tree: TreeRoot) async throws {
        let tag = tag(tree.scaleBytes)
        try await database.write { try $0.execute("INSERT OR IGNORE INTO subtree VALUES (?)", [.blob(tag)]) }
    }

    func forgetSubtrees() async throws { try await database.write { try $0.execute("DELETE FROM subtree") } }
}
