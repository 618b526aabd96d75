internal import CESS
internal import Primitives
internal import SCALE
internal import Substrate

extension Methods {
    private static let maximumKeysPerPage = 1000

    static let state: [String: Method] = [
        "state_getMetadata": { chain, parameters in
            _ = try chain.number(at: try parameters.hash(0))
            return .hex(chain.metadata.v14)
        },
        "state_getRuntimeVersion": { chain, parameters in
            _ = try chain.number(at: try parameters.hash(0))
            return chain.runtimeVersion.json
        },
        "chain_getRuntimeVersion": { chain, _ in chain.runtimeVersion.json },
        "state_getStorage": getStorage,
        "state_getStorageAt": getStorage,
        "state_getStorageHash": { chain, parameters in
            try chain.value(try parameters.bytes(0), at: try parameters.hash(1)).map { .hex(BLAKE2b.hash256($0)) }
                ?? .null
        },
        "state_getStorageSize": { chain, parameters in
            try chain.value(try parameters.bytes(0), at: try parameters.hash(1)).map { .integer($0.count) } ?? .null
        },
        "state_queryStorageAt": { chain, parameters in
            let keys = try parameters.array(0).map { try Parameters.bytes($0) }
            let hash = try parameters.hash(1) ?? chain.best.hash
            let number = try chain.number(at: hash)
            return [.object(["block": .hex(hash), "changes": try chain.values(keys, after: number)])]
        },
        "state_getKeysPaged": getKeysPaged,
        "state_getKeysPagedAt": getKeysPaged,
        "state_getKeys": { chain, parameters in
            let prefix = try parameters.bytes(0)
            let number = try chain.number(at: try parameters.hash(1))
            let limit = Parameters.maximumItemCount
            let keys = try chain.store.read {
                try $0.keys(prefix: prefix, start: nil, count: limit + 1, after: number)
            }
            guard keys.count <= limit else { throw RPCFailure.tooMany(limit: limit) }
            return .array(keys.map { .hex($0) })
        },
        "state_call": { chain, parameters in
            let number = try chain.number(at: try parameters.hash(2))
            return .hex(try chain.call(try parameters.string(0), try parameters.bytes(1), after: number))
        },
    ]

    private static let getStorage: Method = { chain, parameters in
        try chain.value(try parameters.bytes(0), at: try parameters.hash(1)).map { .hex($0) } ?? .null
    }

    private static let getKeysPaged: Method = { chain, parameters in
        let prefix = try parameters.optionalBytes(0) ?? []
        let count = try parameters.count(1)
        guard count <= maximumKeysPerPage else {
            throw RPCFailure(code: 4002, message: "count exceeds maximum value. value: \(count), max: 1000")
        }
        let start = try parameters.optionalBytes(2)
        let number = try chain.number(at: try parameters.hash(3))
        return try chain.store.read { reader in
            .array(
                try reader.keys(prefix: prefix, start: start, count: count, after: number).map { .hex($0) })
        }
    }
}

extension Chain {
    /// The height of a block whose state can be read.
    func number(at hash: Bytes32?) throws -> BlockNumber {
        guard let hash, hash != best.hash else { return best.number }
        guard let number = try store.read({ try $0.number(of: hash) }) else {
            throw RPCFailure.client("UnknownBlock: Header was not found in the database: 0x\(hash.hex)")
        }
        guard best.number - number <= keptBlocks else {
            throw RPCFailure.client("UnknownBlock: State already discarded for 0x\(hash.hex)")
        }
        return number
    }

    func value(_ key: [UInt8], at hash: Bytes32?) throws -> [UInt8]? {
        let number = try number(at: hash)
        return try store.read { try read(key, after: number, $0) }
    }

    func values(_ keys: [[UInt8]], after number: BlockNumber) throws -> JSONValue {
        var left = RPCServer.maximumAnswerByteCount / 2  // a byte has two digits
        return try store.read { reader in
            .array(
                try keys.map { key in
                    let value = try read(key, after: number, reader)
                    left -= key.count + (value?.count ?? 0)
                    guard left > 0 else { throw RPCFailure.answerTooBig }
                    return [.hex(key), value.map { .hex($0) } ?? .null]
                })
        }
    }

    private func read(_ key: [UInt8], after number: BlockNumber, _ reader: StoreReader) throws -> [UInt8]? {
        number == best.number ? try reader.value(key) : try reader.value(key, after: number)
    }

    /// A function of the runtime's interface.
    fileprivate func call(_ function: String, _ input: [UInt8], after number: BlockNumber) throws -> [UInt8] {
        var decoder = ScaleDecoder(input)
        var output = ScaleEncoder()
        switch function {
        case "Core_version": output.raw(runtimeVersion.bytes)
        case "Metadata_metadata": output.byteVector(metadata.v14)
        case "Metadata_metadata_versions": output.vector([14, 15]) { $0.integer(UInt32($1)) }
        case "Metadata_metadata_at_version":
            let version: UInt32 = try decoder.integer()
            let wanted = version == 14 ? metadata.v14 : version == 15 ? metadata.v15 : nil
            output.option(wanted) { $0.byteVector($1) }
        case "AccountNonceApi_account_nonce":
            let key = Keys.account(try decoder.decode()).bytes
            let account = try store.read { try read(key, after: number, $0) }.map { try AccountInfo(scaleBytes: $0) }
            output.integer(account?.nonce ?? 0)
        case "TransactionPaymentApi_query_info":
            // The extrinsic brings its own length; the announced one follows it.
            let start = decoder.offset
            let byteCount = try decoder.count()
            try decoder.skip(byteCount)
            let (weight, fee) = try Methods.cost(of: Array(input[start..<decoder.offset]))
            output.compact(weight)
            output.compact(0)  // proof size
            output.integer(UInt8(0))  // class Normal
            output.integer(fee)
        default: throw RPCFailure.client("Exported method \(function) is not found")
        }
        return output.bytes
    }
}

extension RuntimeVersion {
    var json: JSONValue {
        .object([
            "specName": .string(specName), "implName": .string(implName),
            "authoringVersion": .integer(authoringVersion), "specVersion": .integer(specVersion),
            "implVersion": .integer(implVersion), "transactionVersion": .integer(transactionVersion),
            "stateVersion": .integer(systemVersion), "systemVersion": .integer(systemVersion),
            "apis": .array(apis.map { [.hex($0.id), .integer($0.version)] }),
        ])
    }
}
