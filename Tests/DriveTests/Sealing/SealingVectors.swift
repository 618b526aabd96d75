import Primitives
import TestSupport
import Testing

@testable import Sealing

/// Bytes that a vector writes in hexadecimal digits.
struct HexBytes: Decodable {
    let bytes: [UInt8]

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let bytes = [UInt8](hex: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not hexadecimal")
        }
        self.bytes = bytes
    }

    var secret: Secret { Secret(copying: bytes) }
}

extension Bytes16 {
    init(required bytes: HexBytes) throws { self = try #require(Bytes16(bytes.bytes)) }
}

extension Secret {
    var exposed: [UInt8] { withBytes { bytes in bytes.indices.map { bytes[$0] } } }
}

/// The files of `Tests/Vectors/sealing/1`, which an independent program made from the format's pages.
enum SealingVectors {
    struct Keys: Decodable {
        struct Boxes: Decodable { let ring, device: HexBytes }
        struct Blob: Decodable {
            let kind: UInt8
            let plaintextLength: Int
            let id: HexBytes
        }
        let seed64, accountMiniSecret, root, ringPublicKey, preludeKey, nameTagKey: HexBytes
        let territoryName: String
        let driveID, master, chunkerSeed, blobIDKey, treeBorderKey: HexBytes
        let deviceSecret, deviceSigningMiniSecret, deviceBoxPublicKey, epochID, epochKey: HexBytes
        let epochBoxes: Boxes
        let blobIDs: [Blob]
    }

    struct Frames: Decodable {
        struct Blob: Decodable {
            let payloadLength: Int
            let kind, codec: UInt8
            let epoch, id: HexBytes
            let rawLength: Int
            let nonce: HexBytes
            let sealedLength: Int
            let sealedDigest: HexBytes
            let sealed: HexBytes?
        }
        struct Padded: Decodable { let length, padded: Int }
        let epochKey, preludeKey: HexBytes
        let blobs: [Blob]
        let padme: [Padded]
    }

    struct Preludes: Decodable {
        struct Prelude: Decodable {
            let plaintextLength: Int
            let nonce, sealed: HexBytes
        }
        let key: HexBytes
        let preludes: [Prelude]
        let refused: [HexBytes]
    }

    struct Local: Decodable {
        struct Record: Decodable {
            let purpose: String
            let context: HexBytes
            let recordLength: Int
            let nonce, sealed: HexBytes
        }
        struct Tag: Decodable {
            let purpose: String
            let value, tag: HexBytes
        }
        let deviceSecret: HexBytes
        let records: [Record]
        let tags: [Tag]
    }

    struct Keystore: Decodable {
        struct Refused: Decodable {
            let error: String
            let file: HexBytes
        }
        let passphrase: HexBytes
        let memory, passes: Int
        let id, salt, nonce, entropy, seed64, driveID, deviceSecret: HexBytes
        let texts: [String]
        let daily, phrase, file: HexBytes
        let refused, refusedWhenOpened: [Refused]
    }

    static func load<T: Decodable>(_ name: String) throws -> T { try Vectors.load("sealing/1/\(name).json") }
}
