internal import Database
internal import DriveFormat
internal import Primitives

/// Extrinsics that this machine has sent. What they say is the caller's.
extension StoreDatabase {
    private static let submissionContext = Array("submission".utf8)

    /// Those that declare one of these files, in the order in which they were sent; all of them if `fids` is nil.
    func submissions(declaring fids: Set<Bytes32>?) async throws -> [(number: Int64, record: [UInt8])] {
        try await database.read { connection in
            var numbers: Set<Int64>?
            if let fids {
                let found = try fids.flatMap { fid in
                    try connection.query(
                        "SELECT number FROM submitted_file WHERE tag = ?", [.blob(tag(.file, fid.bytes))]
                    ).map { try $0.integer(0) }
                }
                numbers = Set(found)
            }
            guard let numbers else {
                return try connection.query("SELECT number, record FROM submission ORDER BY number").map {
                    (try $0.integer(0), try opened(.submission, at: Self.submissionContext, $0.blob(1)))
                }
            }
            return try numbers.sorted().compactMap { number in
                let row = try connection.row("SELECT record FROM submission WHERE number = ?", [.integer(number)])
                return try row.map { (number, try opened(.submission, at: Self.submissionContext, $0.blob(0))) }
            }
        }
    }

    /// Keeps an extrinsic that is about to be sent: from here on the volumes may be declared, whatever happens.
    func addSubmission(_ record: [UInt8], declaring volumes: [(VolumeID, fid: Bytes32)]) async throws {
        let value = sealed(.submission, at: Self.submissionContext, record)
        try await database.write { connection in
            try connection.execute("INSERT INTO submission (record) VALUES (?)", [value])
            for (volume, fid) in volumes {
                try connection.execute(
                    "INSERT INTO submitted_file VALUES (?, last_insert_rowid())", [.blob(tag(.file, fid.bytes))])
                try setState(.declared, of: volume, connection)
            }
        }
    }

    /// Forgets one that can have no effect any more.
    func removeSubmission(_ number: Int64) async throws {
        try await database.write { connection in
            try connection.execute("DELETE FROM submission WHERE number = ?", [.integer(number)])
            try connection.execute("DELETE FROM submitted_file WHERE number = ?", [.integer(number)])
        }
    }

    func removeSubmissions() async throws {
        try await database.write { connection in
            try connection.execute("DELETE FROM submission")
            try connection.execute("DELETE FROM submitted_file")
        }
    }
}
