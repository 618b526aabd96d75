import DriveFormat
import Primitives
import SCALE
import Sealing
import Testing

@testable import Drive

struct ChunkListTests {
    private let nodes = MemoryNodes()
    private var tree: ProllyTree { ProllyTree(.standard(.sequence), in: nodes) }

    private static func chunk(_ number: Int) -> ChunkKey {
        number % 7 == 3 ? .hole(5000) : ChunkKey(id: BlobID(SHA256.hash(Array("\(number)".utf8))), length: 300_000)
    }

    private func content(of chunks: [ChunkKey]) async throws -> Content {
        var list = ChunkList(in: tree)
        for chunk in chunks { try await list.append(chunk) }
        #expect(list.byteCount == chunks.reduce(0) { $0 + $1.length })
        #expect(list.isEmpty == chunks.isEmpty)
        return try await list.finish()
    }

    @Test(arguments: [2, 3, 4, 5000])
    func `a list that was made chunk by chunk is the tree of all of them`(count: Int) async throws {
        let chunks = (0..<count).map(Self.chunk)
        let root = try await tree.build(chunks.map { ProllyEntry(key: $0.scaleBytes, value: []) })
        #expect(try await content(of: chunks) == .chunks(root))
    }

    @Test func `a single chunk needs no list, a single hole does`() async throws {
        #expect(try await content(of: []) == .none)
        let chunk = Self.chunk(0)
        #expect(try await content(of: [chunk]) == .chunk(chunk.id, length: 300_000))
        #expect(nodes.storedCount == 0)
        let root = try await tree.build([ProllyEntry(key: ChunkKey.hole(9).scaleBytes, value: [])])
        #expect(try await content(of: [.hole(9)]) == .chunks(root))
    }

    @Test func `nodes are stored while chunks still come`() async throws {
        var list = ChunkList(in: tree)
        for number in 0..<5000 { try await list.append(Self.chunk(number)) }
        #expect(nodes.storedCount > 3)
    }
}
