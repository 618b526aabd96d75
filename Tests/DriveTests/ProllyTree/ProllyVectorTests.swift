import DriveFormat
import Foundation
import Primitives
import TestSupport
import Testing

/// One golden file of Tests/Vectors/prolly/1, made by generate.py beside it; nodes are named by their SHA-256.
private struct ProllyVector: Decodable {
    struct Root: Decodable {
        let reference: String
        let level: UInt8
        let count: UInt64
        let bytes: UInt64
        let nodeSizes: [[Int]]
        let rootNode: String?
    }

    let order: String
    let weight: String
    let treeKey: String
    let label: String
    let count: Int
    let keyCount: Int
    let valueCount: Int
    let root: Root

    init(name: String) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(
            ProllyVector.self, from: Data(contentsOf: Vectors.directory.appending(path: "prolly/1/\(name).json")))
    }

    var entries: [ProllyEntry] {
        let entries = (0..<count).map { index in
            let blocks = (valueCount * (index % 7) / 6 + 31) / 32
            return ProllyEntry(
                key: Array(SHA256.hash(Array("\(label) key \(index)".utf8)).bytes.prefix(keyCount)),
                value: (0..<blocks).flatMap { SHA256.hash(Array("\(label) value \(index) \($0)".utf8)).bytes })
        }
        return order == "map" ? entries.sorted { $0.key.lexicographicallyPrecedes($1.key) } : entries
    }

    func kind() throws -> ProllyKind {
        let key = Secret(copying: try #require([UInt8](hex: treeKey)))
        return weight == "value"
            ? ProllyKind(order == "map" ? .map : .sequence, borderKey: key) { _, value in UInt64(value.count) }
            : ProllyKind(order == "map" ? .map : .sequence, borderKey: key) { key, _ in
                key.prefix(4).reversed().reduce(0) { $0 << 8 | UInt64($1) }
            }
    }
}

@Suite struct ProllyVectorTests {
    private static let names = [
        "empty", "one", "map", "map-large-values", "map-deep", "sequence", "sequence-repeated",
    ]

    @Test(arguments: names)
    func `trees are those of the golden file`(name: String) async throws {
        let vector = try ProllyVector(name: name)
        let nodes = MemoryNodes()
        let root = try await ProllyTree(try vector.kind(), in: nodes).build(vector.entries)
        #expect(root.reference.hex == vector.root.reference)
        #expect(root.level == vector.root.level)
        #expect(root.count == vector.root.count)
        #expect(root.bytes == vector.root.bytes)
        #expect(nodes.all.values.map(\.count).sorted() == vector.root.nodeSizes.flatMap(\.self).sorted())
        if let node = vector.root.rootNode { #expect(nodes.all[root.reference]?.hex == node) }
    }

    @Test func `every golden file has its test`() throws {
        let files = try FileManager.default.contentsOfDirectory(
            atPath: Vectors.directory.appending(path: "prolly/1").path)
        #expect(files.count == Self.names.count)
    }
}
