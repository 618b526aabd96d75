import Foundation
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

    @Test func `sequences, options, tuples and arrays have their encodings`() throws {
        let compound = try JSONObject.load("cess/scale.json").cases("compound")
        #expect(compound.count == 14)
        for entry in compound { try expectCompound(entry["value"], entry["type"].text, entry["hex"].text) }
    }

    /// Compares the Swift value of what the vectors write as JSON.
    private func expectCompound(_ json: JSONObject, _ type: String, _ hex: String) throws {
        switch type {
        case "bool":
            let bool = try #require(json.value as? Bool)
            try expect(hex, { $0.bool(bool) }, { (d) throws(ScaleError) in try d.bool() }, bool)
        case "str": try expect(hex, { $0.string(json.text) }, { (d) throws(ScaleError) in try d.string() }, json.text)
        case "Vec<u8>":
            #expect(json.text == "64 x 0x61")
            let long = [UInt8](repeating: 0x61, count: 64)
            try expect(hex, { $0.byteVector(long) }, { (d) throws(ScaleError) in try d.byteVector() }, long)
        case "Vec<u32>":
            let numbers = try json.items.map { try #require($0.number?.uint32Value) }
            try expect(
                hex, { $0.vector(numbers) { $0.integer($1) } },
                { (d) throws(ScaleError) in try d.vector { (d) throws(ScaleError) in try d.integer(UInt32.self) } },
                numbers)
        case "Vec<Vec<u8>>":
            let texts = try json.items.map { Array(try #require($0.string).utf8) }
            try expect(
                hex, { $0.vector(texts) { $0.byteVector($1) } },
                { (d) throws(ScaleError) in try d.vector { (d) throws(ScaleError) in try d.byteVector() } }, texts)
        case "Option<u32>": try expectOption(json, UInt32.self, hex)
        case "Option<u128>": try expectOption(json, UInt128.self, hex)
        case "(u8,u32,bool)": try expectTuple(json, hex)
        case "[u8;4]":
            let bytes = try #require([UInt8](hex: json.text))
            try expect(hex, { $0.raw(bytes) }, { (d) throws(ScaleError) in try d.raw(4) }, bytes)
        case "H256":
            let hash = try #require(Bytes32(hex: json.text))
            try expect(hex, { $0.encode(hash) }, { (d) throws(ScaleError) in try d.decode(Bytes32.self) }, hash)
        default: Issue.record("unknown type \(type)")
        }
    }

    private func expectOption<T: FixedWidthInteger>(_ json: JSONObject, _ type: T.Type, _ hex: String) throws {
        let value = T(json.number.map { "\($0)" } ?? json.text)
        #expect((value == nil) == json.isNull)
        try expect(
            hex, { $0.option(value) { $0.integer($1) } },
            { (d) throws(ScaleError) in try d.option { (d) throws(ScaleError) in try d.integer(T.self) } }, value)
    }

    private func expectTuple(_ json: JSONObject, _ hex: String) throws {
        struct Tuple: Equatable {
            let byte: UInt8
            let number: UInt32
            let flag: Bool
        }
        let items = json.items
        #expect(items.count == 3)
        let tuple = Tuple(
            byte: try #require(items[0].number?.uint8Value), number: try #require(items[1].number?.uint32Value),
            flag: try #require(items[2].value as? Bool))
        try expect(
            hex,
            {
                $0.integer(tuple.byte)
                $0.integer(tuple.number)
                $0.bool(tuple.flag)
            },
            { (d) throws(ScaleError) in
                Tuple(byte: try d.byte(), number: try d.integer(UInt32.self), flag: try d.bool())
            }, tuple)
    }

    private func expect<T: Equatable>(
        _ hex: String, _ encode: (inout ScaleEncoder) -> Void,
        _ decode: (inout ScaleDecoder) throws(ScaleError) -> T, _ value: T
    ) throws {
        let bytes = try #require([UInt8](hex: hex))
        var encoder = ScaleEncoder()
        encode(&encoder)
        #expect(encoder.bytes == bytes, "\(value)")
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
