public import CESS

/// The storage nodes' HTTP interface as the store needs it: `NodeClient` in earnest, nodes in memory in tests.
///
/// Every call has a deadline of its own. `put` may be repeated: a node that has the fragment answers at once. Nothing
/// that `fragment` returns has been checked but its length.
public protocol FragmentNodes: Sendable {
    /// Asks whether the node answers, and what it can do.
    func probe(_ endpoint: String) async throws -> NodeCapabilities

    /// Sends one whole fragment (8 MiB, or fewer bytes where the rest is zeros).
    ///
    /// - Parameter content: the fragment without some or all of its trailing zeros, in pieces that are sent one after
    ///   the other; the implementation appends zeros for nodes that take whole bodies only.
    func put(
        _ content: FragmentContent, hash: FragmentHash, fid: FID, to endpoint: String, capabilities: NodeCapabilities
    ) async throws

    /// Fetches bytes `range` of a fragment.
    ///
    /// - Returns: exactly `range.count` bytes.
    func fragment(_ hash: FragmentHash, fid: FID, range: Range<Int>, from endpoint: String) async throws -> [UInt8]
}

/// What a node advertises in its status beyond the plain protocol.
public struct NodeCapabilities: Hashable, Sendable {
    /// It takes bodies without their trailing zeros.
    public let takesTrimmedBodies: Bool
    public let takesStandardRanges: Bool
    public static let plain = NodeCapabilities(takesTrimmedBodies: false, takesStandardRanges: false)

    public init(takesTrimmedBodies: Bool, takesStandardRanges: Bool) {
        self.takesTrimmedBodies = takesTrimmedBodies
        self.takesStandardRanges = takesStandardRanges
    }
}

/// A fragment's bytes up to its last non-zero one at least.
public struct FragmentContent: Sendable {
    public let bytes: [UInt8]

    /// - Precondition: at most 8 MiB.
    public init(_ bytes: [UInt8]) {
        precondition(bytes.count <= 8_388_608)
        self.bytes = bytes
    }
}
