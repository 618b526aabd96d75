internal import NIOCore
internal import NIOHTTP1

/// The head of a request.
public struct HTTPRequest: Sendable {
    /// In upper case, as it came.
    public let method: String
    /// The request target as it came, with its query.
    public let target: String
    public let headers: HTTPFields
    /// The client's address, without port; empty if unknown.
    public let remoteAddress: String

    /// The target up to `?`, percent-encoding undone; nil if that is malformed or not UTF-8.
    public var path: String? { Self.decode(target.prefix { $0 != "?" }, plusIsSpace: false) }

    /// The query's `name=value` pairs in order, decoded; malformed ones are left out.
    public var query: [(name: String, value: String)] {
        guard let mark = target.firstIndex(of: "?") else { return [] }
        return target[target.index(after: mark)...].split(separator: "&").compactMap { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first.flatMap({ Self.decode($0, plusIsSpace: true) }),
                let value = parts.count > 1 ? Self.decode(parts[1], plusIsSpace: true) : ""
            else { return nil }
            return (name, value)
        }
    }

    init(_ head: HTTPRequestHead, remoteAddress: String) {
        method = head.method.rawValue
        target = head.uri
        headers = HTTPFields(head.headers.map { ($0.name, $0.value) })
        self.remoteAddress = remoteAddress
    }

    private static func decode(_ text: Substring, plusIsSpace: Bool) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
                else { return nil }
                rest = rest.dropFirst(2)
                bytes.append(value)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// Header fields in the order they came; names compare without case.
public struct HTTPFields: Sendable {
    public let fields: [(name: String, value: String)]

    public init(_ fields: [(String, String)]) { self.fields = fields }

    /// The first field's value.
    public subscript(_ name: String) -> String? {
        fields.first { Self.equal($0.name, name) }?.value
    }

    private static func equal(_ a: String, _ b: String) -> Bool {
        a.utf8.count == b.utf8.count && zip(a.utf8, b.utf8).allSatisfy { lower($0) == lower($1) }
    }

    private static func lower(_ byte: UInt8) -> UInt8 {
        UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
    }
}
