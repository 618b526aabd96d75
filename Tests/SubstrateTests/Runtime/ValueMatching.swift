import Foundation
import Primitives
import Substrate
import TestSupport
import Testing

/// Whether a decoded value is what the vectors, made by another implementation, write as JSON: all of it and no more.
func matches(_ value: Value, _ json: JSONObject) -> Bool {
    switch value.unwrapped {
    case .bool(let bool): return json.value as? Bool == bool
    case .unsigned(let number): return json.number.map { "\($0)" } == "\(number)" || json.string == "\(number)"
    case .signed(let number): return json.number.map { "\($0)" } == "\(number)" || json.string == "\(number)"
    case .string(let string): return json.string == string
    case .character, .wide, .bits: return false
    case .bytes(let bytes): return matches(bytes, json)
    case .list(let words) where json.number != nil:  // `U256`: four words here, one number there
        return words.first.map { matches($0, json) } == true && words.dropFirst().allSatisfy { $0.unsigned == 0 }
    case .list(let items):
        return json.isArray && json.items.count == items.count && zip(items, json.items).allSatisfy { matches($0, $1) }
    case .composite(let fields): return matches(fields, json)
    case .variant("None", _, []): return json.isNull
    case .variant("Some", _, let fields): return matches(fields[0].value, json)
    case .variant("Id", _, let fields) where json.string != nil: return matches(fields[0].value, json)
    case .variant(let name, _, []): return json.string == name
    case .variant(let pallet, _, let fields) where !json["call_module"].isNull:
        guard case .variant(let call, _, let arguments) = fields[0].value else { return false }
        let expected = json["call_args"].items
        return json["call_module"].text == pallet && json["call_function"].text == call
            && arguments.map(\.name) == expected.map { $0["name"].string }
            && zip(arguments, expected).allSatisfy { matches($0.value, $1["value"]) }
    case .variant(let name, _, let fields): return json.members.count == 1 && matches(fields, json[name])
    }
}

func matches(_ fields: [Value.Field], _ json: JSONObject) -> Bool {
    if fields.isEmpty { return json.members.isEmpty && json.items.isEmpty }
    if fields.count == 1, fields[0].name == nil { return matches(fields[0].value, json) }
    let names = fields.compactMap(\.name)
    if names.isEmpty {
        return json.items.count == fields.count && zip(fields, json.items).allSatisfy { matches($0.value, $1) }
    }
    return Set(names) == Set(json.members.keys) && names.count == fields.count
        && zip(names, fields).allSatisfy { matches($1.value, json[$0]) }
}

private func matches(_ bytes: [UInt8], _ json: JSONObject) -> Bool {
    if json.isArray { return json.items.map { $0.number?.intValue } == bytes.map { Int($0) } }
    guard let text = json.string else { return false }
    if text.hasPrefix("0x"), [UInt8](hex: text) == bytes { return true }
    if text == String(decoding: bytes, as: UTF8.self) { return true }
    return (try? SS58.decode(text))?.account.bytes.bytes == bytes
}

/// Two lists side by side; they must be equally long, since `zip` would pass over the rest of the longer one.
func pairs<A, B>(_ a: [A], _ b: [B], sourceLocation: SourceLocation = #_sourceLocation) throws -> Zip2Sequence<
    [A], [B]
> {
    try #require(a.count == b.count, sourceLocation: sourceLocation)
    return zip(a, b)
}

extension JSONObject {
    /// The bytes of a hexadecimal string.
    var bytes: [UInt8] { [UInt8](hex: text) ?? [] }
}
