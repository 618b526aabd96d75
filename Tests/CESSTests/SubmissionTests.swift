import CESS
import Primitives
import SCALE
import Substrate
import Testing
import TestSupport

/// The client needs a runtime's metadata, which lies outside the repository: skipped where it is missing.
@Suite(.enabled(if: RealMetadata.isThere, "\(RealMetadata.missing)")) struct SubmissionTests {
    let server: FakeServer
    let alice: KeyPair

    init() throws {
        server = try FakeServer()
        alice = try KeyPair(suri: "//Alice")
    }

    func connect() async throws -> CESSChain {
        try await .connect(
            to: [server], expectedGenesis: server.genesis,
            options: CESSChain.Options(pollInterval: .microseconds(10)))
    }

    @Test func `what is submitted is included and becomes final`() async throws {
        let chain = try await connect()
        let signed = try await chain.submit(.remark([1]), by: alice)
        let inclusion = try await chain.waitFinalized(signed)
        #expect(inclusion.index == 1 && inclusion.failure == nil)
        #expect(inclusion.event("System", "ExtrinsicSuccess") != nil)
        #expect(try await chain.blockHash(inclusion.block.number) == inclusion.block.hash)
        #expect(try await chain.find(signed) == inclusion)
    }

    @Test func `that another server is away does not hide what the one that is there has answered`() async throws {
        let away = try FakeServer("away")
        let chain = try await CESSChain.connect(
            to: [server, away], expectedGenesis: server.genesis,
            options: CESSChain.Options(pollInterval: .microseconds(10)))
        away.change { $0.override = { _ throws(RPCError) in throw .timedOut } }
        let signed = try await chain.sign(.remark([1]), by: alice)
        try await chain.submit(signed)
        server.change {
            $0.override = { (method) throws(RPCError) in
                guard method == "author_submitExtrinsic" else { return nil }
                throw .refused(method: method, code: 1013, message: "Already Imported", data: nil)
            }
        }
        try await chain.submit(signed)
        server.change {
            $0.override = { (method) throws(RPCError) in
                guard method == "author_submitExtrinsic" else { return nil }
                throw .refused(method: method, code: 1010, message: "Inability to pay some fees", data: nil)
            }
        }
        let other = try await chain.sign(.remark([2]), by: alice)
        do {
            try await chain.submit(other)
            Issue.record("it was taken")
        } catch SubmissionError.refused(let refusal, _) { #expect(refusal == .payment) }
    }

    @Test func `a signed extrinsic carries its nonce and era`() async throws {
        let chain = try await connect()
        server.change {
            for _ in 0..<100 { $0.grow() }
            $0.nonce = 5
        }
        let signed = try await chain.sign(.remark([1]), by: alice)
        #expect(signed.nonce == 5 && signed.birth == 99 && signed.death == 163)
        let metadata = try await chain.runtime(at: chain.genesis).metadata
        let read = try #require(try Extrinsic(signed.bytes, metadata: metadata).signature)
        #expect(read.nonce == 5 && read.era == Era(period: 64, current: 99))
        #expect(try await chain.sign(.remark([1]), by: alice, nonce: 9).nonce == 9)
    }

    @Test func `a failed call is named, with its block`() async throws {
        let chain = try await connect()
        server.change { $0.outcomes = [FakeEvents.failed([3, 104, 22, 0, 0, 0])] }
        let signed = try await chain.submit(.remark([1]), by: alice)
        let error = await #expect(throws: SubmissionError.self) { try await chain.waitIncluded(signed) }
        let found = try #require(try await chain.find(signed))
        let failure = CallFailure.dispatch(.module(pallet: "FileBank", error: "InsufficientAvailableSpace"))
        #expect(error == .failed(failure, in: found.block))
    }

    @Test func `a batch that stopped half way is a failure although its extrinsic succeeded`() async throws {
        let chain = try await connect()
        server.change { $0.outcomes = [FakeEvents.interrupted(at: 1, [2])] }
        let signed = try await chain.submit(.batch([.remark([1]), .remark([2])]), by: alice)
        let error = await #expect(throws: SubmissionError.self) { try await chain.waitFinalized(signed) }
        let found = try #require(try await chain.find(signed))
        #expect(error == .failed(.interrupted(at: 1, .plain("BadOrigin")), in: found.block))
    }

    @Test func `an extrinsic that was never included is dead when its era is final`() async throws {
        let chain = try await connect()
        server.change { $0.forgets = true }
        let signed = try await chain.submit(.remark([1]), by: alice)
        await #expect(throws: SubmissionError.dead) { try await chain.waitIncluded(signed) }
        #expect(server.best >= 64)
        #expect(try await chain.find(signed) == nil)
    }

    @Test(arguments: [false, true])
    func `blocks that a lagging server cannot show are not taken for blocks without the extrinsic`(
        nonceIsUsed: Bool
    ) async throws {
        let chain = try await connect()
        let signed = try await chain.submit(.remark([1]), by: alice)
        if nonceIsUsed {
            server.store(ChainKeys.account(alice.accountID), AccountInfo(nonce: signed.nonce + 1))
        }
        // Behind one address there may be a server that knows the newest header and one that has no blocks yet.
        let unknown = Countdown(300)
        server.change {
            $0.override = { (method) throws(RPCError) in
                method == "chain_getBlockHash" && unknown.next() ? .null : nil
            }
        }
        #expect(try await chain.waitIncluded(signed).index == 1)
        #expect(server.best > 64)
    }

    /// What a pool says of an extrinsic whose era is over, or whose nonce is used: an era that is over is taken for the next one.
    private static let refusalsByAge = [
        "Transaction has an ancient birth block", "Transaction is outdated", "Transaction has a bad signature",
    ]

    @Test func `a server that calls an extrinsic too old is not believed while blocks may hold it`() async throws {
        let chain = try await connect()
        let signed = try await chain.submit(.remark([1]), by: alice)
        let included = try await chain.waitIncluded(signed)
        for text in Self.refusalsByAge {
            server.change {
                $0.override = { (method) throws(RPCError) in
                    guard method == "author_submitExtrinsic" else { return nil }
                    throw .refused(method: method, code: 1010, message: "Invalid Transaction", data: .string(text))
                }
            }
            #expect(try await chain.settle(signed) == included.block)
        }
    }

    @Test(arguments: refusalsByAge)
    func `an extrinsic in a block whose state is gone is settled all the same`(refusal: String) async throws {
        let chain = try await connect()
        let signed = try await chain.submit(.remark([1]), by: alice)
        let included = try await chain.waitIncluded(signed)
        server.change {
            $0.override = { (method) throws(RPCError) in
                switch method {
                case "author_submitExtrinsic":
                    throw .refused(method: method, code: 1010, message: "Invalid Transaction", data: .string(refusal))
                case "state_getStorage":
                    throw .refused(method: method, code: 4003, message: "State already discarded", data: nil)
                default: return nil
                }
            }
        }
        #expect(try await chain.settle(signed) == included.block)
    }

    @Test(arguments: refusalsByAge)
    func `an extrinsic that is too old for a server is given up when its era is final`(refusal: String) async throws {
        let chain = try await connect()
        server.change {
            $0.override = { (method) throws(RPCError) in
                guard method == "author_submitExtrinsic" else { return nil }
                throw .refused(method: method, code: 1010, message: "Invalid Transaction", data: .string(refusal))
            }
        }
        let signed = try await chain.sign(.remark([1]), by: alice)
        #expect(try await chain.settle(signed) == nil)
        #expect(server.best >= 64)
    }

    @Test func `an extrinsic that the server forgot is sent again`() async throws {
        let chain = try await connect()
        let signed = try await chain.sign(.remark([1]), by: alice)
        #expect(try await chain.waitIncluded(signed).index == 1)
        #expect(server.callCount("author_submitExtrinsic") == 1)
    }

    @Test func `an extrinsic whose nonce is used by another one is given up`() async throws {
        let chain = try await connect()
        let signed = try await chain.sign(.remark([1]), by: alice)
        server.store(ChainKeys.account(alice.accountID), AccountInfo(nonce: signed.nonce + 1))
        server.change {
            $0.override = { (method) throws(RPCError) in
                guard method == "author_submitExtrinsic" else { return nil }
                throw .refused(method: method, code: 1010, message: "Invalid", data: "Transaction is outdated")
            }
        }
        await #expect(throws: SubmissionError.superseded) { try await chain.waitIncluded(signed) }
    }

    @Test func `sending the same extrinsic twice is harmless, in the pool and in a block`() async throws {
        let chain = try await connect()
        let signed = try await chain.submit(.remark([1]), by: alice)
        try await chain.submit(signed)
        _ = try await chain.waitIncluded(signed)
        try await chain.submit(signed)
        let stored = try SignedExtrinsic(scaleBytes: signed.scaleBytes)
        #expect(try await chain.waitFinalized(stored) == chain.find(signed))
    }

    @Test func `an extrinsic that moved to another block is found there`() async throws {
        let chain = try await connect()
        server.change { $0.finalizedLag = 2 }
        let signed = try await chain.submit(.remark([1]), by: alice)
        let first = try await chain.waitIncluded(signed)
        server.change {
            $0.blocks.removeLast()
            $0.grow(fork: 1)
            $0.pool.append(signed.bytes)
            $0.grow(fork: 1)
        }
        let final = try await chain.waitFinalized(signed)
        #expect(final.block.number == first.block.number + 1)
    }

    @Test(arguments: [
        (1010, "Inability to pay some fees (e.g. account balance too low)", PoolRefusal.payment),
        (1010, "Transaction has a bad signature", .badSignature),
        (1010, "Transaction will be valid in the future", .future),
        (1010, "Transaction has an ancient birth block", .ancientBirth), (1014, "Priority is too low", .priority),
        (1016, "Immediately dropped", .poolFull), (1002, "Verification Error", .other(code: 1002)),
    ])
    func `what the pool refuses is named`(code: Int, text: String, refusal: PoolRefusal) async throws {
        let chain = try await connect()
        server.change {
            $0.override = { (method) throws(RPCError) in
                guard method == "author_submitExtrinsic" else { return nil }
                throw .refused(method: method, code: code, message: "Invalid Transaction", data: .string(text))
            }
        }
        await #expect(throws: SubmissionError.refused(refusal, message: text)) {
            try await chain.submit(.remark([1]), by: alice)
        }
    }

    /// The server answers so many requests by an error that passes.
    private func goAway(for requests: Int) {
        let failures = Countdown(requests)
        server.change {
            $0.override = { (_) throws(RPCError) in
                if failures.next() { throw .httpStatus(503) }
                return nil
            }
        }
    }

    @Test func `a wait puts up with a server that is away for a while`() async throws {
        let chain = try await connect()
        let signed = try await chain.submit(.remark([1]), by: alice)
        goAway(for: 20)
        #expect(try await chain.waitIncluded(signed).index == 1)
    }

    @Test func `a server of another network does not hide that the right one is away for a while`() async throws {
        let wrong = try FakeServer("wrong", genesis: "another")
        let chain = try await CESSChain.connect(
            to: [server, wrong], expectedGenesis: server.genesis,
            options: CESSChain.Options(pollInterval: .microseconds(10)))
        let signed = try await chain.submit(.remark([1]), by: alice)
        goAway(for: 20)
        #expect(try await chain.waitIncluded(signed).index == 1)
    }

    @Test func `a wait for a server that hangs ends`() async throws {
        let chain = try await connect()
        let signed = try await chain.submit(.remark([1]), by: alice)
        server.change { $0.override = { (_) throws(RPCError) in throw .timedOut } }
        await #expect(throws: RPCError.timedOut) { try await chain.waitIncluded(signed) }
    }

    @Test func `a cancelled wait ends at once`() async throws {
        let chain = try await connect()
        server.change { $0.grows = false }
        let signed = try await chain.submit(.remark([1]), by: alice)
        let wait = Task { try await chain.waitIncluded(signed) }
        wait.cancel()
        await #expect(throws: CancellationError.self) { try await wait.value }
    }

    @Test func `events that do not decode or say nothing are an error`() async throws {
        let chain = try await connect()
        for events: [[UInt8]] in [[[200, 0]], []] {
            server.change { $0.outcomes = [events] }
            let signed = try await chain.submit(.remark([1]), by: alice)
            await #expect(throws: ChainError.self) { try await chain.waitIncluded(signed) }
        }
    }
}
