import CESS
import Foundation
import Primitives
import SCALE
import Testing
import TestSupport

@Suite struct FIDTests {
    let vectors: JSONObject

    init() throws { vectors = try JSONObject.load("cess/erasure.json") }

    @Test func `an FID is the root of the tree over the segments' hashes`() throws {
        for entry in try vectors.cases("fid_from_leaves") {
            let count = try #require(entry["count"].number?.intValue)
            let leaves = (0..<count).map { SegmentHash(SHA256.hash(Array("leaf \($0)".utf8))) }
            expectFIDs(of: leaves, entry)
        }
        #expect(!FID(.zero).matches(segments: []))
    }

    /// That the files' bytes have these segments is compared in DriveTests/ErasureVectorTests.
    @Test(arguments: [("files", 11), ("mini_files", 14)])
    func `files have the FIDs that other libraries made`(list: String, count: Int) throws {
        let files = vectors[list].items
        #expect(files.count == count)
        for file in files {
            let segments = try file.cases("segments").map { segment in
                try #require(SegmentHash(hex: segment.string ?? segment["segment"].text))
            }
            expectFIDs(of: segments, file)
        }
    }

    private func expectFIDs(of segments: [SegmentHash], _ entry: JSONObject) {
        let (tree, flat) = (FID.of(segments: segments), FID.flat(segments: segments))
        #expect(tree.hex == entry["fid_merkle"].text)
        #expect(flat.hex == entry["fid_cd2n_flat"].text)
        #expect(tree.matches(segments: segments) && flat.matches(segments: segments))
        #expect(!tree.matches(segments: segments + [SegmentHash(.zero)]))
    }

    @Test func `hashes of zeros are known`() {
        #expect(FragmentHash.zero.hex == vectors["zero_fragment_sha256"].text)
        #expect(SegmentHash.zero.hex == vectors["zero_segment_sha256"].text)
        #expect(FragmentHash.zero.bytes == SHA256.hash([UInt8](repeating: 0, count: CESSLimits.fragmentByteCount)))
    }

    @Test func `a hash is 64 lower-case digits on the wire and nothing else`() throws {
        let fid = FID(SHA256.hash([1]))
        #expect(fid.scaleBytes == Array(fid.hex.utf8))
        #expect(try FID(scaleBytes: Array(fid.hex.utf8)) == fid)
        #expect(throws: ScaleError.self) { try FID(scaleBytes: Array(fid.hex.uppercased().utf8)) }
        #expect(throws: ScaleError.self) { try FID(scaleBytes: Array(("g" + fid.hex.dropFirst()).utf8)) }
        #expect(throws: ScaleError.self) { try FID(scaleBytes: Array(fid.hex.dropFirst().utf8)) }
        #expect(throws: ScaleError.self) { try FID(scaleBytes: Array((fid.hex + "0").utf8)) }
    }
}
