/// One row of a query's result; columns count from 0 in the order of the SELECT.
///
/// The getters throw `unexpectedValue` where a column is missing or holds another type: a database file is outside
/// input, too.
public struct Row: Sendable, Hashable {
    public let values: [SQLValue]

    public func integer(_ column: Int) throws(DatabaseError) -> Int64 {
        guard case .integer(let value) = try value(column) else { throw mismatch(column, "an integer") }
        return value
    }

    /// An integer that fits `type`.
    public func integer<T: FixedWidthInteger>(_ column: Int, as type: T.Type) throws(DatabaseError) -> T {
        guard let value = T(exactly: try integer(column)) else { throw mismatch(column, "\(type)") }
        return value
    }

    public func real(_ column: Int) throws(DatabaseError) -> Double {
        switch try value(column) {
        case .real(let value): return value
        case .integer(let value): return Double(value)
        default: throw mismatch(column, "a number")
        }
    }

    public func text(_ column: Int) throws(DatabaseError) -> String {
        guard case .text(let value) = try value(column) else { throw mismatch(column, "text") }
        return value
    }

    public func blob(_ column: Int) throws(DatabaseError) -> [UInt8] {
        guard case .blob(let value) = try value(column) else { throw mismatch(column, "a blob") }
        return value
    }

    public func optionalInteger(_ column: Int) throws(DatabaseError) -> Int64? {
        try isNull(column) ? nil : try integer(column)
    }

    public func optionalText(_ column: Int) throws(DatabaseError) -> String? {
        try isNull(column) ? nil : try text(column)
    }

    public func optionalBlob(_ column: Int) throws(DatabaseError) -> [UInt8]? {
        try isNull(column) ? nil : try blob(column)
    }

    public func isNull(_ column: Int) throws(DatabaseError) -> Bool { try value(column) == .null }

    private func value(_ column: Int) throws(DatabaseError) -> SQLValue {
        guard values.indices.contains(column) else { throw mismatch(column, "a column") }
        return values[column]
    }

    private func mismatch(_ column: Int, _ expected: String) -> DatabaseError {
        .unexpectedValue(column: column, expected: expected)
    }
}
