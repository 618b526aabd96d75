internal import Primitives

/// Reads the schema's notation, which follows Rust's declarations:
///
///     struct path::Name<T, ~Erased, Bound = u32> { field: Type, … }     struct path::Name(Type, …)
///     enum path::Name { 0 Variant, 1 Variant(Type), 2 Variant { field: Type } }
///     pallet 104 Name StoragePrefix    followed by calls, events, errors (as enums), storage and constants
///
/// Types are primitives, `[T]`, `[T; n]`, tuples, and declared names by their last part. In storage, `?` means that a
/// missing key means nothing; otherwise the default stands after `=`, as zeros and hexadecimal digits.
///
/// The text is part of the program, so a mistake in it is a trap.
struct SchemaParser {
    private(set) var types: [TypeDeclaration] = []
    private(set) var pallets: [PalletDeclaration] = []
    private(set) var extrinsic: ExtrinsicDeclaration?
    private var tokens: [String]
    private var position = 0

    init(_ text: String) {
        tokens = Self.tokens(of: text)
        while position < tokens.count { declaration() }
    }

    private static func tokens(of text: String) -> [String] {
        var tokens: [String] = []
        var word = ""
        func isWord(_ character: Character) -> Bool { character.isLetter || character.isNumber || character == "_" }
        let characters = Array(text)
        var index = 0
        while index < characters.count {
            let character = characters[index]
            if isWord(character) {
                word.append(character)
            } else if character == ":", index + 1 < characters.count, characters[index + 1] == ":" {
                word += "::"
                index += 1
            } else {
                if !word.isEmpty { tokens.append(word) }
                word = ""
                if !character.isWhitespace { tokens.append(String(character)) }
            }
            index += 1
        }
        if !word.isEmpty { tokens.append(word) }
        return tokens
    }

    // MARK: Declarations

    private mutating func declaration() {
        switch next() {
        case "struct": types.append(structure())
        case "enum": types.append(enumeration())
        case "pallet": pallets.append(pallet())
        case "extrinsic": extrinsic = extrinsicDeclaration()
        case let other: preconditionFailure("the schema declares '\(other)'")
        }
    }

    private mutating func structure() -> TypeDeclaration {
        let (path, parameters) = head()
        return TypeDeclaration(path: path, parameters: parameters, body: .structure(fields()))
    }

    private mutating func enumeration() -> TypeDeclaration {
        let (path, parameters) = head()
        var variants: [TypeDeclaration.Variant] = []
        items("{", "}") { parser in
            let first = parser.number()
            guard parser.take(".") else {
                let name = parser.next()
                variants.append(.init(index: UInt8(first), name: name, fields: parser.fields()))
                return
            }
            // `1...255 Name(…)`: Name1, Name2, …
            parser.expect(".")
            parser.expect(".")
            let last = parser.number()
            let name = parser.next()
            let fields = parser.fields()
            for index in first...last {
                variants.append(.init(index: UInt8(index), name: "\(name)\(index)", fields: fields))
            }
        }
        return TypeDeclaration(path: path, parameters: parameters, body: .enumeration(variants))
    }

    private mutating func head() -> (path: [String], parameters: [TypeDeclaration.Parameter]) {
        let path = next().split(separator: "::").map(String.init)
        var parameters: [TypeDeclaration.Parameter] = []
        if peek == "<" {
            items("<", ">") { parser in
                if parser.take("~") {
                    parameters.append(.init(name: parser.next(), kind: .erased))
                } else {
                    let name = parser.next()
                    parameters.append(.init(name: name, kind: parser.take("=") ? .bound(parser.type()) : .free))
                }
            }
        }
        return (path, parameters)
    }

    private mutating func fields() -> [TypeDeclaration.Field] {
        var fields: [TypeDeclaration.Field] = []
        switch peek {
        case "(": items("(", ")") { fields.append(.init(name: nil, type: $0.type())) }
        case "{":
            items("{", "}") { parser in
                let name = parser.next()
                parser.expect(":")
                fields.append(.init(name: name, type: parser.type()))
            }
        default: break
        }
        return fields
    }

    private mutating func type() -> TypeExpression {
        switch next() {
        case "[":
            let item = type()
            let count = take(";") ? number() : nil
            expect("]")
            return count.map { .array(item, count: $0) } ?? .sequence(item)
        case "(":
            position -= 1
            var parts: [TypeExpression] = []
            items("(", ")") { parts.append($0.type()) }
            return .tuple(parts)
        case let name:
            var arguments: [TypeExpression] = []
            if peek == "<" { items("<", ">") { arguments.append($0.type()) } }
            return .named(name, arguments)
        }
    }

    // MARK: Pallets

    private mutating func pallet() -> PalletDeclaration {
        var pallet = PalletDeclaration(index: UInt8(number()), name: next())
        if let prefix = peek, !Self.sections.contains(prefix) { pallet.storagePrefix = next() }
        while let section = peek, ["calls", "events", "errors", "storage", "constants"].contains(section) {
            position += 1
            switch section {
            case "calls": pallet.calls = enumeration()
            case "events": pallet.events = enumeration()
            case "errors": pallet.errors = enumeration()
            case "storage": items("{", "}") { pallet.storage.append($0.storageItem()) }
            default: items("{", "}") { pallet.constants.append($0.constant()) }
            }
        }
        return pallet
    }

    private static let sections: Set = [
        "calls", "events", "errors", "storage", "constants", "struct", "enum", "pallet", "extrinsic",
    ]

    private mutating func storageItem() -> PalletDeclaration.Storage {
        let name = next()
        var key: [(hasher: String, type: TypeExpression)] = []
        if peek == "(" {
            items("(", ")") { parser in
                let hasher = parser.next()
                key.append((hasher, parser.type()))
            }
        }
        expect(":")
        let value = type()
        return .init(name: name, key: key, value: value, defaultBytes: take("?") ? nil : literal())
    }

    private mutating func constant() -> PalletDeclaration.Constant {
        let name = next()
        expect(":")
        let type = type()
        return .init(name: name, type: type, bytes: literal())
    }

    private mutating func literal() -> [UInt8] {
        expect("=")
        var bytes: [UInt8] = []
        while let token = peek, token == "zeros" || token.hasPrefix("0x") {
            position += 1
            if token == "zeros" {
                bytes += [UInt8](repeating: 0, count: number())
            } else if let digits = [UInt8](hex: token) {
                bytes += digits
            } else {
                preconditionFailure("the schema has a malformed constant \(token)")
            }
        }
        return bytes
    }

    private mutating func extrinsicDeclaration() -> ExtrinsicDeclaration {
        let version = UInt8(number())
        let (address, call, signature) = (type(), type(), type())
        var extensions: [ExtrinsicDeclaration.Extension] = []
        expect("{")
        while !take("}") {
            let name = next()
            expect(":")
            let extra = type()
            expect(",")
            extensions.append(.init(name: name, extra: extra, additional: type()))
            expect(";")
        }
        return .init(
            version: version, address: address, call: call, signature: signature, extensions: extensions)
    }

    // MARK: Tokens

    private var peek: String? { position < tokens.count ? tokens[position] : nil }

    private mutating func next() -> String {
        guard let token = peek else { preconditionFailure("the schema ends too early") }
        position += 1
        return token
    }

    private mutating func take(_ token: String) -> Bool {
        guard peek == token else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ token: String) {
        let found = next()
        precondition(found == token, "the schema has '\(found)' where '\(token)' belongs")
    }

    private mutating func number() -> Int {
        let token = next()
        guard let value = Int(token) else { preconditionFailure("the schema has '\(token)' where a number belongs") }
        return value
    }

    /// Items between brackets, separated by commas; one may stand after the last.
    private mutating func items(_ open: String, _ close: String, _ item: (inout SchemaParser) -> Void) {
        expect(open)
        while !take(close) {
            item(&self)
            if peek != close { expect(",") }
        }
    }
}
