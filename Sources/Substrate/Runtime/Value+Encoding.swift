internal import SCALE

extension Metadata {
    /// The encoding of a value as a type.
    ///
    /// Wrappers may be left away (`.bytes` for an `AccountId32`), fields are taken by name where both sides have names.
    /// - Throws: `MetadataError.unencodable` if the value does not fit the type.
    public func encode(_ value: Value, as type: TypeID) throws(MetadataError) -> [UInt8] {
        var writer = ValueWriter(types: types)
        try writer.write(value, as: type, depth: 0)
        return writer.encoder.bytes
    }

    /// The encoding of a call: pallet index ‖ call index ‖ arguments by name.
    ///
    /// - Throws: `MetadataError.absent` or `unencodable`.
    public func encodeCall(
        _ pallet: String, _ name: String, _ arguments: KeyValuePairs<String, Value>
    ) throws(MetadataError) -> [UInt8] {
        let (pallet, call) = try self.call(pallet, name)
        var writer = ValueWriter(types: types)
        writer.encoder.integer(pallet.index)
        writer.encoder.integer(call.index)
        try writer.write(arguments.map { Value.Field($0.key, $0.value) }, as: call.fields, of: name, depth: 0)
        return writer.encoder.bytes
    }
}

private struct ValueWriter {
    let types: TypeRegistry
    var encoder = ScaleEncoder()

    init(types: TypeRegistry) { self.types = types }

    mutating func write(_ value: Value, as id: TypeID, depth: Int) throws(MetadataError) {
        guard depth < 128 else { throw .unencodable("a value nests too deep") }
        switch (types[id].shape, value) {
        case (.composite(let fields), .composite(let values)) where fields.count == values.count:
            try write(values, as: fields, of: types.name(of: id), depth: depth)
        case (.composite(let fields), _) where fields.count == 1:
            try write(value, as: fields[0].type, depth: depth + 1)
        case (.variant(let variants), .variant(let name, _, let values)):
            guard let variant = variants.first(where: { $0.name == name }) else { throw mismatch(value, id) }
            encoder.integer(variant.index)
            try write(values, as: variant.fields, of: name, depth: depth)
        case (.sequence(let item), .bytes(let bytes)) where isByte(item): encoder.byteVector(bytes)
        case (.array(let count, let item), .bytes(let bytes)) where isByte(item) && bytes.count == count:
            encoder.raw(bytes)
        case (.sequence(let item), .list(let items)):
            encoder.compact(items.count)
            for each in items { try write(each, as: item, depth: depth + 1) }
        case (.array(let count, let item), .list(let items)) where items.count == count:
            for each in items { try write(each, as: item, depth: depth + 1) }
        case (.tuple(let types), .list(let items)) where types.count == items.count:
            for (type, item) in zip(types, items) { try write(item, as: type, depth: depth + 1) }
        case (.primitive(let primitive), _): try write(value, as: primitive, id)
        case (.compact(let inner), _):
            guard let number = value.unsigned, fits(number, inner) else { throw mismatch(value, id) }
            encoder.compact(number)
        case (.bits, .bits(let bits)):
            encoder.compact(bits.count)
            for start in stride(from: 0, to: bits.count, by: 8) {
                let byte = bits[start..<min(start + 8, bits.count)]
                encoder.integer(byte.enumerated().reduce(UInt8(0)) { $0 | ($1.element ? 1 << $1.offset : 0) })
            }
        case (_, .composite(let values)) where values.count == 1:
            try write(values[0].value, as: id, depth: depth + 1)
        default: throw mismatch(value, id)
        }
    }

    mutating func write(
        _ values: [Value.Field], as fields: [TypeField], of name: String, depth: Int
    ) throws(MetadataError) {
        guard values.count == fields.count else {
            throw .unencodable("\(name) has \(fields.count) fields, not \(values.count)")
        }
        for (position, field) in fields.enumerated() {
            let named = values.first { $0.name != nil && $0.name == field.name }
            if named == nil, field.name != nil, values[position].name != nil {
                throw .unencodable("\(name) needs \(field.name ?? "")")
            }
            try write((named ?? values[position]).value, as: field.type, depth: depth + 1)
        }
    }

    private mutating func write(_ value: Value, as primitive: PrimitiveType, _ id: TypeID) throws(MetadataError) {
        switch (primitive, value.unwrapped) {
        case (.bool, .bool(let bool)): encoder.bool(bool)
        case (.char, .character(let scalar)): encoder.integer(scalar.value)
        case (.str, .string(let string)): encoder.string(string)
        case (.u256, .wide(let bytes)) where bytes.count == 32, (.i256, .wide(let bytes)) where bytes.count == 32:
            encoder.raw(bytes)
        case (_, .unsigned(let number)):
            guard let limit = primitive.maximum, number <= limit else { throw mismatch(value, id) }
            var part = ScaleEncoder()
            part.integer(number)
            encoder.raw(part.bytes.prefix(limit.byteCount))
        case (_, .signed(let number)):
            guard let byteCount = primitive.signedByteCount, number.fits(byteCount) else { throw mismatch(value, id) }
            var part = ScaleEncoder()
            part.integer(number)
            encoder.raw(part.bytes.prefix(byteCount))
        default: throw mismatch(value, id)
        }
    }

    private func isByte(_ id: TypeID) -> Bool {
        if case .primitive(.u8) = types[id].shape { true } else { false }
    }

    /// Whether a number fits what a compact is of.
    private func fits(_ number: UInt128, _ id: TypeID) -> Bool {
        var id = id
        for _ in 0..<16 {
            switch types[id].shape {
            case .primitive(let primitive): return primitive.maximum.map { number <= $0 } ?? false
            case .composite(let fields) where fields.count == 1: id = fields[0].type
            default: return false
            }
        }
        return false
    }

    private func mismatch(_ value: Value, _ id: TypeID) -> MetadataError {
        .unencodable("\(String(describing: value).prefix(60)) is not of type \(types.name(of: id))")
    }
}

extension UInt128 {
    fileprivate var byteCount: Int { (128 - leadingZeroBitCount + 7) / 8 }
}

extension Int128 {
    fileprivate func fits(_ byteCount: Int) -> Bool {
        let bits = byteCount * 8 - 1
        return bits >= 127 || (self >> bits == 0 || self >> bits == -1)
    }
}

extension PrimitiveType {
    fileprivate var signedByteCount: Int? {
        switch self {
        case .i8: 1
        case .i16: 2
        case .i32: 4
        case .i64: 8
        case .i128: 16
        default: nil
        }
    }
}
