/// A value of the runtime as its metadata describes it, for what no Swift type is written for.
public indirect enum Value: Hashable, Sendable {
    case bool(Bool)
    case character(Unicode.Scalar)
    case string(String)
    case unsigned(UInt128)
    case signed(Int128)
    /// An integer of 256 bits, little endian.
    case wide([UInt8])
    /// A sequence or array of `u8`.
    case bytes([UInt8])
    /// Any other sequence or array, or a tuple.
    case list([Value])
    /// A struct; fields may have no names.
    case composite([Field])
    case variant(name: String, index: UInt8, fields: [Field])
    case bits([Bool])

    public struct Field: Hashable, Sendable {
        public let name: String?
        public let value: Value

        public init(_ name: String? = nil, _ value: Value) {
            self.name = name
            self.value = value
        }
    }
}

extension Value {
    /// The value without the structs that only wrap it, as in `AccountId32([u8; 32])`.
    public var unwrapped: Value {
        var value = self
        while case .composite(let fields) = value, fields.count == 1, fields[0].name == nil { value = fields[0].value }
        return value
    }

    /// The field of this name, of a struct or a variant.
    public subscript(name: String) -> Value? { fields.first { $0.name == name }?.value }

    /// The field or item at this position.
    public subscript(position: Int) -> Value? {
        switch unwrapped {
        case .list(let items): items.indices.contains(position) ? items[position] : nil
        case let other: other.fields.indices.contains(position) ? other.fields[position].value : nil
        }
    }

    /// The fields of a struct or a variant; none for anything else.
    public var fields: [Field] {
        switch self {
        case .composite(let fields), .variant(_, _, let fields): fields
        default: []
        }
    }

    /// The name of a variant.
    public var variantName: String? {
        if case .variant(let name, _, _) = unwrapped { name } else { nil }
    }

    public var unsigned: UInt128? {
        if case .unsigned(let value) = unwrapped { value } else { nil }
    }

    public var bool: Bool? {
        if case .bool(let value) = unwrapped { value } else { nil }
    }

    public var bytes: [UInt8]? {
        if case .bytes(let value) = unwrapped { value } else { nil }
    }

    public var items: [Value]? {
        if case .list(let items) = unwrapped { items } else { nil }
    }
}
