import CESS
import Primitives
import Testing

@Suite struct TerritoryPriceTests {
    static let tcess: UInt128 = 1_000_000_000_000_000_000
    let prices = TerritoryPrices(unitPrice: 30 * tcess, dayLength: 14_400)

    func territory(gib: UInt128, deadline: UInt32) -> TerritoryInfo {
        TerritoryInfo(
            token: .zero, totalSpace: gib << 30, remainingSpace: gib << 30, start: 0, deadline: deadline)
    }

    @Test func `the smallest territory costs 900 TCESS`() {
        #expect(prices.mint(gibCount: 1, days: 30) == 900 * Self.tcess)
    }

    @Test(arguments: [(14_400 as UInt32, 1 as UInt128), (14_401, 2), (1, 1), (28_800, 2)])
    func `an expansion pays every day begun`(blocksLeft: UInt32, days: UInt128) {
        let territory = territory(gib: 1, deadline: 1000 + blocksLeft)
        #expect(prices.expand(territory, byGib: 2, now: 1000) == 2 * days * 30 * Self.tcess)
    }

    @Test func `an expansion after the deadline pays nothing and does not overflow`() {
        #expect(prices.expand(territory(gib: 1, deadline: 5), byGib: 2, now: 1000) == 0)
    }

    @Test func `renewal pays for all space, reactivation a thirtieth of it`() {
        #expect(prices.renew(territory(gib: 10, deadline: 0), days: 30) == 9000 * Self.tcess)
        #expect(prices.reactivate(territory(gib: 10, deadline: 0), days: 30) == 300 * Self.tcess)
    }

    @Test func `prices without bound stay numbers`() {
        let prices = TerritoryPrices(unitPrice: .max, dayLength: 0)
        #expect(prices.mint(gibCount: .max, days: .max) == .max)
        #expect(prices.renew(territory(gib: 1 << 90, deadline: 0), days: .max) == .max)
        _ = prices.expand(territory(gib: 1, deadline: .max), byGib: .max, now: 0)
    }
}
