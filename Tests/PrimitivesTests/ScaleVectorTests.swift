import Primitives
import SCALE
import TestSupport
import Testing

private struct ScaleVectors: Decodable {
    struct Number: Decodable {
        let type: String
        let value: String
        let hex: String
    }
    struct Refused: Decodable {
        let type: String
        let hex: String
        let why: String
    }
    let compact: [Number]
    let integers: [Number]
    let must_fail: [Refused]
}

struct ScaleVectorTests {
    private let vectors: ScaleVectors

    init() throws { vectors = try Vectors.load("cess/scale.json") }

    @Test func `compact integers are written and read in their shortest form`() throws {
        for vector in vectors.compact {
            let value = try #require(UInt128(vector.value))
            let bytes = try #require([UInt8](hex: vector.hex))
            var encoder = ScaleEncoder()
            encoder.compact(value)
            #expect(encoder.bytes == bytes, "\(vector.value)")
            var decoder = ScaleDecoder(bytes)
            #expect(try decoder.compact() == value)
            try decoder.finish()
        }
    }

    @Test func `fixed-width integers are little endian`() throws {
        for vector in vectors.integers {
            switch vector.type {
            case "u8": try expectInteger(UInt8.self, vector)
            case "u16": try expectInteger(UInt16.self, vector)
            case "u32": try expectInteger(UInt32.self, vector)
            case "u64": try expectInteger(UInt64.self, vector)
            case "u128": try expectInteger(UInt128.self, vector)
            case "i8": try expectInteger(Int8.self, vector)
            case "i16": try expectInteger(Int16.self, vector)
            case "i32": try expectInteger(Int32.self, vector)
            case "i64": try expectInteger(Int64.self, vector)
            case "i128": try expectInteger(Int128.self, vector)
            default: Issue.record("unknown type \(vector.type)")
            }
        }
    }

    private func expectInteger<T: FixedWidthInteger>(_ type: T.Type, _ vector: ScaleVectors.Number) throws {
        let value = try #require(T(vector.value))
        let bytes = try #require([UInt8](hex: vector.hex))
        var encoder = ScaleEncoder()
        encoder.integer(value)
        #expect(encoder.bytes == bytes, "\(vector.type) \(vector.value)")
        var decoder = ScaleDecoder(bytes)
        #expect(try decoder.integer(T.self) == value)
        try decoder.finish()
    }

    /// The compound vectors, each with its Swift value.
    @Test func `sequences, options, tuples and arrays have their encodings`() throws {
        try expect("0x01", { $0.bool(true) }, { (d) throws(ScaleError) in try d.bool() }, true)
        try expect("0x00", { $0.bool(false) }, { (d) throws(ScaleError) in try d.bool() }, false)
        for text in ["", "CESS", "файл 文件 💾"] {
            let hex = ["": "0x00", "CESS": "0x1043455353"][text] ?? "0x50d184d0b0d0b9d0bb20e69687e4bbb620f09f92be"
            try expect(hex, { $0.string(text) }, { (d) throws(ScaleError) in try d.string() }, text)
        }
        let long = [UInt8](repeating: 0x61, count: 64)
        try expect(
            "0x0101" + long.hex, { $0.byteVector(long) }, { (d) throws(ScaleError) in try d.byteVector() }, long)
        try expect(
            "0x0c010000000200000003000000",
            { $0.vector([1, 2, 3] as [UInt32]) { $0.integer($1) } },
            { (d) throws(ScaleError) in try d.vector { (d) throws(ScaleError) in try d.integer(UInt32.self) } },
            [1, 2, 3])
        try expect(
            "0x0c046100086263",
            { $0.vector(["a", "", "bc"]) { $0.string($1) } },
            { (d) throws(ScaleError) in try d.vector { (d) throws(ScaleError) in try d.string() } },
            ["a", "", "bc"])
        for (hex, value) in [("0x00", nil), ("0x0107000000", 7)] as [(String, UInt32?)] {
            try expect(
                hex, { $0.option(value) { $0.integer($1) } },
                { (d) throws(ScaleError) in try d.option { (d) throws(ScaleError) in try d.integer(UInt32.self) } },
                value)
        }
        let large: UInt128 = 100_000_000_000_000_000_000
        try expect(
            "0x01000010632d5ec76b0500000000000000", { $0.option(large) { $0.integer($1) } },
            { (d) throws(ScaleError) in try d.option { (d) throws(ScaleError) in try d.integer(UInt128.self) } }, large)
        let hash = try #require(Bytes32([UInt8](repeating: 0x11, count: 32)))
        try expect(
            "0x" + hash.hex, { $0.encode(hash) }, { (d) throws(ScaleError) in try d.decode(Bytes32.self) }, hash)
        try expect("0x01020304", { $0.raw([1, 2, 3, 4]) }, { (d) throws(ScaleError) in try d.raw(4) }, [1, 2, 3, 4])

        var tuple = ScaleEncoder()
        tuple.integer(UInt8(1))
        tuple.integer(UInt32(2))
        tuple.bool(true)
        #expect(tuple.bytes == [UInt8](hex: "0x010200000001"))
    }

    private func expect<T: Equatable>(
        _ hex: String, _ encode: (inout ScaleEncoder) -> Void,
        _ decode: (inout ScaleDecoder) throws(ScaleError) -> T, _ value: T
    ) throws {
        let bytes = try #require([UInt8](hex: hex))
        var encoder = ScaleEncoder()
        encode(&encoder)
        #expect(encoder.bytes == bytes)
        var decoder = ScaleDecoder(bytes)
        #expect(try decode(&decoder) == value)
        try decoder.finish()
    }

    @Test func `what is not a SCALE encoding is refused`() throws {
        // The chain's own enum is read, and refused, in the tests of CESS.
        for vector in vectors.must_fail where vector.type != "FileState" {
            let bytes = try #require([UInt8](hex: vector.hex))
            #expect(throws: ScaleError.self, "\(vector.type): \(vector.why)") {
                var decoder = ScaleDecoder(bytes)
                switch vector.type {
                case "Compact<u32>": _ = try decoder.compact(UInt32.self)
                case "bool": _ = try decoder.bool()
                case "Option<u32>":
                    _ = try decoder.option { (d) throws(ScaleError) in try d.integer(UInt32.self) }
                case "Vec<u32>": _ = try decoder.vector { (d) throws(ScaleError) in try d.integer(UInt32.self) }
                case "Vec<u8>": _ = try decoder.byteVector()
                default: Issue.record("unknown type \(vector.type)")
                }
            }
        }
    }

    @Test(arguments: [
        [], [0x03], [0x33] + [UInt8](repeating: 0xff, count: 15), [0xff] + [UInt8](repeating: 1, count: 80),
    ])
    func `a compact integer that is cut short or beyond 128 bits is refused`(bytes: [UInt8]) {
        var decoder = ScaleDecoder(bytes)
        #expect(throws: ScaleError.self) { try decoder.compact() }
    }

    @Test func `a compact integer that does not fit its type is refused`() {
        var decoder = ScaleDecoder([0x07, 0, 0, 0, 0, 1])
        #expect(throws: ScaleError.notCanonical(offset: 0)) { try decoder.compact(UInt32.self) }
    }

    @Test func `bytes left over are refused`() {
        #expect(throws: ScaleError.trailing(count: 1)) {
            try Bytes32(scaleBytes: [UInt8](repeating: 0, count: 33))
        }
    }

    @Test func `a string that is not UTF-8 is refused`() {
        var decoder = ScaleDecoder([0x08, 0xc3, 0x28])
        #expect(throws: ScaleError.notUTF8(offset: 0)) { try decoder.string() }
    }

    @Test func `a sequence over its bound is refused before anything is read`() {
        var decoder = ScaleDecoder([0x0c, 1, 2, 3])
        #expect(throws: ScaleError.tooLong(count: 3, limit: 2, offset: 0)) { try decoder.byteVector(limit: 2) }
    }
}
