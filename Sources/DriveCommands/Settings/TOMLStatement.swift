/// A line of TOML, or several where a value spans them, with its line break.
struct TOMLStatement: Equatable {
    enum Kind: Equatable {
        case blank
        case comment
        case header([String])
        case pair([String])
        /// What is none of these, or not understood.
        case other

        var isHeader: Bool { if case .header = self { true } else { false } }
        var isPair: Bool { if case .pair = self { true } else { false } }
    }

    let kind: Kind
    private(set) var text: String
    /// Where the value of a pair stands, in scalars.
    private let value: Range<Int>

    static let blank = TOMLStatement(kind: .blank, text: "\n", value: 0..<0)

    static func pair(_ key: String, _ value: String) -> TOMLStatement {
        TOMLStatement(kind: .pair([key]), text: "\(key) = \(value)\n", value: 0..<0)
    }

    static func header(_ path: [String]) -> TOMLStatement {
        let names = path.map { isBare($0) ? $0 : string($0) }
        return TOMLStatement(kind: .header(path), text: "[\(names.joined(separator: "."))]\n", value: 0..<0)
    }

    /// A basic string.
    static func string(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\" + String(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func isBare(_ name: String) -> Bool {
        !name.isEmpty && name.unicodeScalars.allSatisfy { isBare($0) }
    }

    private static func isBare(_ scalar: Unicode.Scalar) -> Bool {
        "a"..."z" ~= scalar || "A"..."Z" ~= scalar || "0"..."9" ~= scalar || scalar == "_" || scalar == "-"
    }

    mutating func replaceValue(by literal: String) {
        let scalars = Array(text.unicodeScalars)
        var changed = String.UnicodeScalarView(scalars[..<value.lowerBound])
        changed += literal.unicodeScalars
        changed += scalars[value.upperBound...]
        text = String(changed)
    }

    mutating func endLine() { if text.unicodeScalars.last != "\n" { text += "\n" } }

    // MARK: Reading

    static func all(in text: String) -> [TOMLStatement] {
        var reader = Reader(scalars: Array(text.unicodeScalars))
        var statements: [TOMLStatement] = []
        while let next = reader.next() { statements.append(next) }
        return statements
    }

    private struct Reader {
        let scalars: [Unicode.Scalar]
        var position = 0

        private var current: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

        mutating func next() -> TOMLStatement? {
            let start = position
            guard current != nil else { return nil }
            skipSpace()
            var kind = Kind.other
            var value = 0..<0
            switch current {
            case nil, "\n", "\r": kind = .blank
            case "#": kind = .comment
            case "[":
                let isArray = position + 1 < scalars.count && scalars[position + 1] == "["
                position += 1
                // Of an array of tables no more is known than that another table begins.
                if isArray { kind = .header([]) } else if let path = keyPath(), current == "]" { kind = .header(path) }
            default:
                if let path = keyPath(), current == "=" {
                    position += 1
                    skipSpace()
                    let first = position
                    let end = skipValue()
                    kind = .pair(path)
                    value = first - start..<end - start
                }
            }
            skipLine()
            if current == "\n" { position += 1 }
            var text = String.UnicodeScalarView()
            text.append(contentsOf: scalars[start..<position])
            return TOMLStatement(kind: kind, text: String(text), value: value)
        }

        /// Up to the line break.
        private mutating func skipLine() {
            position = scalars[position...].firstIndex(of: "\n") ?? scalars.count
        }

        private mutating func skipSpace() { while current == " " || current == "\t" { position += 1 } }

        /// `a."b c".d` and the space behind it; nil if it is none.
        private mutating func keyPath() -> [String]? {
            var path: [String] = []
            while true {
                skipSpace()
                guard let part = keyPart() else { return nil }
                path.append(part)
                skipSpace()
                guard current == "." else { return path }
                position += 1
            }
        }

        private mutating func keyPart() -> String? {
            var part = String.UnicodeScalarView()
            if let quote = current, quote == "\"" || quote == "'" {
                position += 1
                while let scalar = current, scalar != quote {
                    // An escaped name is not looked for.
                    if scalar == "\n" || (quote == "\"" && scalar == "\\") { return nil }
                    part.append(scalar)
                    position += 1
                }
                position += 1
            } else {
                while let scalar = current, TOMLStatement.isBare(scalar) {
                    part.append(scalar)
                    position += 1
                }
                if part.isEmpty { return nil }
            }
            return String(part)
        }

        /// Goes to the end of a value, over as many lines as it has.
        ///
        /// - Returns: the place behind its last scalar.
        private mutating func skipValue() -> Int {
            var depth = 0
            var end = position
            while let scalar = current {
                switch scalar {
                case "\n" where depth == 0: return end
                case "#":
                    if depth == 0 { return end }
                    skipLine()
                    continue
                case "\"", "'":
                    skipString(scalar)
                    end = position
                    continue
                case "[", "{": depth += 1
                case "]", "}": depth -= 1
                default: break
                }
                position += 1
                if scalar != " ", scalar != "\t", scalar != "\r", scalar != "\n" { end = position }
            }
            return end
        }

        private mutating func skipString(_ quote: Unicode.Scalar) {
            func isTriple(at place: Int) -> Bool {
                place + 2 < scalars.count && scalars[place...place + 2].allSatisfy { $0 == quote }
            }
            let isLong = isTriple(at: position)
            position += isLong ? 3 : 1
            while let scalar = current {
                if scalar == "\\", quote == "\"" {
                    position = min(position + 2, scalars.count)
                } else if isLong ? isTriple(at: position) : scalar == quote || scalar == "\n" {
                    position += isLong ? 3 : scalar == quote ? 1 : 0
                    return
                } else {
                    position += 1
                }
            }
        }
    }
}
