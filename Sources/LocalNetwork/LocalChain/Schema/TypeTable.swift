internal import SCALE

/// Turns types into numbers, and writes what each number stands for as metadata does (scale-info's portable registry).
struct TypeTable {
    private let declarations: [String: TypeDeclaration]
    private var numbers: [TypeExpression: Int] = [:]
    /// The encoding of each type after its number; nil while its parts are still being looked at.
    private var encodings: [[UInt8]?] = []

    /// - Parameter aliases: more declarations, under names that are not the last parts of their paths.
    init(_ types: [TypeDeclaration], aliases: [String: TypeDeclaration]) {
        declarations = Dictionary(types.map { ($0.name, $0) } + Array(aliases)) { first, _ in
            preconditionFailure("the schema declares \(first.name) twice")
        }
    }

    mutating func number(of type: TypeExpression) -> Int {
        if let number = numbers[type] { return number }
        let number = encodings.count
        numbers[type] = number
        encodings.append(nil)  // types may hold themselves: a call holds calls
        encodings[number] = encoding(of: type)
        return number
    }

    mutating func number(of declaration: TypeDeclaration, as name: String) -> Int {
        let key = TypeExpression.named(name, [])
        if let number = numbers[key] { return number }
        let number = encodings.count
        numbers[key] = number
        encodings.append(nil)
        encodings[number] = encoding(of: declaration, arguments: [])
        return number
    }

    /// The registry: call it when all types have been asked for.
    func encode(to encoder: inout ScaleEncoder) {
        encoder.compact(encodings.count)
        for (number, encoding) in encodings.enumerated() {
            encoder.compact(number)
            encoder.raw(encoding ?? [])
        }
    }

    // MARK: One type

    private static let primitives = [
        "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "u256", "i8", "i16", "i32", "i64", "i128", "i256",
    ]

    private mutating func encoding(of type: TypeExpression) -> [UInt8] {
        switch type {
        case .sequence(let item): return anonymous(2, [number(of: item)])
        case .array(let item, let count):
            var encoder = ScaleEncoder()
            encoder.integer(UInt32(count))
            encoder.compact(number(of: item))
            return anonymous(3, encoder.bytes)
        case .tuple(let items):
            var encoder = ScaleEncoder()
            encoder.vector(items.map { number(of: $0) }) { $0.compact($1) }
            return anonymous(4, encoder.bytes)
        case .named("Compact", let arguments): return anonymous(6, arguments.map { number(of: $0) })
        case .named(let name, let arguments):
            if let primitive = Self.primitives.firstIndex(of: name) { return anonymous(5, [UInt8(primitive)]) }
            guard let declaration = declarations[name] else { preconditionFailure("the schema lacks \(name)") }
            return encoding(of: declaration, arguments: arguments)
        }
    }

    /// A type without path and parameters; `kind` is its index in scale-info's `TypeDef`.
    private func anonymous(_ kind: UInt8, _ parts: [Int]) -> [UInt8] {
        var encoder = ScaleEncoder()
        for part in parts { encoder.compact(part) }
        return anonymous(kind, encoder.bytes)
    }

    private func anonymous(_ kind: UInt8, _ body: [UInt8]) -> [UInt8] { [0, 0, kind] + body + [0] }

    private mutating func encoding(of declaration: TypeDeclaration, arguments: [TypeExpression]) -> [UInt8] {
        var encoder = ScaleEncoder()
        encoder.vector(declaration.path) { $0.string($1) }
        var replacements: [String: TypeExpression] = [:]
        var rest = arguments[...]
        let parameters = declaration.parameters.map { parameter -> (String, Int?) in
            switch parameter.kind {
            case .erased: return (parameter.name, nil)
            case .bound(let type): return (parameter.name, number(of: type))
            case .free:
                guard let argument = rest.popFirst() else {
                    preconditionFailure("\(declaration.name) needs another argument")
                }
                replacements[parameter.name] = argument
                return (parameter.name, number(of: argument))
            }
        }
        encoder.vector(parameters) { encoder, parameter in
            encoder.string(parameter.0)
            encoder.option(parameter.1) { $0.compact($1) }
        }
        switch declaration.body {
        case .structure(let fields):
            encoder.integer(UInt8(0))
            encode(fields, replacements, to: &encoder)
        case .enumeration(let variants):
            encoder.integer(UInt8(1))
            encoder.compact(variants.count)
            for variant in variants {
                encoder.string(variant.name)
                encode(variant.fields, replacements, to: &encoder)
                encoder.integer(variant.index)
                encoder.compact(0)  // no documentation
            }
        }
        encoder.compact(0)  // no documentation
        return encoder.bytes
    }

    private mutating func encode(
        _ fields: [TypeDeclaration.Field], _ replacements: [String: TypeExpression], to encoder: inout ScaleEncoder
    ) {
        encoder.compact(fields.count)
        for field in fields {
            let type = field.type.replacing(replacements)
            encoder.option(field.name) { $0.string($1) }
            encoder.compact(number(of: type))
            encoder.option(type.description) { $0.string($1) }  // some libraries insist on a name
            encoder.compact(0)  // no documentation
        }
    }
}
