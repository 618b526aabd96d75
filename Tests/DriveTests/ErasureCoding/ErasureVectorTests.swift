import CESS
import ErasureCoding
import Primitives
import TestSupport
import Testing

/// What other implementations of the network's code computed.
@Suite struct ErasureVectorTests {
    let code = ReedSolomon()
    let vectors: ErasureVectors

    init() throws { vectors = try ErasureVectors.load() }

    @Test func `the matrix is the one of the network`() {
        #expect(ReedSolomon.matrix == vectors.encodeMatrix12X4)
        #expect(ReedSolomon.matrix.suffix(8) == vectors.parityMatrix8X4[...])
        #expect(ReedSolomon.dataShardCount == vectors.parameters.dataShards)
        #expect(ReedSolomon.parityShardCount == vectors.parameters.parityShards)
        #expect(CESSLimits.fragmentByteCount == vectors.parameters.fragment)
        #expect(CESSLimits.segmentByteCount == vectors.parameters.segment)
    }

    @Test func `unit vectors give the columns of the matrix`() throws {
        for vector in vectors.unitVectors {
            let segment = try #require([UInt8](hex: vector.data))
            #expect(try code.encode(segment).flatMap(\.self) == vector.shards)
        }
    }

    @Test func `a tiny segment encodes byte for byte`() throws {
        let segment = try #require([UInt8](hex: vectors.tiny.segment))
        #expect(try code.encode(segment).map { "0x" + $0.hex } == vectors.tiny.fragments)
    }

    @Test func `single segments have the fragments that other libraries made`() throws {
        for vector in vectors.singleSegment {
            let segment = [UInt8].pattern(count: 4 * vector.shardSize)
            let fragments = try code.encode(segment)
            #expect(fragments.map { SHA256.hash($0).hex } == vector.fragments)
            #expect(SHA256.hash(segment).hex == vector.segment)
        }
    }

    @Test func `files of one to five segments have the hashes that other libraries made`() throws {
        for file in vectors.files {
            let sha256 = expectHashes(of: file, shardByteCount: ErasureVectors.fragmentByteCount)
            #expect(sha256.hex == file.sha256)
            #expect(file.declaredSpace == file.segments.count * 3 * 4 * ErasureVectors.fragmentByteCount)
        }
    }

    @Test func `miniature files have the hashes that other libraries made`() throws {
        for file in vectors.miniFiles { _ = expectHashes(of: file, shardByteCount: try #require(file.shardSize)) }
    }

    @Test func `zero segments and fragments have their known hashes`() {
        let digests = code.digests(of: [UInt8](repeating: 0, count: 4 * ErasureVectors.fragmentByteCount).span)
        #expect(digests.segment.hex == vectors.zeroSegmentSha256)
        #expect(digests.fragments.allSatisfy { $0.hex == vectors.zeroFragmentSha256 })
    }

    @Test func `the matrices that restore data are those of other libraries`() throws {
        for vector in vectors.reconstruct {
            #expect(try ReedSolomon.decodeMatrix(from: vector.keep) == vector.decodeMatrix)
        }
    }

    /// - Returns: the SHA-256 of the file without padding.
    private func expectHashes(of file: ErasureVectors.File, shardByteCount: Int) -> Bytes32 {
        let segmentByteCount = 4 * shardByteCount
        var whole = SHA256Stream()
        #expect(file.segments.count == (file.fileSize + segmentByteCount - 1) / segmentByteCount)
        for (index, expected) in file.segments.enumerated() {
            let start = index * segmentByteCount
            let count = min(segmentByteCount, file.fileSize - start)
            var segment =
                file.pattern == "all bytes zero"
                ? [UInt8](repeating: 0, count: count) : .pattern(from: start, count: count)
            whole.update(segment)
            segment += [UInt8](repeating: 0, count: segmentByteCount - count)
            let digests = code.digests(of: segment.span)
            #expect(digests.segment.hex == expected.segment, "segment \(index) of \(file.fileSize) bytes")
            guard let fragments = expected.fragments else { continue }
            #expect(digests.fragments.map(\.hex) == fragments, "segment \(index) of \(file.fileSize) bytes")
        }
        return whole.finish()
    }
}
