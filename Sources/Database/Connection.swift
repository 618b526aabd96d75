internal import GRDB

/// The database as `read` and `write` lend it: valid inside their closure only, on its thread.
///
/// Statements are prepared once for each connection and text, so `sql` should be constant and values go in
/// `arguments` (`?` in the text).
public struct Connection {
    let database: GRDB.Database

    /// Runs one statement that changes something.
    ///
    /// - Returns: the number of rows inserted, updated or deleted.
    /// - Throws: `DatabaseError`, `full` and `constraint` among the expected ones.
    @discardableResult
    public func execute(_ sql: String, _ arguments: [SQLValue] = []) throws -> Int {
        try DatabaseError.translating {
            try database.cachedStatement(sql: sql).execute(arguments: Self.bind(arguments))
            return database.changesCount
        }
    }

    /// Runs a script of several statements without arguments.
    public func script(_ sql: String) throws {
        try DatabaseError.translating { try database.execute(sql: sql) }
    }

    /// All rows of a query.
    public func query(_ sql: String, _ arguments: [SQLValue] = []) throws -> [Row] {
        var rows: [Row] = []
        try forEachRow(sql, arguments) { rows.append($0) }
        return rows
    }

    /// The first row of a query, or nil.
    public func row(_ sql: String, _ arguments: [SQLValue] = []) throws -> Row? {
        try DatabaseError.translating {
            try GRDB.Row.fetchOne(try database.cachedStatement(sql: sql), arguments: Self.bind(arguments))
                .map(Self.copy)
        }
    }

    /// Hands each row of a query to `body` as it is read, so that a large result is never in memory at once.
    /// `body` must not run the same `sql` again.
    public func forEachRow(_ sql: String, _ arguments: [SQLValue] = [], _ body: (Row) throws -> Void) throws {
        try DatabaseError.translating {
            let cursor = try GRDB.Row.fetchCursor(
                try database.cachedStatement(sql: sql), arguments: Self.bind(arguments))
            while let row = try cursor.next() { try body(Self.copy(row)) }
        }
    }

    /// The row identifier of the last INSERT.
    public var lastInsertedRowID: Int64 { database.lastInsertedRowID }

    private static func bind(_ arguments: [SQLValue]) -> StatementArguments {
        StatementArguments(arguments.map(\.databaseValue))
    }

    private static func copy(_ row: GRDB.Row) -> Row {
        Row(values: (0..<row.count).map { SQLValue(row[$0] as DatabaseValue) })
    }
}
