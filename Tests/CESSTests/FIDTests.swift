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
        for entry in vectors["fid_from_leaves"].items {
            let count = try #require(entry["count"].number?.intValue)
            let leaves = (0..<count).map { SegmentHash(SHA256.hash(Array("leaf \($0)".utf8))) }
            let (tree, flat) = (FID.of(segments: leaves), FID.flat(segments: leaves))
            #expect(tree.hex == entry["fid_merkle"].text)
            #expect(flat.hex == entry["fid_cd2n_flat"].text)
            #expect(tree.matches(segments: leaves) && flat.matches(segments: leaves))
            #expect(!tree.matches(segments: leaves + [.zero]))
        }
        #expect(!FID(.zero).matches(segments: []))
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
