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
            """),
        Migration(
            """
            -- Volumes whose blobs were copied into another one. Their ids are random.
            CREATE TABLE folded_volume (old BLOB PRIMARY KEY, new BLOB NOT NULL) WITHOUT ROWID;
            CREATE INDEX folded_volume_new ON folded_volume (new);
            -- Known volumes that are filled to less than a half, which the chain shows to everybody.
            CREATE TABLE partial_volume (id BLOB PRIMARY KEY, live INTEGER NOT NULL) WITHOUT ROWID;
            -- Changes that are staged and wait for a commit. No number is given twice.
            CREATE TABLE waiting_change (number INTEGER PRIMARY KEY AUTOINCREMENT, record BLOB NOT NULL);
            """),
        Migration(
            """
            -- Extrinsics that were sent for volumes that are not published yet, and the files that they declare.
            CREATE TABLE submission (number INTEGER PRIMARY KEY AUTOINCREMENT, record BLOB NOT NULL);
            CREATE TABLE submitted_file (tag BLOB NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (tag, number)) WITHOUT ROWID;
            DELETE FROM setting WHERE name = 'submissions';
            """),
    ]

    // MARK: Sealing

    /// What there are rows of; each kind is sealed for itself.
    enum Kind: String {
        case setting, change, submission, blob, pointer, run, volume, record, hashes, row, placement, file, node
    }

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

    /// What becomes of a setting depends on what it is: no other process comes between.
    public func update(_ name: String, _ change: @escaping @Sendable ([UInt8]?) throws -> [UInt8]?) async throws {
        try await database.write { connection in
            try set(name, to: change(try setting(name, connection)), connection)
        }
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
        try await pointers(of: [id])[id]
    }

    /// As above, of many blobs by one reading; those that are not known are left out.
    public func pointers(of ids: [BlobID]) async throws -> [BlobID: Pointer] {
        let tagged = ids.map { (id: $0, tag: tag(.blob, $0.bytes)) }
        return try await database.read { connection in
            var found: [BlobID: Pointer] = [:]
            for (id, tag) in tagged { found[id] = try pointer(at: tag, connection) }
            return found
        }
    }

    private func pointer(at tag: [UInt8], _ connection: Connection) throws -> Pointer? {
        if let pointer = try stagedPointer(at: tag, connection) { return pointer }
        return try connection.row("SELECT pointer FROM known_blob WHERE tag = ?", [.blob(tag)])
            .map { try Pointer(scaleBytes: opened(.pointer, at: tag, $0.blob(0))) }
    }

    /// Where a blob lies that is staged on this machine.
    func stagedPointer(of id: BlobID) async throws -> Pointer? {
        let tag = tag(.blob, id.bytes)
        return try await database.read { try stagedPointer(at: tag, $0) }
    }

    private func stagedPointer(at tag: [UInt8], _ connection: Connection) throws -> Pointer? {
        try connection.row("SELECT blob FROM staged_blob WHERE tag = ?", [.blob(tag)])
            .map { try staged(at: tag, $0.blob(0)).reference.pointer }
    }

    /// Adds what a run of the index says. Entries that are there already came from a newer run and stay, unless they lead
    /// into a volume that was folded.
    public func learn(_ blobs: [(id: BlobID, pointer: Pointer)]) async throws {
        try await database.write { connection in
            for blob in blobs {
                let tag = tag(.blob, blob.id.bytes)
                let row: [SQLValue] = [.blob(tag), sealed(.pointer, at: tag, blob.pointer.scaleBytes)]
                guard try connection.execute("INSERT OR IGNORE INTO known_blob VALUES (?, ?)", row) == 0 else {
                    continue
                }
                let known = try connection.row("SELECT pointer FROM known_blob WHERE tag = ?", [.blob(tag)])
                    .map { try Pointer(scaleBytes: opened(.pointer, at: tag, $0.blob(0))) }
                guard let known, try isFolded(known.volume, connection) else { continue }
                try connection.execute("INSERT OR REPLACE INTO known_blob VALUES (?, ?)", row)
            }
        }
    }

    /// Adds what this machine has committed: nothing is newer.
    func learnOwn(_ blobs: [(id: BlobID, pointer: Pointer)]) async throws {
        try await database.write { connection in
            for blob in blobs {
                let tag = tag(.blob, blob.id.bytes)
                try connection.execute(
                    "INSERT OR REPLACE INTO known_blob VALUES (?, ?)",
                    [.blob(tag), sealed(.pointer, at: tag, blob.pointer.scaleBytes)])
            }
        }
    }

    func staged(at tag: [UInt8], _ sealed: [UInt8]) throws -> StagedBlob {
        try StagedBlob(scaleBytes: opened(.blob, at: tag, sealed))
    }

    /// Forgets what this machine has read of the index: whatever else it knows stays.
    public func forgetIndex() async throws {
        try await database.write { connection in
            try connection.execute("DELETE FROM known_run")
            try connection.execute("DELETE FROM known_blob")
        }
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
            guard try connection.execute("INSERT OR IGNORE INTO known_volume VALUES (?, ?)", [.blob(tag), record]) > 0
            else { return }
            try notePartial(id, placement.record, connection)
        }
        try await setNodes(placement.nodes, of: placement.record.fid)
    }

    func learnVolume(_ id: VolumeID, _ record: VolumeRecord, _ connection: Connection) throws {
        let tag = tag(.volume, id.value.bytes)
        try connection.execute(
            "INSERT INTO known_volume VALUES (?, ?) ON CONFLICT DO UPDATE SET record = excluded.record",
            [.blob(tag), sealed(.volume, at: tag, record.scaleBytes)])
        try notePartial(id, record, connection)
    }

    private func notePartial(_ id: VolumeID, _ record: VolumeRecord, _ connection: Connection) throws {
        if record.isPartlyFilled {
            try connection.execute(
                "INSERT OR REPLACE INTO partial_volume VALUES (?, ?)",
                [.blob(id.value.bytes), .integer(Int64(clamping: record.liveBytes))])
        } else {
            try connection.execute("DELETE FROM partial_volume WHERE id = ?", [.blob(id.value.bytes)])
        }
    }

    /// The known volumes that are partly filled and not folded, the emptiest first. Not all of them need be the head's.
    public func partialVolumes() async throws -> [VolumeID] {
        try await database.read { connection in
            try connection.query(
                """
                SELECT id FROM partial_volume WHERE id NOT IN (SELECT old FROM folded_volume) ORDER BY live, id
                """
            ).map { try VolumeID(scaleBytes: $0.blob(0)) }
        }
    }

    // MARK: Folded volumes

    private func isFolded(_ volume: VolumeID, _ connection: Connection) throws -> Bool {
        try connection.row("SELECT 1 FROM folded_volume WHERE old = ?", [.blob(volume.value.bytes)]) != nil
    }

    /// Where the blobs of volumes are that commits have folded, as far as this machine has read of it.
    public func foldedVolumes() async throws -> [FoldedVolume] {
        try await database.read { connection in
            try connection.query("SELECT old, new FROM folded_volume").map { row in
                FoldedVolume(
                    old: try VolumeID(scaleBytes: row.blob(0)), new: try VolumeID(scaleBytes: row.blob(1)))
            }
        }
    }

    /// Remembers what a commit has folded.
    public func learnFolded(_ pairs: [FoldedVolume]) async throws {
        guard !pairs.isEmpty else { return }
        try await database.write { try learnFolded(pairs, $0) }
    }

    func learnFolded(_ pairs: [FoldedVolume], _ connection: Connection) throws {
        for pair in pairs {
            let (old, new) = (SQLValue.blob(pair.old.value.bytes), SQLValue.blob(pair.new.value.bytes))
            // An older commit's pair leads to a volume that was folded since.
            guard try !isFolded(pair.new, connection) else { continue }
            try connection.execute("INSERT OR REPLACE INTO folded_volume VALUES (?, ?)", [old, new])
            // What was folded into the old one went on with it.
            try connection.execute("UPDATE folded_volume SET new = ? WHERE new = ?", [new, old])
        }
    }
}
