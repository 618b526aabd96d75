internal import Primitives
internal import Substrate

/// A request's positional parameters.
struct Parameters {
    let values: [JSONValue]

    /// The parameter at `index`; nil if it is missing or null.
    subscript(index: Int) -> JSONValue? {
        guard values.indices.contains(index), !values[index].isNull else { return nil }
        return values[index]
    }

    func bytes(_ index: Int) throws(RPCFailure) -> [UInt8] {
        guard let bytes = try optionalBytes(index) else { throw .invalidParameters("parameter \(index) is missing") }
        return bytes
    }

    func optionalBytes(_ index: Int) throws(RPCFailure) -> [UInt8]? {
        guard let value = self[index] else { return nil }
        return try Self.bytes(value)
    }

    static func bytes(_ value: JSONValue) throws(RPCFailure) -> [UInt8] {
        guard let text = value.string, text.hasPrefix("0x"), let bytes = [UInt8](hex: text) else {
            throw .invalidParameters("hexadecimal digits after 0x are expected")
        }
        return bytes
    }

    func hash(_ index: Int) throws(RPCFailure) -> Bytes32? {
        guard let bytes = try optionalBytes(index) else { return nil }
        guard let hash = Bytes32(bytes) else { throw .invalidParameters("a hash has 32 bytes") }
        return hash
    }

    func string(_ index: Int) throws(RPCFailure) -> String {
        guard let text = self[index]?.string else { throw .invalidParameters("parameter \(index) is not a string") }
        return text
    }

    func array(_ index: Int) throws(RPCFailure) -> [JSONValue] {
        guard let items = self[index]?.array else { throw .invalidParameters("parameter \(index) is not an array") }
        guard items.count <= Self.maximumItemCount else { throw .tooMany(limit: Self.maximumItemCount) }
        return items
    }

    /// Things that one request may ask for: each is looked up on the queue that makes the blocks.
    static let maximumItemCount = 10_000

    func count(_ index: Int) throws(RPCFailure) -> Int {
        guard let count = self[index]?.integer(UInt32.self) else {
            throw .invalidParameters("parameter \(index) is not a count")
        }
        return Int(count)
    }
}

extension JSONValue {
    /// Bytes as Substrate writes them.
    static func hex(_ bytes: [UInt8]) -> JSONValue { .string("0x" + bytes.hex) }

    static func hex(_ hash: Bytes32) -> JSONValue { .string("0x" + hash.hex) }

    /// A number as Substrate writes heights.
    static func hex(_ number: some BinaryInteger) -> JSONValue { .string("0x" + String(number, radix: 16)) }
}

extension Header {
    var json: JSONValue {
        .object([
            "parentHash": .hex(parentHash), "number": .hex(number), "stateRoot": .hex(stateRoot),
            "extrinsicsRoot": .hex(extrinsicsRoot), "digest": .object(["logs": []]),
        ])
    }
}
