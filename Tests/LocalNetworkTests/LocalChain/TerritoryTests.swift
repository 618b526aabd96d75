import CESS
import Foundation
import Primitives
import Substrate
import TestSupport
import Testing

@testable import LocalNetwork

private let token = RuntimeParameters.existentialDeposit

@Suite struct LocalTerritoryTests {
    private let alice = DrivenChain.alice
    private let bob = DrivenChain.bob
    private func bytes(_ name: String) -> [UInt8] { Array(name.utf8) }

    @Test func `minting takes the price and leases the space`() async throws {
        try await withTemporaryDirectory { directory in
            var chain = try DrivenChain(directory: directory)
            let mint = Call.mintTerritory(bytes("docs"), gibCount: 2, days: 30)
            #expect(try await chain.failure(of: mint, by: alice) == "StorageHandler.InsufficientAvailableSpace")
            _ = try await chain.registerNodes(1)
            let events = try await chain.execute(mint, by: alice)
            #expect(
                names(events) == [
                    "Balances.Withdraw", "Balances.Transfer", "StorageHandler.MintTerritory",
                    "TransactionPayment.TransactionFeePaid", "System.ExtrinsicSuccess",
                ])
            #expect(events[2]["spend"]?.unsigned == 2 * 30 * 30 * token)
            let territory = try #require(try await chain.territory("docs", of: alice))
            #expect(territory.totalSpace == 2 << 30)
            #expect(territory.remainingSpace == 2 << 30)
            #expect(territory.deadline == territory.start + 300)
            #expect(try await chain.failure(of: mint, by: alice) == "StorageHandler.PurchasedSpace")
            #expect(
                try await chain.failure(of: .mintTerritory(bytes("short"), gibCount: 1, days: 29), by: alice)
                    == "StorageHandler.BoundariesNotMet")
            #expect(
                try await chain.failure(of: .mintTerritory(bytes("much"), gibCount: 9999, days: 30), by: alice)
                    == "StorageHandler.InsufficientAvailableSpace")
            let mine = Call.mintTerritory(bytes("mine"), gibCount: 1, days: 30)  // 900 TCESS
            let poor = KeyPair.throwaway()
            try await chain.execute(.transferKeepAlive(to: poor.accountID, amount: 899 * token), by: alice)
            #expect(try await chain.failure(of: mine, by: poor) == "StorageHandler.InsufficientBalance")
            // The price alone is not enough: the buyer must stay alive.
            try await chain.execute(.transferKeepAlive(to: poor.accountID, amount: 3 * token / 2), by: alice)
            #expect(try await chain.failure(of: mine, by: poor) == "Token.NotExpendable")
        }
    }

    @Test func `expanding pays the days that remain, renewing adds days`() async throws {
        try await withTemporaryDirectory { directory in
            var chain = try DrivenChain(directory: directory)
            _ = try await chain.registerNodes(1)
            #expect(
                try await chain.failure(of: .expandTerritory(bytes("docs"), gibCount: 1), by: alice)
                    == "StorageHandler.NotHaveTerritory")
            try await chain.execute(.mintTerritory(bytes("docs"), gibCount: 1, days: 30), by: alice)
            let minted = try #require(try await chain.territory("docs", of: alice))
            try await chain.author(14)
            let events = try await chain.execute(.expandTerritory(bytes("docs"), gibCount: 3), by: alice)
            // 15 of 300 blocks have passed: 28.5 days, rounded up.
            #expect(events.first { $0.name == "ExpansionTerritory" }?["spend"]?.unsigned == 3 * 29 * 30 * token)
            let renewed = try await chain.execute(.renewTerritory(bytes("docs"), days: 5), by: alice)
            #expect(renewed.first { $0.name == "RenewalTerritory" }?["spend"]?.unsigned == 4 * 5 * 30 * token)
            let territory = try #require(try await chain.territory("docs", of: alice))
            #expect(territory.totalSpace == 4 << 30)
            #expect(territory.deadline == minted.deadline + 50)
        }
    }

    @Test func `a lease freezes at its deadline, ends after the grace, and can be renewed or taken up again`()
        async throws
    {
        try await withTemporaryDirectory { directory in
            var chain = try DrivenChain(directory: directory, dayBlocks: 1, frozenDays: 3)
            _ = try await chain.registerNodes(1)
            try await chain.execute(.mintTerritory(bytes("docs"), gibCount: 1, days: 30), by: alice)
            let deadline = try #require(try await chain.territory("docs", of: alice)).deadline
            try await chain.author(Int(deadline - chain.number()) - 1)
            #expect(try await chain.territory("docs", of: alice)?.state == .active)
            try await chain.author()
            #expect(try await chain.territory("docs", of: alice)?.state == .frozen)
            #expect(
                try await chain.failure(of: .expandTerritory(bytes("docs"), gibCount: 1), by: alice)
                    == "StorageHandler.NotActive")
            try await chain.execute(.renewTerritory(bytes("docs"), days: 0), by: alice)
            #expect(try await chain.territory("docs", of: alice)?.state == .frozen)
            try await chain.execute(.renewTerritory(bytes("docs"), days: 2), by: alice)
            let renewed = try #require(try await chain.territory("docs", of: alice))
            #expect(renewed.state == .active)
            #expect(try await renewed.deadline == chain.number() + 2)
            #expect(try await renewed.start == chain.number())
            #expect(
                try await chain.failure(of: .reactivateTerritory(bytes("docs"), days: 30), by: alice)
                    == "StorageHandler.NotExpire")
            try await chain.author(5)
            let ended = try #require(try await chain.territory("docs", of: alice))
            #expect(ended.state == .expired)
            #expect(try await chain.number() >= renewed.deadline + 3)
            #expect(try await chain.value(Keys.purchasedSpace, as: Amount.self)?.value == 0)
            #expect(
                try await chain.failure(of: .renewTerritory(bytes("docs"), days: 2), by: alice)
                    == "StorageHandler.StateError")
            let events = try await chain.execute(.reactivateTerritory(bytes("docs"), days: 30), by: alice)
            #expect(events.first { $0.name == "ReactivateTerritory" }?["spend"]?.unsigned == 30 * token)
            #expect(try await chain.territory("docs", of: alice)?.state == .active)
        }
    }

    @Test func `an empty territory is renamed or given away under its raw token`() async throws {
        try await withTemporaryDirectory { directory in
            var chain = try DrivenChain(directory: directory)
            _ = try await chain.registerNodes(1)
            for name in ["docs", "other"] {
                try await chain.execute(.mintTerritory(bytes(name), gibCount: 1, days: 30), by: alice)
            }
            #expect(
                try await chain.failure(of: .renameTerritory(bytes("docs"), to: bytes("other")), by: alice)
                    == "StorageHandler.DuplicateName")
            try await chain.execute(.renameTerritory(bytes("docs"), to: bytes("papers")), by: alice)
            let territory = try #require(try await chain.territory("papers", of: alice))
            #expect(try await chain.territory("docs", of: alice) == nil)
            try await chain.execute(MadeUpFile(1).declaration(by: alice, territory: "other"), by: alice)
            #expect(
                try await chain.failure(of: .grantTerritory(bytes("other"), to: bob.accountID), by: alice)
                    == "StorageHandler.ObjectNotZero")
            try await chain.execute(.grantTerritory(bytes("papers"), to: bob.accountID), by: alice)
            let key = TerritoryKey(owner: bob.accountID, name: territory.token.bytes)
            #expect(try await chain.value(Keys.territory(key), as: TerritoryInfo.self) == territory)
            #expect(try await chain.value(Keys.territoryKey(territory.token), as: TerritoryKey.self) == key)
        }
    }
}
