internal import DriveFormat

/// A path in the drive: names from the root down, as raw bytes.
public struct DrivePath: Hashable, Sendable, CustomStringConvertible {
    public let names: [[UInt8]]
    public static let root = DrivePath(names: [])

    /// - Precondition: every name may stand in a directory.
    public init(names: [[UInt8]]) {
        precondition(names.allSatisfy(Entry.isValidName))
        self.names = names
    }

    /// Reads `/a/b`; doubled and trailing slashes and a missing leading one are forgiven, `.` and `..` are not.
    ///
    /// - Throws: `DriveError.invalidPath`.
    public init(_ text: String) throws(DriveError) { try self.init(bytes: Array(text.utf8)) }

    public init(bytes: [UInt8]) throws(DriveError) {
        let names = bytes.split(separator: UInt8(ascii: "/")).map(Array.init)
        for name in names where !Entry.isValidName(name) {
            let reason =
                name.count > Entry.nameByteLimit
                ? "a name has at most \(Entry.nameByteLimit) bytes" : "a name is not '.', '..' or with a zero byte"
            throw .invalidPath(String(decoding: bytes, as: UTF8.self), reason: reason)
        }
        self.names = names
    }

    public var isRoot: Bool { names.isEmpty }
    public var last: [UInt8]? { names.last }
    /// The root is its own parent.
    public var parent: DrivePath { DrivePath(names: names.dropLast()) }
    public func appending(_ name: [UInt8]) -> DrivePath { DrivePath(names: names + [name]) }

    /// Whether this is `other` or lies below it.
    public func isWithin(_ other: DrivePath) -> Bool { names.starts(with: other.names) }

    /// With leading slash; bytes that are not UTF-8 are replaced, so it is for showing only.
    public var description: String { String(decoding: bytes, as: UTF8.self) }
    public var bytes: [UInt8] { isRoot ? [UInt8(ascii: "/")] : names.flatMap { [UInt8(ascii: "/")] + $0 } }
}
