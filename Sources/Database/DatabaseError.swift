internal import GRDB

/// What can go wrong with a database file.
public enum DatabaseError: Error, Equatable, CustomStringConvertible {
    /// The disk (or the quota) is full; the transaction was rolled back and nothing is lost.
    case full
    /// The file is damaged, or not a database.
    case corrupt(String)
    /// Another process kept the database locked for longer than the time-out.
    case busy
    /// The file or its directory cannot be opened or written.
    case inaccessible(String)
    /// The disk failed to read or write.
    case inputOutput(String)
    /// A UNIQUE, CHECK, NOT NULL or foreign key rule was broken.
    case constraint(String)
    /// The file was written by a newer version of the program.
    case newerSchema(found: Int, supported: Int)
    /// A column is missing or holds a value of another type than the caller expects.
    case unexpectedValue(column: Int, expected: String)
    /// Anything else, with SQLite's extended result code.
    case other(code: Int32, String)

    public var description: String {
        switch self {
        case .full: "the disk is full"
        case .corrupt(let detail): "the database is damaged: \(detail)"
        case .busy: "the database is locked by another process"
        case .inaccessible(let detail): "the database cannot be opened or written: \(detail)"
        case .inputOutput(let detail): "the database could not be read or written: \(detail)"
        case .constraint(let detail): "the database refused a row: \(detail)"
        case .newerSchema(let found, let supported):
            "the database has version \(found), this program knows versions up to \(supported)"
        case .unexpectedValue(let column, let expected): "column \(column) does not hold \(expected)"
        case .other(let code, let detail): "the database failed with code \(code): \(detail)"
        }
    }

    init(_ error: GRDB.DatabaseError) {
        let detail = error.message ?? error.resultCode.description
        self =
            switch error.resultCode {
            case .SQLITE_FULL: .full
            case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT: .corrupt(detail)
            case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL: .busy
            case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH: .inaccessible(detail)
            // Its shared memory, a file beside the database, could not be made as long as it has to be.
            case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHMSIZE: .full
            case .SQLITE_IOERR: .inputOutput(detail)
            case .SQLITE_CONSTRAINT: .constraint(detail)
            default: .other(code: error.extendedResultCode.rawValue, detail)
            }
    }

    /// Runs `body`, turning the library's errors into ours and letting the caller's own pass.
    static func translating<T>(_ body: () throws -> T) throws -> T {
        do { return try body() } catch let error as GRDB.DatabaseError { throw DatabaseError(error) }
    }
}
