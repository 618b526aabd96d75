/// What is wrong with text that should be JSON.
public enum JSONError: Error, Equatable, CustomStringConvertible {
    case unexpected(offset: Int)
    case tooDeep(limit: Int)

    public var description: String {
        switch self {
        case .unexpected(let offset): "not JSON at offset \(offset)"
        case .tooDeep(let limit): "JSON nested more than \(limit) deep"
        }
    }
}

extension JSONValue {
    /// Reads one JSON value that fills `bytes`. Total: any bytes give a value or a `JSONError`.
    public init(jsonBytes bytes: [UInt8]) throws(JSONError) {
        var parser = JSONParser(bytes: bytes)
        self = try parser.document()
    }
}

private struct JSONParser {
    private static let depthLimit = 64

    let bytes: [UInt8]
    private var offset = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(JSONError) -> JSONValue {
        let value = try value(depth: 0)
        skipWhitespace()
        guard offset == bytes.count else { throw .unexpected(offset: offset) }
        return value
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= Self.depthLimit else { throw .tooDeep(limit: Self.depthLimit) }
        skipWhitespace()
        switch peek {
        case UInt8(ascii: "{"): return .object(try members(depth: depth))
        case UInt8(ascii: "["): return .array(try items(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func members(depth: Int) throws(JSONError) -> [String: JSONValue] {
        offset += 1
        var members: [String: JSONValue] = [:]
        skipWhitespace()
        if take(UInt8(ascii: "}")) { return members }
        repeat {
            skipWhitespace()
            guard peek == UInt8(ascii: "\"") else { throw .unexpected(offset: offset) }
            let name = try string()
            skipWhitespace()
            try expect(UInt8(ascii: ":"))
            members[name] = try value(depth: depth + 1)
            skipWhitespace()
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"))
        return members
    }

    private mutating func items(depth: Int) throws(JSONError) -> [JSONValue] {
        offset += 1
        var items: [JSONValue] = []
        skipWhitespace()
        if take(UInt8(ascii: "]")) { return items }
        repeat {
            items.append(try value(depth: depth + 1))
            skipWhitespace()
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"))
        return items
    }

    private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let expected = Array(text.description.utf8)
        guard bytes[offset...].starts(with: expected) else { throw .unexpected(offset: offset) }
        offset += expected.count
        return value
    }

    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    private mutating func number() throws(JSONError) -> String {
        let start = offset
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    private mutating func digits() throws(JSONError) {
        let start = offset
        while let byte = peek, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { offset += 1 }
        guard offset > start else { throw .unexpected(offset: offset) }
    }

    private mutating func string() throws(JSONError) -> String {
        let start = offset
        offset += 1
        // The common case, hexadecimal of up to megabytes, is one scan and one copy.
        let plainStart = offset
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "\""), bytes[offset] != UInt8(ascii: "\\"),
            bytes[offset] >= 32
        { offset += 1 }
        var content = Array(bytes[plainStart..<offset])
        while !take(UInt8(ascii: "\"")) {
            guard let byte = peek, byte >= 32 else { throw .unexpected(offset: offset) }
            offset += 1
            if byte == UInt8(ascii: "\\") { content += try escape().utf8 } else { content.append(byte) }
        }
        guard let text = String(validating: content, as: UTF8.self) else { throw .unexpected(offset: start) }
        return text
    }

    private mutating func escape() throws(JSONError) -> String {
        guard let byte = peek else { throw .unexpected(offset: offset) }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return String(UnicodeScalar(byte))
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return String(try escapedScalar())
        default: throw .unexpected(offset: offset - 1)
        }
    }

    /// Four hexadecimal digits, or two such escapes that form a surrogate pair.
    private mutating func escapedScalar() throws(JSONError) -> UnicodeScalar {
        let first = try codeUnit()
        var code = UInt32(first)
        if 0xd800..<0xdc00 ~= first {
            try expect(UInt8(ascii: "\\"))
            try expect(UInt8(ascii: "u"))
            let second = try codeUnit()
            guard 0xdc00..<0xe000 ~= second else { throw .unexpected(offset: offset) }
            code = 0x10000 + (UInt32(first) - 0xd800) << 10 + (UInt32(second) - 0xdc00)
        }
        guard let scalar = UnicodeScalar(code) else { throw .unexpected(offset: offset) }
        return scalar
    }

    private mutating func codeUnit() throws(JSONError) -> UInt16 {
        guard offset + 4 <= bytes.count,
            bytes[offset..<offset + 4].allSatisfy({ UnicodeScalar($0).properties.isASCIIHexDigit }),
            let unit = UInt16(String(decoding: bytes[offset..<offset + 4], as: UTF8.self), radix: 16)
        else { throw .unexpected(offset: offset) }
        offset += 4
        return unit
    }

    private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        offset += 1
        return true
    }

    private mutating func expect(_ byte: UInt8) throws(JSONError) {
        guard take(byte) else { throw .unexpected(offset: offset) }
    }

    private mutating func skipWhitespace() {
        while let byte = peek, byte == 32 || byte == 10 || byte == 13 || byte == 9 { offset += 1 }
    }
}
