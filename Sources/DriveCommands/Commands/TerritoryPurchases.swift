import ArgumentParser
import BlobStore
import CESS

/// A command that buys something of a territory.
protocol PurchaseCommand: DriveCommand {
    var buying: BuyingOptions { get }

    /// What is to be bought.
    ///
    /// - Throws: `TerritoryError` where the territory, nil if there is none, is not one that this can be bought for.
    func purchase(for lease: LeaseState?) throws -> Lease.Purchase
}

/// How a purchase is agreed to.
struct BuyingOptions: ParsableArguments {
    @Flag(help: "Buy without asking.") var yes = false
    @Flag(help: "Show the price only.") var dryRun = false
    @OptionGroup var cost: CostOptions
}

extension PurchaseCommand {
    var settings: [Setting: String] { buying.cost.settings }

    func run(on open: OpenDrive, console: Console) async throws {
        try open.configuration.check(.maxCost)
        let purchase = try purchase(for: try await open.leaseState())
        if buying.dryRun {
            return try console.show(PriceSummary(what: purchase, quote: try await open.lease.quote(purchase)))
        }
        guard try await SpaceBuyer(open: open, console: console, mayBuy: buying.yes).buy(purchase) else {
            throw ConsoleError.cannotAsk("the purchase; --yes answers in advance")
        }
        guard let state = try await open.leaseState() else { throw StoreError.territoryMissing }
        try console.show(TerritorySummary(lease: state))
    }
}

struct TerritoryBuy: PurchaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "buy", abstract: "Lease a territory where the account has none for its drives.",
        discussion: """
            'cessdrive init' does so by itself. Another one is needed only where the chain has removed the first: what that held
            is gone.

            Example:
              cessdrive territory buy 100G 90d
            """)

    @Argument(help: "How much space, in whole GiB.") var size: SpaceArgument
    @Argument(help: "For how long, in whole days; at least 30.") var time: DaysArgument
    @OptionGroup var buying: BuyingOptions
    @OptionGroup var shared: SharedOptions

    /// The chain's own limit.
    static let minimumDays: UInt32 = 30

    func validate() throws {
        guard time.days >= Self.minimumDays else { throw ValidationError("The time is at least \(Self.minimumDays)d.") }
    }

    func purchase(for lease: LeaseState?) throws -> Lease.Purchase {
        if let lease { throw TerritoryError.exists(state: lease.territory.state) }
        return .mint(gibCount: size.gibCount, days: time.days)
    }
}

struct TerritoryExpand: PurchaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "expand", abstract: "Lease more space, until the end of the present lease.")

    @Argument(help: "How much more, in whole GiB.") var size: SpaceArgument
    @OptionGroup var buying: BuyingOptions
    @OptionGroup var shared: SharedOptions

    func purchase(for lease: LeaseState?) throws -> Lease.Purchase { .expand(gibCount: size.gibCount) }
}

struct TerritoryRenew: PurchaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "renew", abstract: "Make the lease longer; a frozen territory thaws.")

    @Argument(help: "For how long, in whole days.") var time: DaysArgument
    @OptionGroup var buying: BuyingOptions
    @OptionGroup var shared: SharedOptions

    func purchase(for lease: LeaseState?) throws -> Lease.Purchase { .renew(days: time.days) }
}

struct TerritoryReactivate: PurchaseCommand {
    static let configuration = CommandConfiguration(
        commandName: "reactivate", abstract: "Lease an expired territory anew; what it held is gone.")

    @Argument(help: "For how long, in whole days.") var time: DaysArgument
    @OptionGroup var buying: BuyingOptions
    @OptionGroup var shared: SharedOptions

    func purchase(for lease: LeaseState?) throws -> Lease.Purchase { .reactivate(days: time.days) }
}

private struct PriceSummary: Presentable {
    let what: Lease.Purchase
    let quote: Lease.Quote

    var text: String { "\(quote.text(of: what)); the account has \(Tokens.text(quote.spendable))" }

    var json: JSONText {
        .object([
            ("price", .digits("\(quote.price)")), ("fee", .digits("\(quote.fee)")),
            ("spendable", .digits("\(quote.spendable)")),
        ])
    }
}

/// What cannot be bought for a territory as it is.
enum TerritoryError: Reportable, Equatable, CustomStringConvertible {
    /// All drives of an account share one.
    case exists(state: TerritoryState)

    var description: String {
        switch self {
        case .exists: "the account has a territory for its drives already"
        }
    }

    var hint: String? {
        switch self {
        case .exists(.active), .exists(.onConsignment):
            "'cessdrive territory expand' makes it larger, 'cessdrive territory renew' its lease longer"
        case .exists(.frozen): "'cessdrive territory renew 30d' thaws it"
        case .exists(.expired): "'cessdrive territory reactivate 30d' leases it anew"
        }
    }
}
