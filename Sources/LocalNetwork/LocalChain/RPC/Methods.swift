internal import CESS
internal import Primitives
internal import SCALE
internal import Substrate

/// The methods that answer at once; subscriptions are the connection's (`RPCSession`).
enum Methods {
    typealias Method = @Sendable (isolated Chain, Parameters) throws -> JSONValue

    static let table: [String: Method] = system.merging(chain) { $1 }.merging(state) { $1 }.merging(author) { $1 }

    static func answer(_ method: String, _ parameters: Parameters, on chain: isolated Chain) throws -> JSONValue {
        guard let body = table[method] else { throw RPCFailure.methodNotFound }
        return try body(chain, parameters)
    }

    // MARK: system

    private static let system: [String: Method] = [
        "rpc_methods": { _, _ in
            .object(["methods": .array((table.keys + RPCSession.methods).sorted().map { .string($0) })])
        },
        "system_name": { _, _ in "cessdrive local chain" },
        "system_version": { chain, _ in .string("spec \(chain.runtimeVersion.specVersion)") },
        "system_chain": { _, _ in "cess-local" },
        "system_chainType": { _, _ in "Local" },
        "system_properties": { _, _ in
            .object([
                "ss58Format": .integer(RuntimeParameters.ss58Prefix), "tokenDecimals": 18, "tokenSymbol": "TCESS",
            ])
        },
        "system_health": { _, _ in
            .object(["peers": 0, "isSyncing": .bool(false), "shouldHavePeers": .bool(false)])
        },
        "system_peers": { _, _ in [] },
        "system_nodeRoles": { _, _ in ["Authority"] },
        "system_localListenAddresses": { _, _ in [] },
        "system_syncState": { chain, _ in
            let best = JSONValue.integer(chain.best.number)
            return .object(["startingBlock": 0, "currentBlock": best, "highestBlock": best])
        },
        "system_accountNextIndex": nextIndex,
        "account_nextIndex": nextIndex,
    ]

    private static let nextIndex: Method = { chain, parameters in
        let address = try parameters.string(0)
        guard let account = try? SS58.decode(address).account else {
            throw RPCFailure.invalidParameters("not an address")
        }
        let nonce = try chain.store.read { try Chain.account(account, $0).nonce }
        return .integer(chain.pool.nextNonce(of: account, onChain: nonce))
    }

    // MARK: chain

    private static let chain: [String: Method] = [
        "chain_getBlockHash": { chain, parameters in
            guard let first = parameters[0] else { return .hex(chain.best.hash) }
            func hash(_ value: JSONValue) throws -> JSONValue {
                guard let number = value.integer(UInt64.self) else {
                    throw RPCFailure.invalidParameters("not a block number")
                }
                guard let number = BlockNumber(exactly: number) else { return .null }
                return try chain.store.read { try $0.hash(of: number) }.map { .hex($0) } ?? .null
            }
            return first.array == nil ? try hash(first) : .array(try parameters.array(0).map(hash))
        },
        "chain_getHead": { chain, _ in .hex(chain.best.hash) },
        "chain_getFinalizedHead": finalizedHead,
        "chain_getFinalisedHead": finalizedHead,
        "chain_getHeader": { chain, parameters in
            try chain.block(try parameters.hash(0))?.header.json ?? .null
        },
        "chain_getBlock": { chain, parameters in
            guard let block = try chain.block(try parameters.hash(0)) else { return .null }
            let extrinsics = block.extrinsics.map { JSONValue.hex($0) }
            return .object([
                "block": .object(["header": block.header.json, "extrinsics": .array(extrinsics)]),
                "justifications": .null,
            ])
        },
    ]

    private static let finalizedHead: Method = { chain, _ in
        let number = chain.finalizedNumber
        return try chain.store.read { try $0.hash(of: number) }.map { .hex($0) } ?? .null
    }

    // MARK: author and payment

    private static let author: [String: Method] = [
        "author_submitExtrinsic": { chain, parameters in
            let bytes = try parameters.bytes(0)
            do { return .hex(try chain.submit(bytes).hash) } catch let rejection as PoolRejection {
                throw RPCFailure(rejection)
            }
        },
        "author_pendingExtrinsics": { chain, _ in .array(chain.pool.transactions.map { .hex($0.bytes) }) },
        "payment_queryInfo": { _, parameters in
            let (weight, fee) = try Methods.cost(of: try parameters.bytes(0))
            return .object([
                "weight": .object(["ref_time": .integer(weight), "proof_size": 0]), "class": "normal",
                "partialFee": .string(String(fee)),
            ])
        },
        "payment_queryFeeDetails": { _, parameters in
            let bytes = try parameters.bytes(0)
            let (weight, _) = try Methods.cost(of: bytes)
            return .object([
                "inclusionFee": .object([
                    "baseFee": .hex(Fees.fee(length: 0, weight: 0)),
                    "lenFee": .hex(UInt128(bytes.count) * Fees.perByte),
                    "adjustedWeightFee": .hex(UInt128(weight) * Fees.perWeight),
                ])
            ])
        },
    ]

    /// The weight and the fee without the tip.
    static func cost(of extrinsic: [UInt8]) throws -> (weight: UInt64, fee: UInt128) {
        do {
            let weight = try Transaction(extrinsic).call.weight
            return (weight, Fees.fee(length: extrinsic.count, weight: weight))
        } catch let rejection { throw RPCFailure(rejection) }
    }
}

extension Chain {
    /// The block with this hash, or the best one.
    func block(_ hash: Bytes32?) throws -> StoredBlock? {
        guard let hash, hash != best.hash else { return best }
        return try store.read { reader in try reader.number(of: hash).flatMap(reader.block) }
    }
}
