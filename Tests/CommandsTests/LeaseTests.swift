import ArgumentParser
import BlobStore
import CESS
import Primitives
import Substrate
import SystemPackage
import Testing

@testable import DriveCommands

@Suite struct LeaseTests {
    private func lease(blocksLeft: Int64, _ state: TerritoryState = .active) -> LeaseState {
        let territory = TerritoryInfo(
            token: .zero, totalSpace: 10 << 30, remainingSpace: 10 << 30, start: 0,
            deadline: UInt32(10_000 + blocksLeft), state: state)
        return LeaseState(territory, now: 10_000, dayLength: 100, blockTime: .seconds(6))
    }

    @Test(arguments: [
        (3000 as Int64, 30 as UInt32?), (2999, 29), (100, 1), (99, 0), (1, 0), (0, nil), (-5, nil),
    ])
    func `days left are whole ones, and none once the lease has ended`(blocks: Int64, days: UInt32?) {
        #expect(lease(blocksLeft: blocks).daysLeft == days)
    }

    @Test func `under thirty days it is warned of, under fourteen a renewal is offered, under seven it is urgent`() {
        for (days, warns, renews, isUrgent) in [
            (31 as Int64, false, false, false), (30, false, false, false), (29, true, false, false),
            (14, true, false, false), (13, true, true, false), (7, true, true, false), (6, true, true, true),
        ] {
            let lease = lease(blocksLeft: days * 100)
            #expect((lease.warning != nil) == warns, "\(days) days")
            #expect(lease.isToBeRenewed == renews, "\(days) days")
            #expect(lease.isUrgent == isUrgent, "\(days) days")
        }
    }

    @Test func `a frozen lease can be renewed, one that expired cannot`() {
        let frozen = lease(blocksLeft: -5, .frozen)
        #expect(frozen.isToBeRenewed && frozen.isUrgent)
        #expect(frozen.warning?.contains("territory renew 30d") == true)
        let expired = lease(blocksLeft: -5, .expired)
        #expect(!expired.isToBeRenewed && expired.isUrgent && expired.warning?.contains("is gone") == true)
    }

    @Test(arguments: [
        ("900", "900"), ("12.5", "12.5"), ("0.000000000000000001", "0"), ("900 TCESS", "900"), ("1TCESS", "1"),
        ("0", "0"),
    ])
    func `amounts are read as they are shown`(text: String, shown: String) throws {
        let amount = try #require(Tokens.amount(text))
        #expect(Tokens.text(amount) == shown + " TCESS")
    }

    @Test(arguments: [
        "", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "1.0000000000000000001", "TCESS", "٣",
        "340282366920938463464", "99999999999999999999999999999999999999999",
    ])
    func `what is no amount is none`(text: String) { #expect(Tokens.amount(text) == nil) }

    private func configuration(_ cap: String?) throws -> Configuration {
        var flags: [Setting: String] = [:]
        flags[.maxCost] = cap
        return try Configuration(
            flags: flags, environment: [:], file: ConfigurationFile(),
            paths: Paths(environment: ["HOME": "/h"], userID: 0) { _ in false })
    }

    @Test func `a cap is for price and fee together, and says where it comes from`() throws {
        let quote = Lease.Quote(price: 900 * Tokens.unit, fee: Tokens.unit, spendable: .max)
        try configuration("901").checkCost(of: .renew(days: 30), quote)
        try configuration(nil).checkCost(of: .renew(days: 30), quote)
        #expect {
            try configuration("900.5").checkCost(of: .renew(days: 30), quote)
        } throws: { error in
            let report = ErrorReport(error)
            return report.status == .tooExpensive && report.message.contains("901 TCESS")
                && report.message.contains("900.5 TCESS") && report.message.contains("the option --max-cost")
        }
    }

    @Test func `a territory is bought only where there is none, for the chain's least time`() throws {
        let command = try TerritoryBuy.parse(["1.5G", "30"])
        #expect(try command.purchase(for: nil) == .mint(gibCount: 2, days: 30))
        for state in [TerritoryState.active, .frozen, .expired, .onConsignment] {
            #expect(throws: TerritoryError.exists(state: state)) {
                try command.purchase(for: lease(blocksLeft: 5, state))
            }
        }
        #expect(throws: (any Error).self) { try TerritoryBuy.parse(["1G", "29d"]) }
    }

    @Test func `days are numbers or time spans, space is in whole GiB`() {
        #expect(DaysArgument(argument: "90")?.days == 90)
        #expect(DaysArgument(argument: "12w")?.days == 84)
        #expect(DaysArgument(argument: "36h")?.days == 1)
        for text in ["", "0", "23h", "-1", "99999999999999", "9223372036854775807", "d"] {
            #expect(DaysArgument(argument: text) == nil)
        }
        #expect(SpaceArgument(argument: "1G")?.gibCount == 1)
        #expect(SpaceArgument(argument: "1.1G")?.gibCount == 2)
        for text in ["", "1", "1023M", "-1G", "9999999T"] { #expect(SpaceArgument(argument: text) == nil) }
    }

    @Test func `an estimate is of what can be bought for the territory as it is`() {
        let prices = TerritoryPrices(unitPrice: 30 * Tokens.unit, dayLength: 100)
        func estimate(_ territory: TerritoryInfo?) -> String {
            Estimate(
                gibCount: 1, days: 30, prices: prices, territory: territory, now: 10_000, spendable: nil
            ).json.description
        }
        #expect(
            estimate(nil)
                == #"{"gib":1,"days":30,"unitPrice":"30000000000000000000","new":"900000000000000000000","#
                + #""expand":null,"renew":null,"spendable":null}"#)
        #expect(
            estimate(lease(blocksLeft: 150).territory).contains(
                #""expand":"60000000000000000000","renew":"9000000000000000000000""#))
        #expect(
            estimate(lease(blocksLeft: -1, .frozen).territory).contains(
                #""expand":null,"renew":"9000000000000000000000""#))
    }

    @Test func `the drives' territory is marked and comes first, and names that are not text keep their bytes`() {
        let table = TerritoryTable([
            TerritoryRow(name: [0x7a, 0xff], isOurs: false, lease: lease(blocksLeft: -1, .frozen)),
            TerritoryRow(name: Array("a\u{1B}[2J".utf8), isOurs: false, lease: lease(blocksLeft: 100)),
            TerritoryRow(name: Array("ours".utf8), isOurs: true, lease: lease(blocksLeft: 100)),
        ])
        let lines = table.text.split(separator: "\n")
        #expect(lines.count == 4 && lines[1].hasPrefix("*  active  20") && lines[1].hasSuffix("  ours"))
        #expect(lines[2].hasPrefix("   active  20") && lines[2].hasSuffix("  a?[2J"))
        #expect(lines[3].hasPrefix("   frozen  20"))
        let json = table.json.description
        #expect(json.hasPrefix(#"{"territories":[{"name":"ours","ours":true,"state":"active","#))
        #expect(json.contains(#""nameBytes":"7aff","ours":false,"state":"frozen""#))
    }
}
