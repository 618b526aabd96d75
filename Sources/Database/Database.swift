internal import GRDB
internal import Glibc
internal import Synchronization

/// A step that brings a database from one version to the next. Steps are only ever appended.
public struct Migration: Sendable {
    let apply: @Sendable (Connection) throws -> Void

    public init(_ apply: @escaping @Sendable (Connection) throws -> Void) { self.apply = apply }

    /// A script of SQL statements.
    public init(_ sql: String) { apply = { try $0.script(sql) } }
}

/// How much a commit waits for the disk.
public enum Durability: Sendable {
    /// A commit survives the process (kill -9); power loss may undo the latest ones, never damage the file.
    case process
    /// A commit is on the disk when it returns: one fsync each.
    case disk
}

/// A SQLite file in WAL mode: one writer at a time, readers beside it, each on a thread of its own, never on the
/// cooperative pool's.
public final class Database: Sendable {
    private let pool: DatabasePool

    /// Opens or creates the file at `path` and applies the migrations that it lacks (counted in `user_version`), each
    /// in a transaction of its own.
    ///
    /// Blocks the calling thread while it opens.
    ///
    /// - Parameter busyTimeout: how long a write waits for another process.
    /// - Throws: `DatabaseError`: `inaccessible`, `corrupt`, `newerSchema`, `full`; and what a migration throws.
    public init(
        path: String, migrations: [Migration], durability: Durability = .process, readers: Int = 4,
        busyTimeout: Duration = .seconds(10)
    ) throws {
        var configuration = Configuration()
        configuration.maximumReaderCount = readers
        configuration.busyMode = .timeout(busyTimeout / .seconds(1))
        Self.create(path)
        pool = try DatabaseError.translating {
            let pool = try DatabasePool(path: path, configuration: configuration)
            // Opening sets NORMAL, which in WAL mode is what `Durability.process` promises.
            if durability == .disk {
                try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            }
            return pool
        }
        try migrate(migrations)
    }

    private static let creating = Mutex(())

    /// Makes the file if there is none. SQLite gives its log the mode of the file, and the file the mode that it finds: nobody
    /// else's to read.
    ///
    /// A file that is there must not be opened: closing it would take back the locks that this process has on it through another
    /// `Database` (fcntl(2)), and other processes would take the log for one that nobody uses, and delete it. Nor may one be opened
    /// by SQLite before it is closed here.
    private static func create(_ path: String) {
        creating.withLock { _ in
            let created = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            if created >= 0 { Glibc.close(created) }
        }
    }

    /// Runs `body` on a snapshot that does not change while it runs.
    ///
    /// - Throws: what `body` throws; `CancellationError` if the task was cancelled.
    public func read<T: Sendable>(_ body: @Sendable (Connection) throws -> T) async throws -> T {
        do { return try await pool.read { try body(Connection(database: $0)) } } catch let error as GRDB.DatabaseError {
            throw DatabaseError(error)
        }
    }

    /// Runs `body` in a transaction, committed when it returns and rolled back when it throws.
    ///
    /// - Throws: what `body` throws; `CancellationError` if the task was cancelled (then nothing was written).
    @discardableResult
    public func write<T: Sendable>(_ body: @Sendable (Connection) throws -> T) async throws -> T {
        do { return try await pool.write { try body(Connection(database: $0)) } } catch let error as GRDB.DatabaseError
        {
            throw DatabaseError(error)
        }
    }

    /// As `read`, for a caller on a thread of its own: blocks it. Must not be called inside `body`.
    public func readBlocking<T>(_ body: (Connection) throws -> T) throws -> T {
        try DatabaseError.translating { try pool.read { try body(Connection(database: $0)) } }
    }

    /// As `write`, for a caller on a thread of its own: blocks it. Must not be called inside `body`.
    public func writeBlocking<T>(_ body: (Connection) throws -> T) throws -> T {
        try DatabaseError.translating { try pool.write { try body(Connection(database: $0)) } }
    }

    /// Moves the write-ahead log into the file and closes it; later calls fail. Leaving it out loses nothing.
    public func close() throws { try DatabaseError.translating { try pool.close() } }

    private func migrate(_ migrations: [Migration]) throws {
        let version = try readBlocking { try $0.row("PRAGMA user_version")?.integer(0, as: Int.self) ?? 0 }
        guard version <= migrations.count else {
            throw DatabaseError.newerSchema(found: version, supported: migrations.count)
        }
        guard version < migrations.count else { return }
        for next in version..<migrations.count {
            try writeBlocking { connection in
                // Another process may have been here between our look and our lock.
                let current = try connection.row("PRAGMA user_version")?.integer(0, as: Int.self) ?? 0
                guard current == next else { return }
                try migrations[next].apply(connection)
                try connection.script("PRAGMA user_version = \(next + 1)")
            }
        }
    }
}
