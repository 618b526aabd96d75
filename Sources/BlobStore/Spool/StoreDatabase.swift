internal import Database
public import DriveFormat
public import Primitives
internal import SCALE
public import Sealing

/// The store's memory on this machine: what the spool holds, which blobs and volumes are known, where rows went.
///
/// Nothing in it is content, a name or a path: blob ids are keyed digests, the rest are places and public hashes.
public struct StoreDatabase: Sendable {
    let database: Database

    /// Opens or creates the file. Blocks while it does.
    public init(path: String) throws {
        database = try Database(path: path, migrations: Self.migrations, durability: .disk)
    }

    private static let migrations = [
        Migration(
            """
            CREATE TABLE setting (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
            -- Volumes of this machine on their way: state 0 open, 1 sealed, 2 declared.
            CREATE TABLE spooled_volume (
                id BLOB PRIMARY KEY, position INTEGER NOT NULL, state INTEGER NOT NULL, record BLOB) WITHOUT ROWID;
            CREATE TABLE spooled_segment (
                volume BLOB NOT NULL, number INTEGER NOT NULL, used INTEGER NOT NULL, sealed INTEGER NOT NULL,
                PRIMARY KEY (volume, number)) WITHOUT ROWID;
            CREATE TABLE staged_blob (
                id BLOB PRIMARY KEY, kind INTEGER NOT NULL, volume BLOB NOT NULL, segment INTEGER NOT NULL,
                offset INTEGER NOT NULL, pointer BLOB NOT NULL) WITHOUT ROWID;
            CREATE INDEX staged_blob_place ON staged_blob (volume, segment, offset);
            -- Rows that a node has taken whole.
            CREATE TABLE placed_row (
                volume BLOB NOT NULL, row INTEGER NOT NULL, node BLOB NOT NULL, block INTEGER NOT NULL,
                PRIMARY KEY (volume, row)) WITHOUT ROWID;
            -- The committed index and set of volumes, as far as this machine has read them.
            CREATE TABLE known_blob (id BLOB PRIMARY KEY, pointer BLOB NOT NULL) WITHOUT ROWID;
            CREATE TABLE known_run (reference BLOB PRIMARY KEY) WITHOUT ROWID;
            CREATE TABLE known_volume (id BLOB PRIMARY KEY, fid BLOB NOT NULL, record BLOB NOT NULL) WITHOUT ROWID;
            CREATE INDEX known_volume_fid ON known_volume (fid);
            CREATE TABLE placement (fid BLOB PRIMARY KEY, nodes BLOB NOT NULL) WITHOUT ROWID;
            CREATE TABLE seen_file (fid BLOB PRIMARY KEY) WITHOUT ROWID;
            CREATE TABLE node (account BLOB PRIMARY KEY, endpoint TEXT NOT NULL) WITHOUT ROWID;
            """)
    ]

    // MARK: Settings

    public func setting(_ name: String) async throws -> [UInt8]? {
        try await database.read { try Self.setting(name, $0) }
    }

    static func setting(_ name: String, _ connection: Connection) throws -> [UInt8]? {
        try connection.row("SELECT value FROM setting WHERE name = ?", [.text(name)])?.blob(0)
    }

    public func set(_ name: String, to value: [UInt8]?) async throws {
        try await database.write { try Self.set(name, to: value, $0) }
    }

    static func set(_ name: String, to value: [UInt8]?, _ connection: Connection) throws {
        guard let value else {
            try connection.execute("DELETE FROM setting WHERE name = ?", [.text(name)])
            return
        }
        try connection.execute(
            "INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            [.text(name), .blob(value)])
    }

    // MARK: Blobs

    /// Where a blob lies: staged on this machine, or committed and read from the index before.
    public func pointer(of id: BlobID) async throws -> Pointer? {
        let bytes = try await database.read { connection in
            try connection.row("SELECT pointer FROM staged_blob WHERE id = ?", [.blob(id.bytes)])?.blob(0)
                ?? connection.row("SELECT pointer FROM known_blob WHERE id = ?", [.blob(id.bytes)])?.blob(0)
        }
        return try bytes.map { try Pointer(scaleBytes: $0) }
    }

    /// Adds what a run of the index says. Entries that are there already came from a newer run and stay.
    public func learn(_ blobs: [(id: BlobID, pointer: Pointer)]) async throws {
        try await database.write { connection in
            for blob in blobs {
                try connection.execute(
                    "INSERT INTO known_blob VALUES (?, ?) ON CONFLICT DO NOTHING",
                    [.blob(blob.id.bytes), .blob(blob.pointer.scaleBytes)])
            }
        }
    }

    public func knowsRun(_ reference: [UInt8]) async throws -> Bool {
        try await database.read {
            try $0.row("SELECT 1 FROM known_run WHERE reference = ?", [.blob(reference)]) != nil
        }
    }

    public func learnRun(_ reference: [UInt8]) async throws {
        try await database.write {
            try $0.execute("INSERT OR IGNORE INTO known_run VALUES (?)", [.blob(reference)])
        }
    }

    // MARK: Volumes

    public func volume(_ id: VolumeID) async throws -> VolumeRecord? {
        let bytes = try await database.read {
            try $0.row("SELECT record FROM known_volume WHERE id = ?", [.blob(id.value.bytes)])?.blob(0)
        }
        return try bytes.map { try VolumeRecord(scaleBytes: $0) }
    }

    public func learnVolumes(_ volumes: [(VolumeID, VolumeRecord)]) async throws {
        try await database.write { connection in
            for (id, record) in volumes { try Self.learnVolume(id, record, connection) }
        }
    }

    /// A volume that was found on the chain: what this machine knows of it already is more exact, and stays.
    func learnFound(_ placement: VolumePlacement, of id: VolumeID) async throws {
        try await database.write { connection in
            try connection.execute(
                "INSERT OR IGNORE INTO known_volume VALUES (?, ?, ?)",
                [.blob(id.value.bytes), .blob(placement.record.fid.bytes), .blob(placement.record.scaleBytes)])
        }
        try await setNodes(placement.nodes, of: placement.record.fid)
    }

    static func learnVolume(_ id: VolumeID, _ record: VolumeRecord, _ connection: Connection) throws {
        try connection.execute(
            "INSERT INTO known_volume VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET record = excluded.record",
            [.blob(id.value.bytes), .blob(record.fid.bytes), .blob(record.scaleBytes)])
    }

    /// The FIDs of all volumes that this machine has seen.
    public func knownFIDs() async throws -> Set<Bytes32> {
        try await database.read { connection in
            var fids: Set<Bytes32> = []
            try connection.forEachRow("SELECT fid FROM known_volume") { row in
                if let fid = Bytes32(try row.blob(0)) { fids.insert(fid) }
            }
            return fids
        }
    }
}
