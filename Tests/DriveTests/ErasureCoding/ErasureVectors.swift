import Foundation
import TestSupport

/// Tests/Vectors/cess/erasure.json, made with independent libraries and compared with klauspost/reedsolomon.
///
/// The FIDs of the files are compared in CESSTests/FIDTests. `sdk_aes_mode_for_reading_only` is left out on purpose: files that
/// the SDK encrypted are not read, and its mode (a password padded with zeros for a key, no authentication) is not to be had here.
struct ErasureVectors: Decodable {
    /// Some files name only the hash of a segment.
    struct Segment: Decodable {
        let segment: String
        let fragments: [String]?

        private enum Key: CodingKey { case segment, fragments }

        init(from decoder: any Decoder) throws {
            if let segment = try? decoder.singleValueContainer().decode(String.self) {
                self.segment = segment
                fragments = nil
            } else {
                let values = try decoder.container(keyedBy: Key.self)
                segment = try values.decode(String.self, forKey: .segment)
                fragments = try values.decode([String].self, forKey: .fragments)
            }
        }
    }

    struct Parameters: Decodable {
        let dataShards: Int
        let parityShards: Int
        let segment: Int
        let fragment: Int
    }

    struct UnitVector: Decodable {
        let data: String
        let shards: [UInt8]
    }

    struct SingleSegment: Decodable {
        let shardSize: Int
        let segment: String
        let fragments: [String]
    }

    struct File: Decodable {
        let label: String?
        let shardSize: Int?
        let pattern: String?
        let fileSize: Int
        /// Of the file's own bytes, without padding.
        let sha256: String?
        let segments: [Segment]
        let declaredSpace: Int?
    }

    struct Reconstruct: Decodable {
        let keep: [Int]
        let decodeMatrix: [[UInt8]]
    }

    let parameters: Parameters
    let encodeMatrix12X4: [[UInt8]]
    let parityMatrix8X4: [[UInt8]]
    let zeroFragmentSha256: String
    let zeroSegmentSha256: String
    let unitVectors: [UnitVector]
    let tiny: SingleSegment
    let singleSegment: [SingleSegment]
    let files: [File]
    let miniFiles: [File]
    let reconstruct: [Reconstruct]

    static let fragmentByteCount = 8 << 20

    static func load() throws -> ErasureVectors {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(
            ErasureVectors.self, from: Data(contentsOf: Vectors.directory.appending(path: "cess/erasure.json")))
    }
}
