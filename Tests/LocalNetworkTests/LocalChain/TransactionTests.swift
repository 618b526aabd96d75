import CESS
import Foundation
import Primitives
import SCALE
import Substrate
import TestSupport
import Testing

@testable import LocalNetwork

private let token = RuntimeParameters.existentialDeposit

extension Call {
    fileprivate static func setTimestamp(_ now: UInt64) -> Call {
        Call("Timestamp", "set", layout: "{now: Compact<u64>}") { $0.compact(now) }
    }

    /// A remark that is said to have a weight.
    fileprivate static func remark(weighing weight: UInt64) -> Call {
        Call(
            "Utility", "with_weight",
            layout: "{call: Call, weight: {ref_time: Compact<u64>, proof_size: Compact<u64>}}"
        ) {
            $0.raw([0, 0, 4, 1])
            $0.compact(weight)
            $0.compact(0)
        }
    }
}

@Suite struct TransactionTests {
    private let alice = DrivenChain.alice
    private let bob = DrivenChain.bob

    @Test func `a transfer's events come in the real order, and the fee is what was announced`() async throws {
        try await withTemporaryDirectory { directory in
            var chain = try DrivenChain(directory: directory)
            let target = KeyPair.throwaway()
            let signed = try await chain.sign(.transferKeepAlive(to: target.accountID, amount: 5 * token), by: alice)
            let info = try await chain.ask("payment_queryInfo", [.string("0x" + signed.bytes.hex)])
            let before = try await chain.account(alice).free
            try await chain.submit(signed)
            try await chain.author()
            let events = try await chain.events(of: signed)
            #expect(
                names(events) == [
                    "Balances.Withdraw", "System.NewAccount", "Balances.Endowed", "Balances.Transfer",
                    "TransactionPayment.TransactionFeePaid", "System.ExtrinsicSuccess",
                ])
            let paid = try await before - chain.account(alice).free - 5 * token
            #expect(info["partialFee"]?.string == String(paid))
            #expect(try await chain.account(target).free == 5 * token)
            #expect(try await chain.account(alice).nonce == 1)
        }
    }

    @Test func `all three kinds of signature are taken, and damaged ones refused`() async throws {
        try await withTemporaryDirectory { directory in
            var chain = try DrivenChain(directory: directory)
            let signed = try await chain.sign(.remark([1]), by: alice)
            var damaged = signed.bytes
            damaged[60] ^= 1
            #expect(
                await refusal { _ = try await chain.ask("author_submitExtrinsic", [.string("0x" + damaged.hex)]) }
                    == 1010)

            let edwards = try Ed25519KeyPair(suri: "//Alice")
            let ecdsa = try Secp256k1KeyPair(suri: "//Alice")
            for account in [edwards.accountID, ecdsa.accountID] {
                try await chain.execute(.transferKeepAlive(to: account, amount: 10 * token), by: alice)
            }
            let genesis = chain.chain.genesis
            let context = SigningContext(
                specVersion: 137, transactionVersion: 1, genesisHash: genesis, nonce: 0)
            let call = try chain.metadata.encode(.remark([2]))
            let (extra, additional) = try chain.metadata.signedExtensions(context)
            let payload = Extrinsic.signedBytes(ofPayload: call + extra + additional)
            for (account, signature) in [
                (edwards.accountID, MultiSignature.ed25519(edwards.sign(payload))),
                (ecdsa.accountID, MultiSignature.ecdsa(ecdsa.sign(digest: BLAKE2b.hash256(payload)))),
            ] {
                let bytes = Extrinsic.signed(call: call, signer: account, signature: signature, extra: extra)
                _ = try await chain.ask("author_submitExtrinsic", [.string("0x" + bytes.hex)])
            }
            try await chain.author()
            #expect(await chain.chain.best.extrinsics.count == 3)
        }
    }

    @Test func `what was signed for another network, runtime or time is refused`() async throws {
        try await withTemporaryDirectory { directory in
            var chain = try DrivenChain(directory: directory)
            try await chain.author(5)
            let changes: [(inout SigningContext) -> Void] = [
                { $0.genesisHash = .zero }, { $0.specVersion = 136 }, { $0.transactionVersion = 2 },
            ]
            for change in changes {
                let signed = try await chain.sign(.remark([1]), by: alice, change: change)
                #expect(await refusal { try await chain.submit(signed) } == 1010)
            }
            let mortal = try await chain.sign(.remark([1]), by: alice, era: Era(period: 4, current: 5))
            try await chain.submit(mortal)
            try await chain.author()
            #expect(try await names(chain.events(of: mortal)).last == "System.ExtrinsicSuccess")
            let late = try await chain.sign(.remark([1]), by: alice, era: Era(period: 4, current: 6))
            try await chain.author(4)
            #expect(await refusal { try await chain.submit(late) } == 1010)
        }
    }

    @Test func `stale nonces are refused, future ones wait for those before them`() async throws {
        try await withTemporaryDirectory { directory in
            var chain = try DrivenChain(directory: directory)
            try await chain.execute(.remark([0]), by: alice)
            let stale = try await chain.sign(.remark([1]), by: alice, nonce: 0)
            #expect(await refusal { try await chain.submit(stale) } == 1010)
            let third = try await chain.sign(.remark([3]), by: alice, nonce: 2)
            try await chain.submit(third)
            try await chain.author()
            #expect(await chain.chain.best.extrinsics.count == 1)
            try await chain.submit(try await chain.sign(.remark([2]), by: alice, nonce: 1))
            #expect(try await chain.sign(.remark([4]), by: alice).nonce == 3)
            try await chain.author()
            #expect(await chain.chain.best.extrinsics.count == 3)
            #expect(await chain.chain.best.extrinsics.last == third.bytes)
        }
    }

    @Test func `one nonce again needs a higher tip, and the same bytes are known`() async throws {
        try await withTemporaryDirectory { directory in
            var chain = try DrivenChain(directory: directory)
            let first = try await chain.sign(.remark([1]), by: alice)
            try await chain.submit(first)
            #expect(await refusal { try await chain.submit(first) } == 1013)
            let equal = try await chain.sign(.remark([2]), by: alice, nonce: first.nonce)
            #expect(await refusal { try await chain.submit(equal) } == 1014)
            let better = try await chain.sign(.remark([3]), by: alice, nonce: first.nonce, tip: token)
            try await chain.submit(better)
            try await chain.author()
            #expect(await chain.chain.best.extrinsics.last == better.bytes)
            let paid = try await chain.events(of: better).first { $0.name == "TransactionFeePaid" }
            #expect(paid?["tip"]?.unsigned == token)
        }
    }

    @Test func `what is mortal leaves the pool at its end, and does not come round again`() async throws {
        try await withTemporaryDirectory { directory in
            var chain = try DrivenChain(directory: directory)
            try await chain.author(5)
            let signed = try await chain.sign(.remark([1]), by: alice, era: Era(period: 4, current: 5))
            var pool = TransactionPool()
            pool.insert(try Transaction(signed.bytes), best: 5)
            #expect(pool.ready(in: 8) { _ in 0 }.count == 1)
            for number: BlockNumber in 9...20 { #expect(pool.ready(in: number) { _ in 0 }.isEmpty) }
        }
    }

    @Test func `a ban ends with its time, whether or not anything waits in the pool`() async throws {
        try await withTemporaryDirectory { directory in
            let chain = try DrivenChain(directory: directory)
            let transaction = try Transaction(try await chain.sign(.remark([1]), by: alice).bytes)
            var pool = TransactionPool()
            pool.insert(transaction, best: 5)
            pool.remove(transaction, bannedAt: 5)
            #expect(pool.isBanned(transaction.hash, best: 5 + TransactionPool.banTime - 1))
            #expect(!pool.isBanned(transaction.hash, best: 5 + TransactionPool.banTime))
        }
    }

    @Test func `a signed timestamp does not come into the pool`() async throws {
        try await withTemporaryDirectory { directory in
            let chain = try DrivenChain(directory: directory)
            for call in [Call.setTimestamp(1), .batch([.setTimestamp(1)])] {
                let bytes = try await chain.sign(call, by: alice).bytes
                let refused = await refusal {
                    _ = try await chain.ask("author_submitExtrinsic", [.string("0x" + bytes.hex)])
                }
                #expect(refused == (call.name == "set" ? 1010 : nil))
            }
        }
    }

    @Test func `a call with a weight is root's alone, and costs that weight`() async throws {
        try await withTemporaryDirectory { directory in
            var chain = try DrivenChain(directory: directory)
            #expect(try await chain.failure(of: .remark(weighing: 9_000_000), by: alice) == "BadOrigin")
            let huge = try await chain.sign(.batch([.remark(weighing: .max)]), by: alice)
            #expect(await refusal { try await chain.submit(huge) } == 1010)
        }
    }

    @Test func `the pool has room for so many bytes`() async throws {
        try await withTemporaryDirectory { directory in
            let chain = try DrivenChain(directory: directory)
            let large = [UInt8](repeating: 1, count: 3_500_000)
            for nonce: UInt32 in 0..<5 {
                try await chain.submit(try await chain.sign(.remark(large), by: alice, nonce: nonce))
            }
            let sixth = try await chain.sign(.remark(large), by: alice, nonce: 5)
            #expect(await refusal { try await chain.submit(sixth) } == 1016)
            // In the place of another there is room for it.
            let better = try await chain.sign(.remark(large), by: alice, nonce: 4, tip: token)
            try await chain.submit(better)
            let reopened = try DrivenChain(directory: directory)
            try await reopened.chain.restorePool()
            #expect(try await reopened.ask("author_pendingExtrinsics").array?.count == 5)
        }
    }

    @Test func `who cannot pay, and what the chain does not know, is refused`() async throws {
        try await withTemporaryDirectory { directory in
            let chain = try DrivenChain(directory: directory)
            let pauper = KeyPair.throwaway()
            let signed = try await chain.sign(.remark([1]), by: pauper)
            #expect(await refusal { try await chain.submit(signed) } == 1010)
            for bytes in ["0x", "0x00", "0x04", "0x1004030000", "0x10840000"] {
                #expect(await refusal { _ = try await chain.ask("author_submitExtrinsic", [.string(bytes)]) } == 1010)
            }
            // FileBank.claim_restoral_order: real, but not one of the local chain's calls.
            let call = [104, 14] + Array(String(repeating: "a", count: 64).utf8)
            let known = try await chain.sign(.remark([1]), by: alice).bytes
            let body = Array(known[2...].dropLast(4)) + call
            var encoder = ScaleEncoder()
            encoder.byteVector(body)
            let text = JSONValue.string("0x" + encoder.bytes.hex)
            #expect(await refusal { _ = try await chain.ask("author_submitExtrinsic", [text]) } == 1010)
        }
    }

    @Test func `transfers keep to the existential deposit`() async throws {
        try await withTemporaryDirectory { directory in
            var chain = try DrivenChain(directory: directory)
            let small = KeyPair.throwaway()
            try await chain.execute(.transferKeepAlive(to: small.accountID, amount: 3 * token), by: alice)
            #expect(
                try await chain.failure(of: .transferKeepAlive(to: bob.accountID, amount: 5 * token), by: small)
                    == "Token.FundsUnavailable")
            #expect(
                try await chain.failure(of: .transferKeepAlive(to: bob.accountID, amount: 5 * token / 2), by: small)
                    == "Token.NotExpendable")
            let stranger = KeyPair.throwaway()
            #expect(
                try await chain.failure(of: .transferAllowDeath(to: stranger.accountID, amount: token / 2), by: small)
                    == "Token.BelowMinimum")
            let events = try await chain.execute(.transferAll(to: bob.accountID, keepAlive: false), by: small)
            #expect(names(events).contains("System.KilledAccount"))
            #expect(try await chain.account(small) == .absent)
        }
    }

    @Test func `batches stop, fail as a whole, or go on`() async throws {
        try await withTemporaryDirectory { directory in
            var chain = try DrivenChain(directory: directory)
            let good = Call.remarkWithEvent([1])
            let bad = Call.transferKeepAlive(to: bob.accountID, amount: .max)
            func inner(_ events: [EventRecord]) -> [String] {
                names(events).filter { $0.hasPrefix("Utility") || $0.hasPrefix("System") }
            }
            #expect(
                inner(try await chain.execute(.batch([good, bad, good]), by: alice)) == [
                    "System.Remarked", "Utility.ItemCompleted", "Utility.BatchInterrupted", "System.ExtrinsicSuccess",
                ])
            #expect(
                inner(try await chain.execute(.batchAll([good, bad]), by: alice)) == ["System.ExtrinsicFailed"])
            #expect(
                inner(try await chain.execute(.forceBatch([bad, good]), by: alice)) == [
                    "Utility.ItemFailed", "System.Remarked", "Utility.ItemCompleted",
                    "Utility.BatchCompletedWithErrors", "System.ExtrinsicSuccess",
                ])
            #expect(
                inner(try await chain.execute(.batchAll([good, good]), by: alice)).contains("Utility.BatchCompleted"))
        }
    }
}
