public import CESS
internal import Primitives
public import Substrate

/// The territory that all drives of an account share: what it costs, and buying it.
///
/// Rules and prices: Docs/Protocol/CESS.md, 8.1 and 9. Amounts are 10⁻¹⁸ TCESS.
public struct Lease: Sendable {
    /// A price, and what the account could pay.
    public struct Quote: Hashable, Sendable {
        public let price: UInt128
        /// The fee of the extrinsic, as the chain estimates it.
        public let fee: UInt128
        public let spendable: UInt128

        public init(price: UInt128, fee: UInt128, spendable: UInt128) {
            self.price = price
            self.fee = fee
            self.spendable = spendable
        }

        /// Price and fee; the greatest number there is where a server names prices without end.
        public var total: UInt128 {
            let (sum, isTooMuch) = price.addingReportingOverflow(fee)
            return isTooMuch ? .max : sum
        }

        public var isAffordable: Bool { spendable >= total }
    }

    private let chain: CESSChain
    private let account: KeyPair
    private let name: [UInt8]

    public init(chain: CESSChain, account: KeyPair, territory: [UInt8]) {
        self.chain = chain
        self.account = account
        name = territory
    }

    /// The territory as it is now; nil if the account has none of this name.
    public func territory() async throws -> TerritoryInfo? {
        try await chain.territory(of: account.accountID, named: name, at: chain.bestBlock().hash)
    }

    public enum Purchase: Hashable, Sendable {
        /// A first territory; at least 30 days.
        case mint(gibCount: UInt32, days: UInt32)
        case expand(gibCount: UInt32)
        case renew(days: UInt32)
        /// After it has expired and its files are gone.
        case reactivate(days: UInt32)
    }

    /// What a purchase would cost now.
    ///
    /// - Throws: `StoreError.territoryMissing` for anything but `mint` where there is none.
    public func quote(_ purchase: Purchase) async throws -> Quote {
        let best = try await chain.bestBlock()
        let prices = try await chain.prices(at: best.hash)
        let price: UInt128
        switch purchase {
        case .mint(let gibCount, let days): price = prices.mint(gibCount: gibCount, days: days)
        case .expand(let gibCount):
            price = prices.expand(try await existing(), byGib: gibCount, now: best.number)
        case .renew(let days): price = prices.renew(try await existing(), days: days)
        case .reactivate(let days): price = prices.reactivate(try await existing(), days: days)
        }
        return Quote(
            price: price, fee: try await chain.fee(of: call(purchase), by: account.accountID),
            spendable: try await chain.spendableBalance(of: account.accountID, at: best.hash))
    }

    private func existing() async throws -> TerritoryInfo {
        guard let territory = try await territory() else { throw StoreError.territoryMissing }
        return territory
    }

    /// Buys, and returns when it is in a finalized block.
    ///
    /// - Throws: `StoreError.balanceTooSmall` before anything is sent; `SubmissionError`.
    public func buy(_ purchase: Purchase) async throws {
        let quote = try await quote(purchase)
        guard quote.isAffordable else {
            throw StoreError.balanceTooSmall(needed: quote.total, spendable: quote.spendable)
        }
        _ = try await chain.execute(call(purchase), by: account, finalized: true)
    }

    private func call(_ purchase: Purchase) -> Call {
        switch purchase {
        case .mint(let gibCount, let days): .mintTerritory(name, gibCount: gibCount, days: days)
        case .expand(let gibCount): .expandTerritory(name, gibCount: gibCount)
        case .renew(let days): .renewTerritory(name, days: days)
        case .reactivate(let days): .reactivateTerritory(name, days: days)
        }
    }
}
