public import SCALE

extension Metadata {
    /// Reads a value of a type that fills `bytes` to their end.
    public func decode(_ bytes: [UInt8], as type: TypeID) throws(ScaleError) -> Value {
        var decoder = ScaleDecoder(bytes)
        let value = try decode(type, from: &decoder)
        try decoder.finish()
        return value
    }

    /// Reads a value of a type. Total: time and memory are bounded by the bytes there are, whatever the types say.
    public func decode(_ type: TypeID, from decoder: inout ScaleDecoder) throws(ScaleError) -> Value {
        var reader = ValueReader(types: types, decoder: decoder)
        let value = try reader.value(of: type, depth: 0)
        decoder = reader.decoder
        return value
    }
}

private struct ValueReader {
    let types: TypeRegistry
    var decoder: ScaleDecoder
    /// Types without bytes may nest and repeat without end; each value costs one.
    var budget: Int

    static let maximumDepth = 128

    init(types: TypeRegistry, decoder: ScaleDecoder) {
        self.types = types
        self.decoder = decoder
        budget = 32 * (decoder.remaining + 1024)
    }

    mutating func value(of id: TypeID, depth: Int) throws(ScaleError) -> Value {
        budget -= 1
        guard depth < Self.maximumDepth, budget > 0 else {
            throw .invalid("a value nests too deep", offset: decoder.offset)
        }
        switch types[id].shape {
        case .primitive(let primitive): return try value(of: primitive)
        case .composite(let fields): return .composite(try values(of: fields, depth: depth))
        case .variant(let variants):
            let start = decoder.offset
            let index = try decoder.byte()
            guard let variant = variants.first(where: { $0.index == index }) else {
                throw .unknownVariant(index, type: types.name(of: id), offset: start)
            }
            return .variant(name: variant.name, index: index, fields: try values(of: variant.fields, depth: depth))
        case .sequence(let item): return try values(count: try count(), of: item, depth: depth)
        case .array(let count, let item): return try values(count: count, of: item, depth: depth)
        case .tuple(let items):
            var values: [Value] = []
            for item in items { values.append(try value(of: item, depth: depth + 1)) }
            return .list(values)
        case .compact(let inner): return try compact(inner, depth: depth)
        case .bits(let store, _): return .bits(try bits(store: store))
        }
    }

    private mutating func values(of fields: [TypeField], depth: Int) throws(ScaleError) -> [Value.Field] {
        var values: [Value.Field] = []
        for field in fields { values.append(Value.Field(field.name, try value(of: field.type, depth: depth + 1))) }
        return values
    }

    /// A count that may exceed the bytes left only as far as items without bytes can be believed.
    private mutating func count() throws(ScaleError) -> Int {
        let start = decoder.offset
        let count = try decoder.compact(UInt64.self)
        let limit = max(decoder.remaining, 4096)
        guard count <= UInt64(limit) else { throw .tooLong(count: count, limit: limit, offset: start) }
        return Int(count)
    }

    private mutating func values(count: Int, of item: TypeID, depth: Int) throws(ScaleError) -> Value {
        if case .primitive(.u8) = types[item].shape { return .bytes(try decoder.raw(count)) }
        var values: [Value] = []
        for _ in 0..<count { values.append(try value(of: item, depth: depth + 1)) }
        return .list(values)
    }

    private mutating func value(of primitive: PrimitiveType) throws(ScaleError) -> Value {
        switch primitive {
        case .bool: return .bool(try decoder.bool())
        case .char:
            let start = decoder.offset
            guard let scalar = Unicode.Scalar(try decoder.integer(UInt32.self)) else { throw .notUTF8(offset: start) }
            return .character(scalar)
        case .str: return .string(try decoder.string())
        case .u8: return .unsigned(UInt128(try decoder.integer(UInt8.self)))
        case .u16: return .unsigned(UInt128(try decoder.integer(UInt16.self)))
        case .u32: return .unsigned(UInt128(try decoder.integer(UInt32.self)))
        case .u64: return .unsigned(UInt128(try decoder.integer(UInt64.self)))
        case .u128: return .unsigned(try decoder.integer())
        case .i8: return .signed(Int128(try decoder.integer(Int8.self)))
        case .i16: return .signed(Int128(try decoder.integer(Int16.self)))
        case .i32: return .signed(Int128(try decoder.integer(Int32.self)))
        case .i64: return .signed(Int128(try decoder.integer(Int64.self)))
        case .i128: return .signed(try decoder.integer())
        case .u256, .i256: return .wide(try decoder.raw(32))
        }
    }

    /// A compact integer, or a compact of what only wraps one.
    private mutating func compact(_ inner: TypeID, depth: Int) throws(ScaleError) -> Value {
        let start = decoder.offset
        switch types[inner].shape {
        case .primitive(let primitive):
            guard let limit = primitive.maximum else { break }
            let value = try decoder.compact()
            guard value <= limit else { throw .notCanonical(offset: start) }
            return .unsigned(value)
        case .composite(let fields) where fields.count == 1 && depth < Self.maximumDepth:
            return .composite([Value.Field(fields[0].name, try compact(fields[0].type, depth: depth + 1))])
        case .tuple(let items) where items.isEmpty: return .list([])
        default: break
        }
        throw .invalid("a type that cannot be compact", offset: start)
    }

    private mutating func bits(store: TypeID) throws(ScaleError) -> [Bool] {
        let start = decoder.offset
        guard case .primitive(.u8) = types[store].shape else {
            throw .invalid("bits in words are not supported", offset: start)
        }
        let count = try decoder.compact(UInt64.self)
        guard count <= UInt64(decoder.remaining) * 8 else {
            throw .tooLong(count: count, limit: decoder.remaining * 8, offset: start)
        }
        let bytes = try decoder.raw((Int(count) + 7) / 8)
        return (0..<Int(count)).map { bytes[$0 / 8] >> ($0 % 8) & 1 == 1 }
    }
}

extension PrimitiveType {
    /// The largest value of an unsigned integer; nil for other types.
    var maximum: UInt128? {
        switch self {
        case .u8: UInt128(UInt8.max)
        case .u16: UInt128(UInt16.max)
        case .u32: UInt128(UInt32.max)
        case .u64: UInt128(UInt64.max)
        case .u128: .max
        default: nil
        }
    }
}
