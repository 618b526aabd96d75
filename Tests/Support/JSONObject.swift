public import Foundation

/// A vector file as plain JSON objects, for cases whose shape differs from one to the next.
public struct JSONObject {
    public let value: Any

    public init(_ value: Any) { self.value = value }

    public static func load(_ name: String) throws -> JSONObject {
        JSONObject(
            try JSONSerialization.jsonObject(with: Data(contentsOf: Vectors.directory.appending(path: name))))
    }

    /// A member of an object; `null` if it is missing.
    public subscript(name: String) -> JSONObject { JSONObject((value as? [String: Any])?[name] ?? NSNull()) }

    public var items: [JSONObject] { (value as? [Any] ?? []).map(JSONObject.init) }
    public var members: [String: JSONObject] { (value as? [String: Any] ?? [:]).mapValues(JSONObject.init) }
    public var isArray: Bool { value is [Any] }
    public var isNull: Bool { value is NSNull }
    public var text: String { value as? String ?? "" }
    public var string: String? { value as? String }
    public var number: NSNumber? { value as? NSNumber }
}
