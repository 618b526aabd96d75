import Chunking
import Foundation
import Primitives
import TestSupport
import Testing

/// One golden file of Tests/Vectors/chunking/1, made by generate.py beside it.
private struct ChunkingVector: Decodable {
    struct Part: Decodable {
        let counter: String?
        let byte: UInt8?
        let count: Int
    }

    let seed: String
    let data: [Part]
    let sha256: String
    let chunks: [Int]

    var bytes: [UInt8] {
        data.reduce(into: []) { bytes, part in
            if let byte = part.byte { bytes += [UInt8](repeating: byte, count: part.count) }
            guard let label = part.counter else { return }
            let end = bytes.count + part.count
            bytes.reserveCapacity(end + 32)
            var index: UInt64 = 0
            while bytes.count < end {
                let number = withUnsafeBytes(of: index.littleEndian) { Array($0) }
                bytes += SHA256.hash(Array(label.utf8) + number).bytes
                index += 1
            }
            bytes.removeLast(bytes.count - end)
        }
    }
}

@Suite struct ChunkerTests {
    let chunker = Chunker(seed: Secret(copying: Array(0..<32)))

    @Test(arguments: [
        "empty", "maximum-in-zeros", "minimum-and-one", "minimum", "one-byte", "random-after-insert",
        "random-other-seed", "random", "zeros-and-random", "zeros",
    ])
    func `chunks are those of the golden file`(name: String) throws {
        let vector = try Vectors.load("chunking/1/\(name).json", as: ChunkingVector.self)
        let bytes = vector.bytes
        #expect(SHA256.hash(bytes).hex == vector.sha256)
        let seed = try #require([UInt8](hex: vector.seed))
        #expect(Self.chunks(of: bytes, Chunker(seed: Secret(copying: seed))) == vector.chunks)
    }

    @Test func `every golden file has its test`() throws {
        let names = try FileManager.default.contentsOfDirectory(
            atPath: Vectors.directory.appending(path: "chunking/1").path)
        #expect(names.count == 10)
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func `windows of any size give the same chunks`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let bytes = [UInt8].random(count: Int.random(in: 1..<6_000_000, using: &random), using: &random)
        var lengths: [Int] = []
        var (start, end) = (0, 0)
        while start < bytes.count {
            if let length = chunker.cut(bytes.span.extracting(start..<end), isLast: end == bytes.count) {
                lengths.append(length)
                start += length
            } else {
                end = min(bytes.count, end + Int.random(in: 1...2_000_000, using: &random))
            }
            end = max(start, end)
        }
        #expect(lengths == Self.chunks(of: bytes, chunker))
    }

    @Test func `an ended stream has no chunk`() {
        #expect(chunker.cut([UInt8]().span, isLast: true) == nil)
        #expect(chunker.cut([UInt8]().span, isLast: false) == nil)
    }

    @Test func `a full window always has an answer`() {
        let zeros = [UInt8](repeating: 0, count: Chunker.maximumByteCount)
        #expect(chunker.cut(zeros.span, isLast: false) == Chunker.maximumByteCount)
        #expect(chunker.cut(zeros.span.extracting(droppingLast: 1), isLast: false) == nil)
    }

    private static func chunks(of bytes: [UInt8], _ chunker: Chunker) -> [Int] {
        var lengths: [Int] = []
        var start = 0
        while let length = chunker.cut(bytes.span.extracting(start..<bytes.count), isLast: true) {
            lengths.append(length)
            start += length
        }
        return lengths
    }
}
