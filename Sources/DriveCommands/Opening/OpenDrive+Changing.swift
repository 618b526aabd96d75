import BlobStore
import Drive
import Foundation
import Synchronization

extension OpenDrive {
    /// Makes a change with progress on the terminal.
    ///
    /// - Parameters:
    ///   - message: for the log.
    ///   - change: calls the library once, with these options.
    func change<Result: Sendable>(
        _ message: String, _ changing: ChangingOptions, _ console: Console,
        _ change: (ChangeOptions) async throws -> Result
    ) async throws -> Result {
        let names = Stage.allCases.map(\.description).joined(separator: ", ")
        var options = ChangeOptions()
        options.stage = try configuration.value(.wait, "one of \(names)", parse: Stage.init(name:))?.value ?? .complete
        options.transfers = try configuration.transfers() ?? options.transfers
        options.message = message
        options.waiting = { console.note("cessdrive: another command is changing the drive; waiting for it") }
        let buyer = SpaceBuyer(open: self, console: console, mayBuy: changing.yes)
        options.expand = { try await buyer.expand(by: $0) }
        return try await console.withProgress { meter in
            var options = options
            options.observer = { meter.note($0) }
            return try await change(options)
        }
    }
}

extension ProgressMeter {
    /// Takes over what the library says of a change or of a `get`.
    func note(_ event: StoreEvent) {
        update { state in
            switch event {
            case .staging(let read, _):
                state.enter("reading")
                state.doneByteCount = read
            case .reached(let stage): state.detail = stage.description
            case .sending(let total):
                state.enter("sending")
                // Told anew for what is sent once more, or was held back.
                state.totalByteCount = state.doneByteCount + total
            case .sent(let count):
                if state.stage != "sending" { state.enter("receiving") }
                state.doneByteCount += count
            case .reported(let rows, let wanted): state.detail = "\(rows)/\(wanted) rows reported"
            }
        }
    }
}

extension ProgressState {
    fileprivate mutating func enter(_ stage: String) {
        guard stage != self.stage else { return }
        self = ProgressState(stage: stage)
    }
}

/// Buys space when a change finds too little: on the local network at once, elsewhere after showing the price.
struct SpaceBuyer: Sendable {
    let open: OpenDrive
    let console: Console
    /// Whether it was agreed to in advance.
    let mayBuy: Bool

    /// - Returns: whether there is more space now.
    func expand(by missing: UInt64) async throws -> Bool {
        if open.network.isLocal {
            console.note("cessdrive: the territory is full")
            try await LocalPurse(open).buy(.expand(gibCount: LocalPurse.gibCount), console)
            return true
        }
        let purchase = Lease.Purchase.expand(gibCount: UInt32(clamping: (missing >> 30) + 1))
        let quote = try await open.lease.quote(purchase)
        guard try await console.agrees(to: purchase.text, at: quote, mayBuy: mayBuy) else { return false }
        try await open.lease.buy(purchase)
        return true
    }
}

extension Lease.Purchase {
    /// What is bought, in words.
    var text: String {
        switch self {
        case .mint(let gibCount, let days): "\(gibCount) GiB for \(days) days"
        case .expand(let gibCount): "\(gibCount) GiB more until the end of the lease"
        case .renew(let days): "\(days) days more"
        case .reactivate(let days): "the expired territory for \(days) days"
        }
    }
}

extension Console {
    /// Shows a price, and asks unless it was agreed to in advance.
    ///
    /// - Returns: false where nobody may be asked.
    /// - Throws: `ConsoleError.refused` if a person said no.
    func agrees(to what: String, at quote: Lease.Quote, mayBuy: Bool) async throws -> Bool {
        let price = "\(Tokens.text(quote.price)) and a fee of \(Tokens.text(quote.fee))"
        note("cessdrive: \(what): \(price); the account has \(Tokens.text(quote.spendable))")
        if mayBuy { return true }
        guard mayPrompt, !json else { return false }
        guard try await confirms("Buy it?") else { throw ConsoleError.refused }
        return true
    }
}

/// Amounts of tokens.
enum Tokens {
    static let unit: UInt128 = 1_000_000_000_000_000_000

    /// `900 TCESS`, with up to four digits after the point.
    static func text(_ amount: UInt128) -> String {
        let fraction = String(amount % unit / 100_000_000_000_000)
        let digits = String(repeating: "0", count: 4 - fraction.count) + fraction
        let trimmed = digits.reversed().drop { $0 == "0" }.reversed()
        return "\(amount / unit)" + (trimmed.isEmpty ? "" : "." + String(trimmed)) + " TCESS"
    }
}
