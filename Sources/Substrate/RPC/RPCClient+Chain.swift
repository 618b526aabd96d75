public import Primitives

/// The header of a block.
public struct BlockHeader: Hashable, Sendable {
    public let number: UInt32
    public let parentHash: Bytes32
    public let stateRoot: Bytes32
    public let extrinsicsRoot: Bytes32
}

/// A block's header, and its extrinsics with their lengths in front, as they are hashed.
public struct Block: Sendable {
    public let header: BlockHeader
    public let extrinsics: [[UInt8]]
}

public struct RuntimeVersion: Hashable, Sendable {
    public let specName: String
    public let specVersion: UInt32
    public let transactionVersion: UInt32

    public init(specName: String, specVersion: UInt32, transactionVersion: UInt32) {
        self.specName = specName
        self.specVersion = specVersion
        self.transactionVersion = transactionVersion
    }
}

/// What an extrinsic costs when it is included now.
public struct DispatchInfo: Hashable, Sendable {
    public let partialFee: UInt128
    public let refTime: UInt64
    public let proofSize: UInt64
}

/// The methods of a Substrate node that the client uses (Docs/Protocol/CESS.md, section 4.1). `at` is a block's hash; without
/// it the node's best block is meant.
extension RPCTransport {
    /// The hash of the block of this height on the best chain; nil if there is none yet. Height 0 is the genesis.
    public func blockHash(_ number: UInt32) async throws(RPCError) -> Bytes32? {
        let method = "chain_getBlockHash"
        let result = try await call(method, [.integer(number)])
        return result.isNull ? nil : try hash(result, method)
    }

    /// The hash of the best block.
    public func bestHash() async throws(RPCError) -> Bytes32 {
        try hash(try await call("chain_getBlockHash"), "chain_getBlockHash")
    }

    public func finalizedHead() async throws(RPCError) -> Bytes32 {
        try hash(try await call("chain_getFinalizedHead"), "chain_getFinalizedHead")
    }

    /// The header of a block, of the best one if none is named; nil if the node does not know it.
    public func header(_ block: Bytes32? = nil) async throws(RPCError) -> BlockHeader? {
        let method = "chain_getHeader"
        let result = try await call(method, block.map { [$0.json] } ?? [])
        return result.isNull ? nil : try header(result, method)
    }

    /// Nil if the node does not know the block.
    public func block(_ hash: Bytes32) async throws(RPCError) -> Block? {
        let method = "chain_getBlock"
        let result = try await call(method, [hash.json])
        if result.isNull { return nil }
        guard let block = result["block"], let header = block["header"], let extrinsics = block["extrinsics"]?.array
        else { throw .malformedAnswer(method: method, "it is not a block") }
        var decoded: [[UInt8]] = []
        for extrinsic in extrinsics { decoded.append(try bytes(extrinsic, method)) }
        return Block(header: try self.header(header, method), extrinsics: decoded)
    }

    public func runtimeVersion(at block: Bytes32? = nil) async throws(RPCError) -> RuntimeVersion {
        let method = "state_getRuntimeVersion"
        let result = try await call(method, block.map { [$0.json] } ?? [])
        guard let name = result["specName"]?.string, let spec = result["specVersion"]?.integer(UInt32.self),
            let transaction = result["transactionVersion"]?.integer(UInt32.self)
        else { throw .malformedAnswer(method: method, "it is not a runtime version") }
        return RuntimeVersion(specName: name, specVersion: spec, transactionVersion: transaction)
    }

    /// SCALE bytes with `meta` and the version in front.
    public func metadata(at block: Bytes32? = nil) async throws(RPCError) -> [UInt8] {
        try bytes(try await call("state_getMetadata", block.map { [$0.json] } ?? []), "state_getMetadata")
    }

    /// The result of a runtime API, as SCALE bytes.
    public func stateCall(_ name: String, _ argument: [UInt8], at block: Bytes32? = nil) async throws(RPCError)
        -> [UInt8]
    {
        let params = [.string(name), argument.json] + (block.map { [$0.json] } ?? [])
        return try bytes(try await call("state_call", params), "state_call")
    }

    /// Nil if there is nothing under the key.
    public func storage(_ key: [UInt8], at block: Bytes32? = nil) async throws(RPCError) -> [UInt8]? {
        let method = "state_getStorage"
        let result = try await call(method, [key.json] + (block.map { [$0.json] } ?? []))
        return result.isNull ? nil : try bytes(result, method)
    }

    /// The values under `keys`, in their order, all at one block.
    public func storage(_ keys: [[UInt8]], at block: Bytes32) async throws(RPCError) -> [[UInt8]?] {
        if keys.isEmpty { return [] }
        let method = "state_queryStorageAt"
        let result = try await call(method, [.array(keys.map(\.json)), block.json])
        guard let changes = result.array?.first?["changes"]?.array else {
            throw .malformedAnswer(method: method, "it has no changes")
        }
        var values: [[UInt8]: [UInt8]] = [:]
        for change in changes {
            guard let pair = change.array, pair.count == 2 else {
                throw .malformedAnswer(method: method, "a change is not a pair")
            }
            if !pair[1].isNull { values[try bytes(pair[0], method)] = try bytes(pair[1], method) }
        }
        return keys.map { values[$0] }
    }

    /// At most `count` (1000) keys that begin with `prefix`, in order, after `start`.
    public func keysPaged(
        prefix: [UInt8], count: Int = 1000, after start: [UInt8]? = nil, at block: Bytes32? = nil
    ) async throws(RPCError) -> [[UInt8]] {
        let method = "state_getKeysPaged"
        let params: [JSONValue] = [
            prefix.json, .integer(count), start.map(\.json) ?? .null, block.map(\.json) ?? .null,
        ]
        guard let items = try await call(method, params).array else {
            throw .malformedAnswer(method: method, "it is not a list")
        }
        var keys: [[UInt8]] = []
        for item in items { keys.append(try bytes(item, method)) }
        return keys
    }

    /// The next nonce of an account, what waits in the node's pool included.
    public func accountNextIndex(_ account: AccountID) async throws(RPCError) -> UInt32 {
        let method = "system_accountNextIndex"
        let result = try await call(method, [.string(SS58.encode(account, prefix: SS58.generic))])
        guard let nonce = result.integer(UInt32.self) else {
            throw .malformedAnswer(method: method, "it is not a nonce")
        }
        return nonce
    }

    public func queryInfo(_ extrinsic: [UInt8], at block: Bytes32? = nil) async throws(RPCError) -> DispatchInfo {
        let method = "payment_queryInfo"
        let result = try await call(method, [extrinsic.json] + (block.map { [$0.json] } ?? []))
        guard let fee = result["partialFee"]?.integer(UInt128.self) else {
            throw .malformedAnswer(method: method, "it has no fee")
        }
        // Older nodes give the weight as one number.
        let weight = result["weight"] ?? .null
        return DispatchInfo(
            partialFee: fee,
            refTime: (weight["ref_time"] ?? weight["refTime"] ?? weight).integer() ?? 0,
            proofSize: (weight["proof_size"] ?? weight["proofSize"])?.integer() ?? 0)
    }

    /// Hands an extrinsic to the node's pool and returns its hash as the node has it.
    public func submitExtrinsic(_ extrinsic: [UInt8]) async throws(RPCError) -> Bytes32 {
        try hash(try await call("author_submitExtrinsic", [extrinsic.json]), "author_submitExtrinsic")
    }

    // MARK: Reading answers

    private func bytes(_ value: JSONValue, _ method: String) throws(RPCError) -> [UInt8] {
        guard let text = value.string, text.hasPrefix("0x"), let bytes = [UInt8](hex: text) else {
            throw .malformedAnswer(method: method, "it is not hexadecimal")
        }
        return bytes
    }

    private func hash(_ value: JSONValue, _ method: String) throws(RPCError) -> Bytes32 {
        guard let hash = Bytes32(try bytes(value, method)) else {
            throw .malformedAnswer(method: method, "it is not a hash of 32 bytes")
        }
        return hash
    }

    private func header(_ value: JSONValue, _ method: String) throws(RPCError) -> BlockHeader {
        guard let number = value["number"]?.integer(UInt32.self), let parent = value["parentHash"],
            let state = value["stateRoot"], let extrinsics = value["extrinsicsRoot"]
        else { throw .malformedAnswer(method: method, "it is not a header") }
        return BlockHeader(
            number: number, parentHash: try hash(parent, method), stateRoot: try hash(state, method),
            extrinsicsRoot: try hash(extrinsics, method))
    }
}

extension Bytes32 {
    /// As RPC parameters are written: hexadecimal with `0x`.
    public var json: JSONValue { .string("0x" + hex) }
}

extension [UInt8] {
    /// As RPC parameters are written: hexadecimal with `0x`.
    public var json: JSONValue { .string("0x" + hex) }
}
