import BlobStore
import CESS
import HTTPClient
import Primitives
import Synchronization
import TestSupport
import Testing

@Suite struct NodeFragmentAccessTests {
    private let fragment = [UInt8].pattern(count: CESSLimits.fragmentByteCount)
    private let fid = FID(SHA256.hash([1]))
    private let access = NodeFragmentAccess(httpClient: HTTPClient())
    private var hash: FragmentHash { FragmentHash(SHA256.hash(fragment)) }

    @Test func `ranges are asked for as nodes understand them`() async throws {
        let fragment = fragment
        let node = ScriptedServer { request in
            guard let range = Self.range(request) else { return .answer(status: 200, body: fragment) }
            return .answer(status: 206, body: Array(fragment[range]))
        }
        defer { node.stop() }
        for range in [0..<16_384, 5_000_000..<9_194_304 - 1_000_000, 0..<8_388_608] {
            let bytes = try await access.fragment(hash, fid: fid, range: range, from: node.url)
            #expect(bytes == Array(fragment[range]))
        }
    }

    @Test func `a node that serves whole fragments only is read all the same`() async throws {
        let fragment = fragment
        let refusal = Array(#"{"code":416,"msg":"invalid range request","data":null}"#.utf8)
        for answersRanges in [false, true] {
            let node = ScriptedServer { request in
                // One kind does not know ranges, the other refuses them.
                answersRanges && request.headers["range"] != nil
                    ? .answer(status: 200, body: refusal) : .answer(status: 200, body: fragment)
            }
            defer { node.stop() }
            let bytes = try await access.fragment(hash, fid: fid, range: 70_000..<90_000, from: node.url)
            #expect(bytes == Array(fragment[70_000..<90_000]))
        }
    }

    @Test func `a node that is gone is found out soon`() async throws {
        let node = ScriptedServer { _ in .close }
        node.stop()
        await #expect(throws: NodeError.self) {
            try await access.fragment(hash, fid: fid, range: 0..<16_384, from: node.url)
        }
        await #expect(throws: NodeError.self) { try await access.probe(node.url) }
    }

    /// `bytes=<start>-<exclusive end>/<total>`.
    private static func range(_ request: ScriptedServer.Request) -> Range<Int>? {
        let numbers = request.headers["range"]?.split { !$0.isNumber }.compactMap { Int($0) } ?? []
        return numbers.count == 3 && numbers[0] <= numbers[1] ? numbers[0]..<numbers[1] : nil
    }
}
