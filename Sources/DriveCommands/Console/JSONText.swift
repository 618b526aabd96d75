/// A JSON value that is written in the order in which it was put together, integers of any size included.
///
/// Only for what commands print: Docs/Scripting.md describes the shapes, which are only ever extended.
enum JSONText: Sendable, Equatable, CustomStringConvertible {
    case null
    case bool(Bool)
    case integer(Int64)
    /// Digits of an integer that other programs' numbers may not hold (balances, byte counts): written as a string.
    case digits(String)
    case real(Double)
    case string(String)
    case array([JSONText])
    case object([(String, JSONText)])

    /// On one line, without spaces.
    var description: String {
        var text = ""
        write(to: &text)
        return text
    }

    static func == (a: JSONText, b: JSONText) -> Bool { a.description == b.description }

    private func write(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .real(let value): text += value.isFinite ? "\(value)" : "null"
        case .digits(let value), .string(let value): Self.write(value, to: &text)
        case .array(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                value.write(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { text += "," }
                Self.write(member.0, to: &text)
                text += ":"
                member.1.write(to: &text)
            }
            text += "}"
        }
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

extension JSONText {
    /// A name as members of an object: its text and, where it is not UTF-8, its bytes in hexadecimal, so that nothing is lost.
    static func name(_ bytes: [UInt8], as key: String = "name") -> [(String, JSONText)] {
        let text = String(decoding: bytes, as: UTF8.self)
        guard Array(text.utf8) != bytes else { return [(key, .string(text))] }
        let hex = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return [(key, .string(text)), (key + "Bytes", .string(hex))]
    }
}
