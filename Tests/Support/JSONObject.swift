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

    /// The cases of a list in a vector file.
    ///
    /// - Throws: `NoCases` if there are none: a loop over them would pass without a look at anything.
    public func cases(_ name: String) throws -> [JSONObject] {
        let cases = self[name].items
        guard !cases.isEmpty else { throw NoCases(list: name) }
        return cases
    }

    public struct NoCases: Error { public let list: String }

    public var items: [JSONObject] { (value as? [Any] ?? []).map(JSONObject.init) }
    public var members: [String: JSONObject] { (value as? [String: Any] ?? [:]).mapValues(JSONObject.init) }
    public var isArray: Bool { value is [Any] }
    public var isNull: Bool { value is NSNull }
    public var text: String { value as? String ?? "" }
    public var string: String? { value as? String }
    public var number: NSNumber? { value as? NSNumber }
}
