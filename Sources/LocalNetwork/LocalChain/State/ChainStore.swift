internal import Database
internal import Primitives
internal import SCALE
internal import Substrate

/// A block as it is kept.
struct StoredBlock: Sendable {
    let header: Header
    let hash: Bytes32
    let extrinsics: [[UInt8]]

    var number: BlockNumber { header.number }
}

/// The chain on disk: blocks, the newest state, what each recent block overwrote, and the pool.
///
/// A block and all that it changes are one SQLite transaction, so a killed process leaves whole blocks only. Each is synced:
/// by a block that a power cut takes back, nodes would drop fragments that their owners know to be stored.
struct ChainStore: Sendable {
    private let database: Database

    init(path: String) throws { database = try Database(path: path, migrations: Self.migrations, durability: .disk) }

    /// `undo` holds the value that a key had before a block: the state after block n is the newest state with all that
    /// later blocks overwrote put back.
    private static let migrations = [
        Migration(
            """
            CREATE TABLE block (
                number INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, header BLOB NOT NULL, extrinsics BLOB NOT NULL
            );
            CREATE TABLE state (key BLOB NOT NULL UNIQUE, value BLOB NOT NULL);
            CREATE TABLE undo (key BLOB NOT NULL, block INTEGER NOT NULL, value BLOB, UNIQUE (key, block));
            CREATE INDEX undo_by_block ON undo (block);
            CREATE TABLE pool (sequence INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL);
            """)
    ]

    func read<T>(_ body: (StoreReader) throws -> T) throws -> T {
        try database.readBlocking { try body(StoreReader(connection: $0)) }
    }

    func write<T>(_ body: (StoreWriter) throws -> T) throws -> T {
        try database.writeBlocking { try body(StoreWriter(connection: $0)) }
    }

    func close() throws { try database.close() }
}

/// A consistent view of the chain on disk.
struct StoreReader {
    fileprivate let connection: Connection

    func best() throws -> StoredBlock? {
        try connection.row("SELECT hash, header, extrinsics FROM block ORDER BY number DESC LIMIT 1").map(Self.block)
    }

    func block(_ number: BlockNumber) throws -> StoredBlock? {
        try connection.row("SELECT hash, header, extrinsics FROM block WHERE number = ?", [.int(number)])
            .map(Self.block)
    }

    func number(of hash: Bytes32) throws -> BlockNumber? {
        try connection.row("SELECT number FROM block WHERE hash = ?", [.blob(hash.bytes)])?
            .integer(0, as: BlockNumber.self)
    }

    func hash(of number: BlockNumber) throws -> Bytes32? {
        try connection.row("SELECT hash FROM block WHERE number = ?", [.int(number)])
            .flatMap { Bytes32(try $0.blob(0)) }
    }

    private static func block(_ row: Row) throws -> StoredBlock {
        guard let hash = Bytes32(try row.blob(0)) else {
            throw DatabaseError.unexpectedValue(column: 0, expected: "a hash")
        }
        var decoder = ScaleDecoder(try row.blob(2))
        let extrinsics = try decoder.vector { (item) throws(ScaleError) in try item.byteVector() }
        return StoredBlock(header: try Header(scaleBytes: try row.blob(1)), hash: hash, extrinsics: extrinsics)
    }

    /// The newest value of a key.
    func value(_ key: [UInt8]) throws -> [UInt8]? {
        try connection.row("SELECT value FROM state WHERE key = ?", [.blob(key)])?.blob(0)
    }

    /// The value that a key had after block `number`.
    func value(_ key: [UInt8], after number: BlockNumber) throws -> [UInt8]? {
        let overwritten = try connection.row(
            "SELECT value FROM undo WHERE key = ? AND block > ? ORDER BY block LIMIT 1", [.blob(key), .int(number)])
        return try overwritten.map { try $0.optionalBlob(0) } ?? value(key)
    }

    /// The newest state's keys that begin with `prefix`, in order.
    func keys(prefix: [UInt8]) throws -> [[UInt8]] {
        let range = Self.range(prefix: prefix, start: nil)
        return try connection.query("SELECT key FROM state WHERE key >= ? AND key < ? ORDER BY key", range)
            .map { try $0.blob(0) }
    }

    /// At most `count` keys, after `start`, that begin with `prefix` and had a value after block `number`.
    func keys(prefix: [UInt8], start: [UInt8]?, count: Int, after number: BlockNumber) throws -> [[UInt8]] {
        var keys: [[UInt8]] = []
        // A start that comes before the prefix says nothing.
        var start = start.flatMap { $0.lexicographicallyPrecedes(prefix) ? nil : $0 }
        while keys.count < count {
            let page = min(count - keys.count, Self.keysInPage)
            let candidates = try candidates(prefix: prefix, start: start, count: page, after: number)
            for key in candidates where try value(key, after: number) != nil { keys.append(key) }
            guard candidates.count == page else { break }
            start = candidates.last
        }
        return keys
    }

    /// Keys that are read at once: a prefix can have any number of them.
    private static let keysInPage = 1000

    /// Keys that have a value now or had one after some block later than `number`.
    private func candidates(
        prefix: [UInt8], start: [UInt8]?, count: Int, after number: BlockNumber
    ) throws -> [[UInt8]] {
        let comparison = start == nil ? ">=" : ">"
        let range = Self.range(prefix: prefix, start: start)
        return try connection.query(
            """
            SELECT key FROM state WHERE key \(comparison) ? AND key < ?
            UNION SELECT key FROM undo WHERE key \(comparison) ? AND key < ? AND block > ?
            ORDER BY key LIMIT ?
            """, range + range + [.int(number), .int(count)]
        ).map { try $0.blob(0) }
    }

    /// From `start`, or the prefix itself, to the first key that does not begin with it.
    private static func range(prefix: [UInt8], start: [UInt8]?) -> [SQLValue] {
        var end = prefix
        while let last = end.popLast() {
            if last < 255 {
                end.append(last + 1)
                break
            }
        }
        // No key has 512 bytes of 255: it stands for "no end".
        return [.blob(start ?? prefix), .blob(end.isEmpty ? [UInt8](repeating: 255, count: 512) : end)]
    }

    func pooled() throws -> [[UInt8]] {
        try connection.query("SELECT bytes FROM pool ORDER BY sequence").map { try $0.blob(0) }
    }
}

/// A transaction on the chain's file.
struct StoreWriter {
    fileprivate let connection: Connection

    var reader: StoreReader { StoreReader(connection: connection) }

    /// Appends a block with what it changes (nil removes a key), and forgets what the block `keptBlocks` below overwrote.
    func append(_ block: StoredBlock, changes: [StateChange], keptBlocks: BlockNumber) throws {
        var body = ScaleEncoder()
        body.vector(block.extrinsics) { $0.byteVector($1) }
        try connection.execute(
            "INSERT INTO block VALUES (?, ?, ?, ?)",
            [.int(block.number), .blob(block.hash.bytes), .blob(block.header.scaleBytes), .blob(body.bytes)])
        for change in changes {
            if block.number > 0 {
                try connection.execute(
                    "INSERT INTO undo VALUES (?, ?, ?)",
                    [.blob(change.key), .int(block.number), change.old.map { .blob($0) } ?? .null])
            }
            if let value = change.new {
                try connection.execute(
                    "INSERT INTO state VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    [.blob(change.key), .blob(value)])
            } else {
                try connection.execute("DELETE FROM state WHERE key = ?", [.blob(change.key)])
            }
        }
        if block.number > keptBlocks {
            try connection.execute("DELETE FROM undo WHERE block <= ?", [.int(block.number - keptBlocks)])
        }
    }

    func addToPool(_ extrinsic: [UInt8], hash: Bytes32) throws {
        try connection.execute(
            "INSERT OR IGNORE INTO pool (hash, bytes) VALUES (?, ?)", [.blob(hash.bytes), .blob(extrinsic)])
    }

    func removeFromPool(_ hash: Bytes32) throws {
        try connection.execute("DELETE FROM pool WHERE hash = ?", [.blob(hash.bytes)])
    }
}

/// What a block did to a key.
struct StateChange: Sendable {
    let key: [UInt8]
    let old: [UInt8]?
    let new: [UInt8]?
}
