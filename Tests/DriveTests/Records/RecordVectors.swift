import DriveFormat
import Primitives
import SCALE
import TestSupport
import Testing

/// A file of Tests/Vectors/records/1, made by generate.py beside it: records with what they say, and bytes to refuse.
struct RecordVectors: Decodable {
    struct Valid: Decodable, CustomTestStringConvertible {
        let name: String
        let bytes: String
        let byteCount: Int
        let fields: [String: String]
        var testDescription: String { name }
    }

    struct Refused: Decodable {
        let why: String
        let bytes: String
    }

    let valid: [Valid]
    let refused: [Refused]

    static func load(_ name: String) throws -> RecordVectors { try Vectors.load("records/1/\(name).json") }

    /// Holds a record type against its file: every case says what the file says and encodes to the same bytes again, and
    /// what is to be refused is.
    static func check<Record: ScaleCodable>(
        _ name: String, _ type: Record.Type, describe: (Record) throws -> [String: String]
    ) throws {
        let vectors = try load(name)
        for vector in vectors.valid {
            let bytes = try #require([UInt8](hex: vector.bytes))
            #expect(bytes.count == vector.byteCount)
            let record = try Record(scaleBytes: bytes)
            #expect(try describe(record) == vector.fields, "\(vector.name)")
            #expect(record.scaleBytes == bytes, "\(vector.name)")
        }
        for vector in vectors.refused {
            let bytes = try #require([UInt8](hex: vector.bytes))
            #expect(throws: ScaleError.self, "\(vector.why)") { try Record(scaleBytes: bytes) }
        }
    }
}
