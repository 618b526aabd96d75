import ArgumentParser
import BlobStore
import CESS
import Drive
import Foundation
import HTTPClient
import Substrate

/// `cessdrive territory estimate`: prices, and nothing is bought.
struct TerritoryEstimate: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "estimate", abstract: "Show what space and time would cost; nothing is bought.",
        discussion: """
            Prices are the chain's at this moment, without the fee of some thousandths of a token. Without a drive the network is
            asked alone, so that 'init' holds no surprise.

            Examples:
              cessdrive territory estimate 100G 90d
              cessdrive territory estimate 1T 365 --network mine
            """)

    @Argument(help: "How much space, in whole GiB.") var size: SpaceArgument
    @Argument(help: "For how long, in whole days.") var time: DaysArgument
    @OptionGroup var shared: SharedOptions
    var output: OutputOptions { shared.output }

    func run(console: Console) async throws {
        let configuration = try shared.configuration(environment: ByteText.environment)
        let isAlone = configuration[.drive] == nil && DriveHome.names(in: configuration.paths.drives).isEmpty
        if isAlone {
            let chain = try await connect(configuration.chosenNetwork(), configuration, HTTPClient())
            return try console.show(try await estimate(on: chain, account: nil, territory: nil))
        }
        let access = try KeyAccess(shared, configuration)
        let open = try await OpenDrive(
            home: access.home, keys: try await access.dailyKeys(), configuration: configuration)
        await open.warnOfLease(console)
        try console.show(
            try await estimate(on: open.chain, account: open.drive.accountID, territory: open.lease.territory()))
    }

    private func estimate(
        on chain: CESSChain, account: AccountID?, territory: TerritoryInfo?
    ) async throws -> Estimate {
        let best = try await chain.bestBlock()
        let prices = try await chain.prices(at: best.hash)
        var spendable: UInt128?
        if let account { spendable = try await chain.spendableBalance(of: account, at: best.hash) }
        return Estimate(
            gibCount: size.gibCount, days: time.days, prices: prices, territory: territory, now: best.number,
            spendable: spendable)
    }
}

/// What is asked for, at the prices of a block. Amounts in 10⁻¹⁸ TCESS.
struct Estimate: Presentable {
    let gibCount: UInt32
    let days: UInt32
    let prices: TerritoryPrices
    /// The drive's; nil without one.
    let territory: TerritoryInfo?
    let now: BlockNumber
    let spendable: UInt128?

    /// Only a territory whose lease runs can be made larger, and only one that is not gone longer.
    private var expansion: UInt128? {
        territory.flatMap { $0.state == .active ? prices.expand($0, byGib: gibCount, now: now) : nil }
    }
    private var renewal: UInt128? {
        territory.flatMap { [.active, .frozen].contains($0.state) ? prices.renew($0, days: days) : nil }
    }
    private var new: UInt128 { prices.mint(gibCount: gibCount, days: days) }

    var text: String {
        var lines = [
            "unit price  \(Tokens.text(prices.unitPrice)) for a GiB and a day",
            "new         \(Tokens.text(new)) for \(gibCount) GiB and \(days) days",
        ]
        if let expansion {
            lines.append("expand      \(Tokens.text(expansion)) for \(gibCount) GiB more until the end of the lease")
        }
        if let renewal, let territory {
            let size = Quantities.text(bytes: Int(clamping: territory.totalSpace))
            lines.append("renew       \(Tokens.text(renewal)) for \(days) days more of the present \(size)")
        }
        lines.append("holds       \(Quantities.text(bytes: Int(gibCount) << 30 / 3)) of files in \(gibCount) GiB")
        if let spendable { lines.append("account     \(Tokens.text(spendable))") }
        return lines.joined(separator: "\n")
    }

    var json: JSONText {
        func amount(_ value: UInt128?) -> JSONText { value.map { .digits("\($0)") } ?? .null }
        return .object([
            ("gib", .integer(Int64(gibCount))), ("days", .integer(Int64(days))),
            ("unitPrice", amount(prices.unitPrice)), ("new", amount(new)), ("expand", amount(expansion)),
            ("renew", amount(renewal)), ("spendable", amount(spendable)),
        ])
    }
}
