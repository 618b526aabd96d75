internal import SCALE

/// A type of the runtime: its place in the metadata's registry.
public struct TypeID: Hashable, Sendable {
    public let index: Int

    public init(index: Int) { self.index = index }
}

/// The runtime's types, as its metadata describes them. Every `TypeID` inside refers to a type that is there.
public struct TypeRegistry: Sendable {
    public let types: [TypeInfo]

    /// - Precondition: `id` comes from the same metadata.
    public subscript(id: TypeID) -> TypeInfo { types[id.index] }

    /// The first type with this path, as in `["sp_runtime", "DispatchError"]`.
    public func id(path: [String]) -> TypeID? {
        types.firstIndex { $0.path == path }.map(TypeID.init(index:))
    }
}

/// A type of the runtime.
public struct TypeInfo: Sendable {
    /// Modules and name; empty for types without a name.
    public let path: [String]
    public let parameters: [TypeParameter]
    public let shape: TypeShape
}

public struct TypeParameter: Sendable {
    public let name: String
    public let type: TypeID?
}

/// How a type is put together.
public enum TypeShape: Sendable {
    case composite([TypeField])
    /// By position in the declaration; indexes may have gaps.
    case variant([TypeVariant])
    case sequence(TypeID)
    case array(count: Int, TypeID)
    case tuple([TypeID])
    case primitive(PrimitiveType)
    case compact(TypeID)
    case bits(store: TypeID, order: TypeID)
}

public struct TypeField: Sendable {
    public let name: String?
    public let type: TypeID
    /// The type as the source wrote it.
    public let typeName: String?
}

public struct TypeVariant: Sendable {
    public let name: String
    public let index: UInt8
    public let fields: [TypeField]
    public let documentation: String
}

/// The types without parts, in the order of their indexes.
public enum PrimitiveType: UInt8, Sendable {
    case bool, char, str, u8, u16, u32, u64, u128, u256, i8, i16, i32, i64, i128, i256
}

extension TypeRegistry {
    init(from decoder: inout ScaleDecoder) throws(MetadataError) {
        do throws(ScaleError) {
            var types: [TypeInfo] = []
            for index in 0..<(try decoder.count(limit: 1 << 16)) {
                let start = decoder.offset
                guard try decoder.compact(UInt32.self) == index else {
                    throw ScaleError.invalid("type \(index) has another number", offset: start)
                }
                types.append(try TypeInfo(from: &decoder))
            }
            self.types = types
        } catch { throw .malformed(error) }
        for type in types {
            for reference in type.references where reference.index >= types.count {
                throw .danglingType(reference.index)
            }
        }
    }
}

extension TypeInfo {
    fileprivate init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        path = try decoder.vector { (item) throws(ScaleError) in try item.string() }
        parameters = try decoder.vector { (item) throws(ScaleError) in
            TypeParameter(
                name: try item.string(), type: try item.option { (some) throws(ScaleError) in try some.typeID() })
        }
        shape = try TypeShape(from: &decoder)
        try decoder.skipStrings()
    }

    fileprivate var references: [TypeID] {
        let own: [TypeID] =
            switch shape {
            case .composite(let fields): fields.map(\.type)
            case .variant(let variants): variants.flatMap { $0.fields.map(\.type) }
            case .sequence(let item), .array(_, let item), .compact(let item): [item]
            case .tuple(let items): items
            case .primitive: []
            case .bits(let store, let order): [store, order]
            }
        return own + parameters.compactMap(\.type)
    }
}

extension TypeShape {
    fileprivate init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        let start = decoder.offset
        let kind = try decoder.byte()
        switch kind {
        case 0: self = .composite(try decoder.fields())
        case 1: self = .variant(try decoder.vector { (item) throws(ScaleError) in try TypeVariant(from: &item) })
        case 2: self = .sequence(try decoder.typeID())
        case 3:
            let count = Int(try decoder.integer(UInt32.self))
            self = .array(count: count, try decoder.typeID())
        case 4: self = .tuple(try decoder.vector { (item) throws(ScaleError) in try item.typeID() })
        case 5:
            let index = try decoder.byte()
            guard let primitive = PrimitiveType(rawValue: index) else {
                throw .unknownVariant(index, type: "TypeDefPrimitive", offset: start + 1)
            }
            self = .primitive(primitive)
        case 6: self = .compact(try decoder.typeID())
        case 7:
            let store = try decoder.typeID()
            self = .bits(store: store, order: try decoder.typeID())
        default: throw .unknownVariant(kind, type: "TypeDef", offset: start)
        }
    }
}

extension TypeVariant {
    fileprivate init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        name = try decoder.string()
        fields = try decoder.fields()
        index = try decoder.byte()
        documentation = try decoder.vector { (item) throws(ScaleError) in try item.string() }
            .joined(separator: " ")
    }
}

extension ScaleDecoder {
    mutating func typeID() throws(ScaleError) -> TypeID { TypeID(index: Int(try compact(UInt32.self))) }

    /// Passes over a vector of strings.
    mutating func skipStrings() throws(ScaleError) {
        for _ in 0..<(try count()) { try skip(try count()) }
    }

    fileprivate mutating func fields() throws(ScaleError) -> [TypeField] {
        try vector { (item) throws(ScaleError) in
            let field = TypeField(
                name: try item.option { (some) throws(ScaleError) in try some.string() }, type: try item.typeID(),
                typeName: try item.option { (some) throws(ScaleError) in try some.string() })
            try item.skipStrings()
            return field
        }
    }
}
