import CESS
import Foundation
import HTTPClient
import Primitives
import SCALE
import Substrate
import TestSupport
import Testing

@testable import LocalNetwork

/// A chain that a test drives block by block, without a server and without a clock.
struct DrivenChain {
    let chain: Chain
    let metadata: Metadata
    private(set) var time: UInt64 = 1_800_000_000_000

    init(directory: URL, dayBlocks: UInt32 = 10, frozenDays: UInt32 = 1) throws {
        var configuration = LocalChainConfiguration(directory: directory.path)
        configuration.dayBlocks = dayBlocks
        configuration.frozenDays = frozenDays
        chain = try Chain(configuration)
        metadata = try Metadata(chain.metadata.v14)
    }

    static let alice = key("//Alice")
    static let bob = key("//Bob")

    static func key(_ suri: String) -> KeyPair {
        do { return try KeyPair(suri: suri) } catch { preconditionFailure("\(suri): \(error)") }
    }

    // MARK: Asking

    func ask(_ method: String, _ parameters: [JSONValue] = []) async throws -> JSONValue {
        try await chain.run { try Methods.answer(method, Parameters(values: parameters), on: $0) }
    }

    func value<T: ScaleDecodable>(_ key: StorageKey, as type: T.Type = T.self, at block: JSONValue = .null) async throws
        -> T?
    {
        guard let text = try await ask("state_getStorage", [.string(key.description), block]).string else { return nil }
        return try T(scaleBytes: try #require([UInt8](hex: text)))
    }

    func number() async throws -> BlockNumber { await chain.best.number }

    func account(_ key: KeyPair) async throws -> AccountInfo {
        try await value(Keys.account(key.accountID)) ?? .absent
    }

    func territory(_ name: String, of key: KeyPair) async throws -> TerritoryInfo? {
        try await value(Keys.territory(TerritoryKey(owner: key.accountID, name: Array(name.utf8))))
    }

    // MARK: Acting

    /// Signs a call: by default with the account's next nonce and without an end.
    func sign(
        _ call: Call, by key: KeyPair, nonce: UInt32? = nil, tip: UInt128 = 0, era: Era = .immortal,
        change: (inout SigningContext) -> Void = { _ in }
    ) async throws -> SignedExtrinsic {
        var next = nonce
        if next == nil {
            let address = SS58.encode(key.accountID, prefix: 11330)
            next = try await ask("system_accountNextIndex", [.string(address)]).integer()
        }
        let best = await chain.best
        let genesis = chain.genesis
        var context = SigningContext(
            specVersion: 137, transactionVersion: 1, genesisHash: genesis, era: era, nonce: try #require(next), tip: tip
        )
        if let birth = era.birth(current: best.number) {
            let hash = try await ask("chain_getBlockHash", [.integer(birth)]).string
            context.eraBlockHash = try #require(hash.flatMap { Bytes32(hex: $0) })
        }
        change(&context)
        return try metadata.sign(call, by: key, in: context, current: best.number)
    }

    func submit(_ signed: SignedExtrinsic) async throws {
        let hash = try await ask("author_submitExtrinsic", [.string("0x" + signed.bytes.hex)])
        #expect(hash.string == "0x" + signed.hash.hex)
    }

    /// Makes blocks.
    mutating func author(_ count: Int = 1) async throws {
        for _ in 0..<count {
            time += 1000
            try await chain.author(now: time)
        }
    }

    /// Signs and submits a call, makes a block, and gives the call's events in it.
    @discardableResult
    mutating func execute(_ call: Call, by key: KeyPair) async throws -> [EventRecord] {
        let signed = try await sign(call, by: key)
        try await submit(signed)
        try await author()
        return try await events(of: signed)
    }

    /// The events of an extrinsic in the best block.
    func events(of signed: SignedExtrinsic) async throws -> [EventRecord] {
        let block = await chain.best
        let index = try #require(block.extrinsics.firstIndex(of: signed.bytes), "not in the best block")
        return try await events().filter { $0.phase == .applyExtrinsic(UInt32(index)) }
    }

    func events() async throws -> [EventRecord] {
        let text = try await ask("state_getStorage", [.string(Keys.events.description)]).string
        return try metadata.decodeEvents(try #require(text.flatMap { [UInt8](hex: $0) }))
    }

    /// Executes a call that must fail, and names its error.
    mutating func failure(of call: Call, by key: KeyPair) async throws -> String {
        let events = try await execute(call, by: key)
        let failed = try #require(events.last)
        #expect(failed.is("System", "ExtrinsicFailed"))
        return metadata.dispatchError(try #require(failed["dispatch_error"])).description
    }

    // MARK: A network to act on

    /// Registers storage nodes and returns their keys.
    mutating func registerNodes(_ count: Int = 12, tib: UInt32 = 1) async throws -> [KeyPair] {
        let keys = (1...count).map { Self.key("//Node//\($0)") }
        for (index, key) in keys.enumerated() {
            let call = Call.registerMiner(
                beneficiary: key.accountID, endpoint: Array("http://127.0.0.1:\(15001 + index)".utf8),
                stake: UInt128(tib) * RuntimeParameters.stakingPerTiB, tibCount: tib)
            try await submit(try await sign(call, by: key))
        }
        try await author()
        #expect(try await events().contains { $0.is("Sminer", "Registered") })
        return keys
    }
}

/// A declared file of made-up hashes.
struct MadeUpFile {
    let fid: FID
    let segments: [SegmentList]

    init(_ seed: UInt8, segmentCount: Int = 1) {
        segments = (0..<segmentCount).map { index in
            SegmentList(
                hash: SegmentHash(BLAKE2b.hash256([seed, UInt8(index)])),
                fragments: (0..<12).map { FragmentHash(BLAKE2b.hash256([seed, UInt8(index), $0])) })
        }
        fid = FID.of(segments: segments.map(\.hash))
    }

    func declaration(by key: KeyPair, territory: String = "docs", name: String = "file.bin") -> Call {
        .uploadDeclaration(
            fid, segments: segments,
            brief: UserBrief(user: key.accountID, fileName: Array(name.utf8), territoryName: Array(territory.utf8)),
            fileSize: 1000)
    }
}

func names(_ events: [EventRecord]) -> [String] { events.map { "\($0.pallet).\($0.name)" } }

/// The code of the error that `body` is refused with.
func refusal(_ body: () async throws -> Void) async -> Int? {
    do {
        try await body()
        return nil
    } catch let failure as RPCFailure { return failure.code } catch {
        Issue.record("\(error)")
        return nil
    }
}
