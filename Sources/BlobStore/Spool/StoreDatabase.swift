internal import Database
public import DriveFormat
internal import Primitives
internal import SCALE
public import Sealing

/// The store's memory on this machine: what the spool holds, which blobs and volumes are known, where rows went.
///
/// Whoever takes the disk learns nothing from it but how much there is: rows are looked up by keyed tags, and their
/// values, settings among them, are sealed with the device's key, each bound to its place.
public struct StoreDatabase: Sendable {
    let database: Database
    private let local: LocalSealer

    /// Opens or creates the file. Blocks while it does.
    public init(path: String, sealer: LocalSealer) throws {
        database = try Database(path: path, migrations: Self.migrations, durability: .disk)
        local = sealer
    }

    private static let migrations = [
        Migration(
            """
            CREATE TABLE setting (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
            -- Volumes of this machine on their way: state 0 open, 1 sealed, 2 declared; 3 is over. Their ids are random.
            CREATE TABLE spooled_volume (
                id BLOB PRIMARY KEY, position INTEGER NOT NULL, state INTEGER NOT NULL, record BLOB) WITHOUT ROWID;
            CREATE TABLE spooled_segment (
                volume BLOB NOT NULL, number INTEGER NOT NULL, used INTEGER NOT NULL, sealed INTEGER NOT NULL,
                hashes BLOB, PRIMARY KEY (volume, number)) WITHOUT ROWID;
            CREATE TABLE staged_blob (
                tag BLOB PRIMARY KEY, volume BLOB NOT NULL, segment INTEGER NOT NULL, blob BLOB NOT NULL) WITHOUT ROWID;
            CREATE INDEX staged_blob_place ON staged_blob (volume, segment);
            -- Rows that a node has taken whole.
            CREATE TABLE placed_row (
                volume BLOB NOT NULL, row INTEGER NOT NULL, placed BLOB NOT NULL,
                PRIMARY KEY (volume, row)) WITHOUT ROWID;
            -- The committed index and set of volumes, as far as this machine has read them.
            CREATE TABLE known_blob (tag BLOB PRIMARY KEY, pointer BLOB NOT NULL) WITHOUT ROWID;
            CREATE TABLE known_run (tag BLOB PRIMARY KEY) WITHOUT ROWID;
            CREATE TABLE known_volume (tag BLOB PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID;
            CREATE TABLE placement (tag BLOB PRIMARY KEY, nodes BLOB NOT NULL) WITHOUT ROWID;
            -- Files of the account that need not be looked into until then (Unix seconds, by this machine's clock).
            CREATE TABLE seen_file (tag BLOB PRIMARY KEY, fid BLOB NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
            CREATE TABLE node (tag BLOB PRIMARY KEY, endpoint BLOB NOT NULL) WITHOUT ROWID;
            """)
    ]

    // MARK: Sealing

    /// What there are rows of; each kind is sealed for itself.
    enum Kind: String { case setting, blob, pointer, run, volume, record, hashes, row, placement, file, node }

    /// What a row is looked up by.
    func tag(_ kind: Kind, _ key: [UInt8]) -> [UInt8] { local.tag(key, purpose: "store/" + kind.rawValue).bytes }

    /// A row's value, bound to what the row is looked up by.
    func sealed(_ kind: Kind, at key: [UInt8], _ value: [UInt8]) -> SQLValue {
        .blob(local.seal(value, purpose: "store/" + kind.rawValue, context: key))
    }

    /// - Throws: `StoreError.stateDamaged` if it is not what this device has written there.
    func opened(_ kind: Kind, at key: [UInt8], _ value: [UInt8]) throws(StoreError) -> [UInt8] {
        guard let bytes = local.open(value, purpose: "store/" + kind.rawValue, context: key) else {
            throw .stateDamaged(reason: "a \(kind) in it does not open with this device's key")
        }
        return bytes
    }

    // MARK: Settings

    public func setting(_ name: String) async throws -> [UInt8]? {
        try await database.read { try setting(name, $0) }
    }

    func setting(_ name: String, _ connection: Connection) throws -> [UInt8]? {
        try connection.row("SELECT value FROM setting WHERE name = ?", [.text(name)])
            .map { try opened(.setting, at: Array(name.utf8), $0.blob(0)) }
    }

    public func set(_ name: String, to value: [UInt8]?) async throws {
        try await database.write { try set(name, to: value, $0) }
    }

    func set(_ name: String, to value: [UInt8]?, _ connection: Connection) throws {
        guard let value else {
            try connection.execute("DELETE FROM setting WHERE name = ?", [.text(name)])
            return
        }
        try connection.execute(
            "INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            [.text(name), sealed(.setting, at: Array(name.utf8), value)])
    }

    // MARK: Blobs

    /// Where a blob lies: staged on this machine, or committed and read from the index before.
    public func pointer(of id: BlobID) async throws -> Pointer? {
        let tag = tag(.blob, id.bytes)
        return try await database.read { connection in
            if let row = try connection.row("SELECT blob FROM staged_blob WHERE tag = ?", [.blob(tag)]) {
                return try staged(at: tag, row.blob(0)).reference.pointer
            }
            return try connection.row("SELECT pointer FROM known_blob WHERE tag = ?", [.blob(tag)])
                .map { try Pointer(scaleBytes: opened(.pointer, at: tag, $0.blob(0))) }
        }
    }

    /// Adds what a run of the index says. Entries that are there already came from a newer run and stay.
    public func learn(_ blobs: [(id: BlobID, pointer: Pointer)]) async throws {
        try await database.write { connection in
            for blob in blobs { try learn(blob.id, blob.pointer, connection) }
        }
    }

    func learn(_ id: BlobID, _ pointer: Pointer, _ connection: Connection) throws {
        let tag = tag(.blob, id.bytes)
        try connection.execute(
            "INSERT OR IGNORE INTO known_blob VALUES (?, ?)",
            [.blob(tag), sealed(.pointer, at: tag, pointer.scaleBytes)])
    }

    func staged(at tag: [UInt8], _ sealed: [UInt8]) throws -> StagedBlob {
        try StagedBlob(scaleBytes: opened(.blob, at: tag, sealed))
    }

    public func knowsRun(_ reference: [UInt8]) async throws -> Bool {
        let tag = tag(.run, reference)
        return try await database.read {
            try $0.row("SELECT 1 FROM known_run WHERE tag = ?", [.blob(tag)]) != nil
        }
    }

    public func learnRun(_ reference: [UInt8]) async throws {
        try await database.write { try learnRun(reference, $0) }
    }

    func learnRun(_ reference: [UInt8], _ connection: Connection) throws {
        try connection.execute("INSERT OR IGNORE INTO known_run VALUES (?)", [.blob(tag(.run, reference))])
    }

    // MARK: Volumes

    public func volume(_ id: VolumeID) async throws -> VolumeRecord? {
        let tag = tag(.volume, id.value.bytes)
        let sealed = try await database.read {
            try $0.row("SELECT record FROM known_volume WHERE tag = ?", [.blob(tag)])?.blob(0)
        }
        return try sealed.map { try VolumeRecord(scaleBytes: try opened(.volume, at: tag, $0)) }
    }

    public func learnVolumes(_ volumes: [(VolumeID, VolumeRecord)]) async throws {
        try await database.write { connection in
            for (id, record) in volumes { try learnVolume(id, record, connection) }
        }
    }

    /// A volume that was found on the chain: what this machine knows of it already is more exact, and stays.
    func learnFound(_ placement: VolumePlacement, of id: VolumeID) async throws {
        let tag = tag(.volume, id.value.bytes)
        let record = sealed(.volume, at: tag, placement.record.scaleBytes)
        try await database.write { connection in
            try connection.execute("INSERT OR IGNORE INTO known_volume VALUES (?, ?)", [.blob(tag), record])
        }
        try await setNodes(placement.nodes, of: placement.record.fid)
    }

    func learnVolume(_ id: VolumeID, _ record: VolumeRecord, _ connection: Connection) throws {
        let tag = tag(.volume, id.value.bytes)
        try connection.execute(
            "INSERT INTO known_volume VALUES (?, ?) ON CONFLICT DO UPDATE SET record = excluded.record",
            [.blob(tag), sealed(.volume, at: tag, record.scaleBytes)])
    }
}
