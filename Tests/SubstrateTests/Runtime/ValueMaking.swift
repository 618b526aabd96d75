import Foundation
import Primitives
import Substrate
import TestSupport

/// What JSON of the vectors cannot be made into.
struct NoValue: Error {
    let json: String
    let type: String
}

extension Metadata {
    /// The value of a type that the vectors write as JSON, without a look at its encoding.
    func value(_ json: JSONObject, as id: TypeID) throws -> Value {
        let type = types[id]
        switch type.shape {
        case .primitive(.bool): if let bool = json.value as? Bool { return .bool(bool) }
        case .primitive(.str): if let string = json.string { return .string(string) }
        case .primitive:
            if let number = UInt128(json.number.map { "\($0)" } ?? json.text) { return .unsigned(number) }
        case .compact(let inner): return try value(json, as: inner)
        case .sequence(let item) where isByte(item), .array(_, let item) where isByte(item):
            return .bytes(try bytes(json))
        case .sequence(let item), .array(_, let item):
            if json.isArray { return .list(try json.items.map { try value($0, as: item) }) }
        case .composite(let fields):
            if fields.count == 1, fields[0].name == nil { return try value(json, as: fields[0].type) }
            return .composite(try self.fields(json.members, as: fields))
        case .variant(let variants): return try variant(json, of: variants, optional: type.path == ["Option"])
        case .tuple, .bits: break
        }
        throw NoValue(json: "\(json.value)", type: types.name(of: id))
    }

    func callValue(_ pallet: String, _ call: String, _ arguments: [String: JSONObject]) throws -> Value {
        let found = try self.call(pallet, call)
        // The indexes are left to the encoder, here and below: it has to find them by the names.
        let inner = Value.variant(name: call, index: 0, fields: try fields(arguments, as: found.call.fields))
        return .variant(name: pallet, index: 0, fields: [Value.Field(nil, inner)])
    }

    /// A variant without fields is written as its name, an account in place of an address as its text, a call with names of
    /// its own.
    private func variant(_ json: JSONObject, of variants: [TypeVariant], optional: Bool) throws -> Value {
        func make(_ name: String, _ json: JSONObject?) throws -> Value {
            guard let variant = variants.first(where: { $0.name == name }),
                variant.fields.count == (json == nil ? 0 : 1)
            else { throw NoValue(json: "\(json?.value ?? name)", type: name) }
            let fields = try json.map { [Value.Field(nil, try value($0, as: variant.fields[0].type))] }
            return .variant(name: name, index: 0, fields: fields ?? [])
        }
        if optional { return json.isNull ? try make("None", nil) : try make("Some", json) }
        if let call = json["call_function"].string {
            let arguments = json["call_args"].items.map { ($0["name"].text, $0["value"]) }
            return try callValue(json["call_module"].text, call, Dictionary(arguments) { _, last in last })
        }
        if let name = json.string {
            return variants.contains { $0.name == name } ? try make(name, nil) : try make("Id", json)
        }
        throw NoValue(json: "\(json.value)", type: variants.map(\.name).joined(separator: " or "))
    }

    /// In no order: the encoder takes fields by their names.
    private func fields(_ members: [String: JSONObject], as fields: [TypeField]) throws -> [Value.Field] {
        try members.map { name, json in
            guard let field = fields.first(where: { $0.name == name }) else {
                throw NoValue(json: name, type: "one of \(fields.compactMap(\.name))")
            }
            return Value.Field(name, try value(json, as: field.type))
        }
    }

    private func isByte(_ id: TypeID) -> Bool {
        if case .primitive(.u8) = types[id].shape { true } else { false }
    }

    private func bytes(_ json: JSONObject) throws -> [UInt8] {
        guard let text = json.string else { throw NoValue(json: "\(json.value)", type: "bytes") }
        if text.hasPrefix("0x"), let bytes = [UInt8](hex: text) { return bytes }
        return (try? SS58.decode(text))?.account.bytes.bytes ?? Array(text.utf8)
    }
}
