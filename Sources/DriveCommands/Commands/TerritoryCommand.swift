import ArgumentParser
import BlobStore
import CESS
import Foundation

/// `cessdrive territory`: the leased space.
struct TerritoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "territory", abstract: "Show, expand and renew the leased space.",
        discussion: """
            All drives of a phrase share one territory. Prices are shown before anything is paid. On the local network, where
            tokens are for nothing, nobody is asked, and a full territory grows by 1 TiB when something is stored.

            Examples:
              cessdrive territory show
              cessdrive territory expand 100G
              cessdrive territory renew 90d --yes
            """,
        subcommands: [TerritoryShow.self, TerritoryExpand.self, TerritoryRenew.self, TerritoryReactivate.self],
        defaultSubcommand: TerritoryShow.self)
}

struct TerritoryShow: DriveCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show the leased space.")

    @OptionGroup var shared: SharedOptions

    func run(on open: OpenDrive, console: Console) async throws {
        guard let lease = try await open.leaseState() else { throw StoreError.territoryMissing }
        try console.show(TerritorySummary(lease: lease))
    }
}

/// How a purchase is agreed to.
struct BuyingOptions: ParsableArguments {
    @Flag(help: "Buy without asking.") var yes = false
    @Flag(help: "Show the price only.") var dryRun = false
}

struct TerritoryExpand: DriveCommand {
    static let configuration = CommandConfiguration(
        commandName: "expand", abstract: "Lease more space, until the end of the present lease.")

    @Argument(help: "How much more, in whole GiB.") var size: String
    @OptionGroup var buying: BuyingOptions
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard (Quantities.bytes(size) ?? 0) >= 1 << 30 else { throw ValidationError("The size is at least 1G.") }
    }

    func run(on open: OpenDrive, console: Console) async throws {
        let gib = UInt32(clamping: ((Quantities.bytes(size) ?? 0) + (1 << 30) - 1) >> 30)
        try await open.buy(.expand(gibCount: gib), buying, console)
    }
}

struct TerritoryRenew: DriveCommand {
    static let configuration = CommandConfiguration(
        commandName: "renew", abstract: "Make the lease longer; a frozen territory thaws.")

    @Argument(help: "For how long, in whole days.") var time: DurationArgument
    @OptionGroup var buying: BuyingOptions
    @OptionGroup var shared: SharedOptions

    func validate() throws { try time.checkDays() }

    func run(on open: OpenDrive, console: Console) async throws {
        try await open.buy(.renew(days: time.days), buying, console)
    }
}

struct TerritoryReactivate: DriveCommand {
    static let configuration = CommandConfiguration(
        commandName: "reactivate", abstract: "Lease an expired territory anew; what it held is gone.")

    @Argument(help: "For how long, in whole days.") var time: DurationArgument
    @OptionGroup var buying: BuyingOptions
    @OptionGroup var shared: SharedOptions

    func validate() throws { try time.checkDays() }

    func run(on open: OpenDrive, console: Console) async throws {
        try await open.buy(.reactivate(days: time.days), buying, console)
    }
}

extension DurationArgument {
    fileprivate var days: UInt32 { UInt32(clamping: duration.components.seconds / 86_400) }

    fileprivate func checkDays() throws {
        guard days >= 1 else { throw ValidationError("The time is at least 1d.") }
    }
}

extension OpenDrive {
    fileprivate func buy(_ purchase: Lease.Purchase, _ buying: BuyingOptions, _ console: Console) async throws {
        let quote = try await lease.quote(purchase)
        if buying.dryRun {
            return try console.show(PriceSummary(what: purchase.text, quote: quote))
        }
        if network.isLocal {
            try await LocalPurse(self).buy(purchase, console)
        } else {
            guard try await console.agrees(to: purchase.text, at: quote, mayBuy: buying.yes) else {
                throw ConsoleError.cannotAsk("the purchase; --yes answers in advance")
            }
            try await lease.buy(purchase)
        }
        guard let state = try await leaseState() else { throw StoreError.territoryMissing }
        try console.show(TerritorySummary(lease: state))
    }
}

private struct PriceSummary: Presentable {
    let what: String
    let quote: Lease.Quote

    var text: String {
        "\(what): \(Tokens.text(quote.price)) and a fee of \(Tokens.text(quote.fee)); "
            + "the account has \(Tokens.text(quote.spendable))"
    }

    var json: JSONText {
        .object([
            ("price", .digits("\(quote.price)")), ("fee", .digits("\(quote.fee)")),
            ("spendable", .digits("\(quote.spendable)")),
        ])
    }
}

private struct TerritorySummary: Presentable {
    let lease: LeaseState

    var text: String {
        func size(_ bytes: UInt128) -> String { Quantities.text(bytes: Int(clamping: bytes)) }
        let territory = lease.territory
        return """
            state     \(lease.stateName)
            lease     until \(lease.endText)\(lease.daysLeft.map { ", \($0) days" } ?? "")
            space     \(size(territory.totalSpace))
            used      \(size(territory.usedSpace))
            locked    \(size(territory.lockedSpace))
            left      \(size(territory.remainingSpace))
            """
    }

    var json: JSONText { .object(lease.members) }
}
