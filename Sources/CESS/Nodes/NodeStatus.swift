public import Substrate

/// What a storage node tells about itself (`GET /status`).
public struct NodeStatus: Sendable {
    /// `positive` when it takes and reports fragments.
    public let state: String
    /// What it can do beyond the plain protocol.
    public let extensions: [String]
    public let idleByteCount: UInt128?
    /// Everything it said.
    public let data: JSONValue

    /// It takes bodies without their trailing zeros (`trimmed-bodies`).
    public var takesTrimmedBodies: Bool { extensions.contains(Self.trimmedBodies) }
    /// It understands `Range: bytes=first-last` (`standard-ranges`).
    public var takesStandardRanges: Bool { extensions.contains(Self.standardRanges) }

    public static let trimmedBodies = "trimmed-bodies"
    public static let standardRanges = "standard-ranges"

    init(_ data: JSONValue) {
        self.data = data
        state = data["state"]?.string ?? ""
        extensions = data["extensions"]?.array?.compactMap(\.string) ?? []
        idleByteCount = data["idle_space"]?.integer()
    }
}
