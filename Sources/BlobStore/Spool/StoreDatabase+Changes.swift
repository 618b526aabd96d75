internal import Database

/// Changes that are staged and wait for a commit. What they say is the caller's.
extension StoreDatabase {
    private static let changeContext = Array("waiting".utf8)

    /// In the order in which they came.
    public func waitingChanges() async throws -> [(number: Int64, record: [UInt8])] {
        try await database.read { connection in
            try connection.query("SELECT number, record FROM waiting_change ORDER BY number").map { row in
                (try row.integer(0), try opened(.change, at: Self.changeContext, row.blob(1)))
            }
        }
    }

    /// - Returns: its number, greater than that of all before it.
    public func addWaitingChange(_ record: [UInt8]) async throws -> Int64 {
        let value = sealed(.change, at: Self.changeContext, record)
        return try await database.write { connection in
            try connection.execute("INSERT INTO waiting_change (record) VALUES (?)", [value])
            return try connection.row("SELECT last_insert_rowid()")?.integer(0) ?? 0
        }
    }

    /// Changes have become part of a commit: the setting that keeps it takes their place at once.
    ///
    /// - Parameters:
    ///   - numbers: the changes that wait no longer.
    ///   - value: nil where they came to nothing, and the setting stays as it is.
    public func set(_ name: String, to value: [UInt8]?, takingIn numbers: [Int64]) async throws {
        try await database.write { connection in
            if let value { try set(name, to: value, connection) }
            for number in numbers {
                try connection.execute("DELETE FROM waiting_change WHERE number = ?", [.integer(number)])
            }
        }
    }
}
