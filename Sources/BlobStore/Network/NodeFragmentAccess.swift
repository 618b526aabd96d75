public import CESS
public import HTTPClient

/// Storage nodes by their HTTP interface.
///
/// A reader must find out soon that a node is gone, and a writer's fragment may take its time: so each has deadlines of
/// its own.
public struct NodeFragmentAccess: FragmentNodes {
    private let writing: NodeClient
    private let reading: NodeClient
    private let readingLittle: NodeClient
    private let sendRate: Int?

    /// A range up to this length is either there within seconds or not worth waiting for.
    private static let little = 256 << 10

    /// - Parameter sendRate: at most about so many bytes a second for each fragment that is sent.
    public init(httpClient: HTTPClient, sendRate: Int? = nil) {
        self.sendRate = sendRate
        writing = NodeClient(httpClient: httpClient)
        var deadlines = NodeClient.Deadlines()
        deadlines.connection = .seconds(2)
        deadlines.transfer = .seconds(180)
        deadlines.stall = .seconds(10)
        reading = NodeClient(httpClient: httpClient, deadlines: deadlines)
        deadlines.transfer = .seconds(20)
        deadlines.stall = .seconds(5)
        readingLittle = NodeClient(httpClient: httpClient, deadlines: deadlines)
    }

    public func probe(_ endpoint: String) async throws -> NodeCapabilities {
        let status = try await readingLittle.status(of: endpoint)
        return NodeCapabilities(
            takesTrimmedBodies: status.takesTrimmedBodies, takesStandardRanges: status.takesStandardRanges)
    }

    public func put(
        _ content: FragmentContent, hash: FragmentHash, fid: FID, to endpoint: String, capabilities: NodeCapabilities
    ) async throws {
        try await writing.put(
            content.bytes, hash: hash, fid: fid, to: endpoint, trimmed: capabilities.takesTrimmedBodies,
            sendRate: sendRate)
    }

    public func fragment(_ hash: FragmentHash, fid: FID, range: Range<Int>, from endpoint: String) async throws
        -> [UInt8]
    {
        if range.count == CESSLimits.fragmentByteCount {
            return try await reading.fragment(hash, fid: fid, from: endpoint)
        }
        let client = range.count <= Self.little ? readingLittle : reading
        do {
            return try await client.fragment(hash, fid: fid, range: range, from: endpoint)
        } catch NodeError.rangeRefused, NodeError.unreachable(.responseTooLarge) {
            // An older node serves whole fragments only.
            return Array(try await reading.fragment(hash, fid: fid, from: endpoint)[range])
        }
    }
}
