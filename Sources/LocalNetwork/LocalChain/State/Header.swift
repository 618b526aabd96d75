internal import Primitives
internal import SCALE
internal import Substrate

/// A block's header, encoded as Substrate's.
struct Header: Hashable, Sendable, ScaleCodable {
    var parentHash: Bytes32
    var number: BlockNumber
    /// A commitment to the parent's root and to what the block changed; there is no trie behind it.
    var stateRoot: Bytes32
    /// A commitment to the block's extrinsics.
    var extrinsicsRoot: Bytes32

    var hash: Bytes32 { BLAKE2b.hash256(scaleBytes) }

    init(parentHash: Bytes32, number: BlockNumber, stateRoot: Bytes32, extrinsicsRoot: Bytes32) {
        self.parentHash = parentHash
        self.number = number
        self.stateRoot = stateRoot
        self.extrinsicsRoot = extrinsicsRoot
    }

    init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        parentHash = try decoder.decode()
        number = try decoder.compact(BlockNumber.self)
        stateRoot = try decoder.decode()
        extrinsicsRoot = try decoder.decode()
        _ = try decoder.count(limit: 0)
    }

    func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(parentHash)
        encoder.compact(UInt64(number))
        encoder.encode(stateRoot)
        encoder.encode(extrinsicsRoot)
        encoder.compact(0)  // no digest: nobody else could have authored the block
    }

    /// BLAKE2b-256 of the parent's root and all changes in the order of their keys.
    static func stateRoot(parent: Bytes32, changes: [StateChange]) -> Bytes32 {
        var encoder = ScaleEncoder()
        encoder.encode(parent)
        encoder.vector(changes) { encoder, change in
            encoder.byteVector(change.key)
            encoder.option(change.new) { $0.byteVector($1) }
        }
        return BLAKE2b.hash256(encoder.bytes)
    }

    /// BLAKE2b-256 of the extrinsics as `Vec<Vec<u8>>`, each with its own length in front once more.
    static func extrinsicsRoot(_ extrinsics: [[UInt8]]) -> Bytes32 {
        var encoder = ScaleEncoder()
        encoder.vector(extrinsics) { $0.byteVector($1) }
        return BLAKE2b.hash256(encoder.bytes)
    }
}
