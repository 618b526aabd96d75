public import Substrate

/// What the calls on territories cost beside their fees, in 10⁻¹⁸ TCESS. What exceeds 128 bits is the largest number.
///
/// Rules: Docs/Protocol/CESS.md, section 9.
public struct TerritoryPrices: Hashable, Sendable {
    /// Of a GiB for a day.
    public let unitPrice: UInt128
    /// Blocks in a day.
    public let dayLength: UInt32

    public init(unitPrice: UInt128, dayLength: UInt32) {
        self.unitPrice = unitPrice
        self.dayLength = max(1, dayLength)
    }

    /// A new territory.
    public func mint(gibCount: UInt32, days: UInt32) -> UInt128 {
        product(UInt128(gibCount) * UInt128(days), unitPrice)
    }

    /// More space until the deadline; days begun are paid.
    public func expand(_ territory: TerritoryInfo, byGib gibCount: UInt32, now: BlockNumber) -> UInt128 {
        let blocks = territory.deadline > now ? territory.deadline - now : 0
        let days = blocks / dayLength + (blocks.isMultiple(of: dayLength) ? 0 : 1)
        return product(UInt128(gibCount) * UInt128(days), unitPrice)
    }

    /// A longer lease.
    public func renew(_ territory: TerritoryInfo, days: UInt32) -> UInt128 {
        product(product(territory.totalSpace / CESSLimits.gibibyte, UInt128(days)), unitPrice)
    }

    /// A new lease of an expired territory: a thirtieth of the others, as the chain has it.
    public func reactivate(_ territory: TerritoryInfo, days: UInt32) -> UInt128 {
        product(product(territory.totalSpace / CESSLimits.gibibyte, UInt128(days)), unitPrice / 30)
    }

    private func product(_ a: UInt128, _ b: UInt128) -> UInt128 {
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        return overflow ? .max : product
    }
}
