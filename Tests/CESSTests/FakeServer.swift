import CESS
import Primitives
import SCALE
import Substrate
import Synchronization
import TestSupport

/// A chain in memory behind the RPC protocol. A block is made whenever somebody asks for the best header, or for the
/// finalized one a second time, so that nothing waits for time; finality follows one block behind.
final class FakeServer: RPCTransport {
    let endpoint: String
    private let state: Mutex<State>

    struct State {
        var genesis: Bytes32
        var blocks: [Block] = []
        var pool: [[UInt8]] = []
        var storage: [[UInt8]: [UInt8]] = [:]
        var nonce: UInt32 = 0
        var specVersion = 137
        var metadata: [UInt8] = []
        /// What the next extrinsics do; success when there is nothing left.
        var outcomes: [[[UInt8]]] = []
        /// Extrinsics are taken but never put into a block.
        var forgets = false
        var finalizedLag = 1
        var grows = true
        var bestWhenFinalityWasAsked = 0
        var calls: [String: Int] = [:]
        var deadlines: [Duration?] = []
        /// Answers instead of the chain.
        var override: (@Sendable (String) throws(RPCError) -> JSONValue?)?
    }

    struct Block {
        var hash: Bytes32
        var extrinsics: [[UInt8]]
        var events: [UInt8]
    }

    init(_ name: String = "fake", genesis: String = "genesis") throws {
        endpoint = name
        let hash = SHA256.hash(Array(genesis.utf8))
        var initial = State(genesis: hash)
        initial.blocks = [Block(hash: hash, extrinsics: [], events: [0])]
        initial.metadata = RealMetadata.isThere ? try RealMetadata.bytes("derived_v14.scale") : []
        initial.storage[StorageKey("Timestamp", "Now").bytes] = [0, 1, 0, 0, 0, 0, 0, 0]
        state = Mutex(initial)
    }

    func change(_ body: (inout sending State) -> Void) { state.withLock { body(&$0) } }
    func callCount(_ method: String) -> Int { state.withLock { $0.calls[method] ?? 0 } }
    var deadlines: [Duration?] { state.withLock { $0.deadlines } }
    var best: UInt32 { state.withLock { UInt32($0.blocks.count - 1) } }
    var genesis: Bytes32 { state.withLock { $0.genesis } }

    func store(_ key: StorageKey, _ value: some ScaleEncodable) {
        let bytes = value.scaleBytes
        state.withLock { $0.storage[key.bytes] = bytes }
    }

    func call(_ method: String, _ params: [JSONValue], deadline: Duration?) async throws(RPCError) -> JSONValue {
        if Task.isCancelled { throw .cancelled }
        let override = state.withLock { state in
            state.calls[method, default: 0] += 1
            state.deadlines.append(deadline)
            return state.override
        }
        if let answer = try override?(method) { return answer }
        return try answer(method, params)
    }

    private func answer(_ method: String, _ params: [JSONValue]) throws(RPCError) -> JSONValue {
        let result = state.withLock { state -> Result<JSONValue, RPCError> in
            switch method {
            case "chain_getBlockHash":
                let number = params.first?.integer(Int.self) ?? state.blocks.count - 1
                return .success(state.blocks.indices.contains(number) ? state.blocks[number].hash.json : .null)
            case "chain_getFinalizedHead":
                if state.grows, state.bestWhenFinalityWasAsked == state.blocks.count { state.grow() }
                state.bestWhenFinalityWasAsked = state.blocks.count
                return .success(state.blocks[max(0, state.blocks.count - 1 - state.finalizedLag)].hash.json)
            case "chain_getHeader":
                if params.isEmpty, state.grows { state.grow() }
                let hash = params.first ?? state.blocks[state.blocks.count - 1].hash.json
                guard let number = state.blocks.firstIndex(where: { $0.hash.json == hash }) else {
                    return .success(.null)
                }
                return .success(Self.header(number))
            case "chain_getBlock":
                guard let number = state.blocks.firstIndex(where: { $0.hash.json == params.first }) else {
                    return .success(.null)
                }
                let extrinsics = state.blocks[number].extrinsics.map(\.json)
                let block = JSONValue.object(["header": Self.header(number), "extrinsics": .array(extrinsics)])
                return .success(.object(["block": block]))
            case "state_getRuntimeVersion":
                return .success(
                    .object([
                        "specName": "cess-node", "specVersion": .integer(state.specVersion), "transactionVersion": 1,
                    ]))
            case "state_getMetadata": return .success(state.metadata.json)
            case "state_getStorage":
                guard let key = params[0].string.flatMap({ [UInt8](hex: $0) }) else { return .success(.null) }
                if key == StorageKey("System", "Events").bytes {
                    let block = state.blocks.first { $0.hash.json == params[1] }
                    return .success(block.map { $0.events.json } ?? .null)
                }
                return .success(state.storage[key]?.json ?? .null)
            case "state_queryStorageAt":
                let changes = (params[0].array ?? []).map { key -> JSONValue in
                    let value = key.string.flatMap { [UInt8](hex: $0) }.flatMap { state.storage[$0] }
                    return .array([key, value?.json ?? .null])
                }
                return .success(.array([.object(["block": params[1], "changes": .array(changes)])]))
            case "state_getKeysPaged":
                let prefix = params[0].string.flatMap { [UInt8](hex: $0) } ?? []
                let start = params[2].string.flatMap { [UInt8](hex: $0) } ?? []
                let keys = state.storage.keys.filter { $0.starts(with: prefix) && start.lexicographicallyPrecedes($0) }
                    .sorted { $0.lexicographicallyPrecedes($1) }.prefix(params[1].integer() ?? 0)
                return .success(.array(keys.map(\.json)))
            case "system_accountNextIndex": return .success(.integer(state.nonce))
            case "payment_queryInfo":
                return .success(.object(["partialFee": .string("12345678901234567890123"), "weight": .null]))
            case "author_submitExtrinsic":
                guard let bytes = params[0].string.flatMap({ [UInt8](hex: $0) }) else { return .success(.null) }
                if state.pool.contains(bytes) {
                    return .failure(.refused(method: method, code: 1013, message: "Already imported", data: nil))
                }
                if state.blocks.contains(where: { $0.extrinsics.contains(bytes) }) {
                    return .failure(
                        .refused(
                            method: method, code: 1010, message: "Invalid Transaction", data: "Transaction is outdated")
                    )
                }
                state.pool.append(bytes)
                return .success(Extrinsic.hash(bytes).json)
            default: return .failure(.refused(method: method, code: -32601, message: "Method not found", data: nil))
            }
        }
        return try result.get()
    }

    private static func header(_ number: Int) -> JSONValue {
        .object([
            "number": .string("0x" + String(number, radix: 16)), "parentHash": Bytes32.zero.json,
            "stateRoot": Bytes32.zero.json, "extrinsicsRoot": Bytes32.zero.json,
        ])
    }
}

extension FakeServer.State {
    /// Makes a block of an inherent and what waits in the pool.
    mutating func grow(fork: UInt8 = 0) {
        let taken = forgets ? [] : pool
        if !forgets { pool = [] }
        var events = [FakeEvents.success]
        for _ in taken { events.append(outcomes.isEmpty ? FakeEvents.success : outcomes.removeFirst()) }
        nonce += UInt32(taken.count)
        blocks.append(
            FakeServer.Block(
                hash: SHA256.hash(genesis.bytes + [fork] + blocks.count.description.utf8),
                extrinsics: [[4]] + taken, events: FakeEvents.encode(events)))
    }
}

/// Events as the newest runtime encodes them.
enum FakeEvents {
    static let success: [[UInt8]] = [[0, 0, 0, 0, 0, 0]]

    static func failed(_ error: [UInt8]) -> [[UInt8]] { [[0, 1] + error + [0, 0, 0, 0]] }

    static func interrupted(at index: UInt8, _ error: [UInt8]) -> [[UInt8]] {
        [[1, 0, index, 0, 0, 0] + error] + success
    }

    /// By extrinsic.
    static func encode(_ events: [[[UInt8]]]) -> [UInt8] {
        var encoder = ScaleEncoder()
        encoder.compact(events.reduce(0) { $0 + $1.count })
        for (index, events) in events.enumerated() {
            for event in events {
                encoder.integer(UInt8(0))
                encoder.integer(UInt32(index))
                encoder.raw(event)
                encoder.compact(0)
            }
        }
        return encoder.bytes
    }
}
