import BlobStore
import Drive

/// Buys space: whatever it is for, the price is shown, it keeps to `max-cost`, and somebody has agreed to it. On the local
/// network, where tokens are for nothing, nobody is asked.
struct SpaceBuyer: Sendable {
    let open: OpenDrive
    let console: Console
    /// Whether it was agreed to in advance.
    let mayBuy: Bool

    /// Buys more when a change finds too little.
    ///
    /// - Returns: whether there is more space now.
    func expand(by missing: UInt64) async throws -> Bool {
        guard open.network.isLocal else {
            return try await buy(.expand(gibCount: UInt32(clamping: (missing >> 30) + 1)))
        }
        console.note("cessdrive: the territory is full")
        return try await buy(.expand(gibCount: LocalPurse.gibCount))
    }

    /// - Returns: false where nobody has agreed, and nobody may be asked.
    /// - Throws: `CostError.aboveCap` and `StoreError.balanceTooSmall` before anybody is asked, `ConsoleError.refused` if a
    ///   person said no.
    func buy(_ purchase: Lease.Purchase) async throws -> Bool {
        try await buy(purchase, isAgreed: mayBuy || open.network.isLocal, asking: "Buy it?")
    }

    func buy(_ purchase: Lease.Purchase, isAgreed: Bool, asking question: String) async throws -> Bool {
        let quote = try await open.lease.quote(purchase)
        let isLocal = open.network.isLocal
        if !isLocal || !isAgreed {
            console.note("cessdrive: \(quote.text(of: purchase)); the account has \(Tokens.text(quote.spendable))")
        }
        guard isAgreed || (console.mayPrompt && !console.json) else { return false }
        try open.configuration.checkCost(of: purchase, quote)
        guard isLocal || quote.isAffordable else {
            throw StoreError.balanceTooSmall(needed: quote.total, spendable: quote.spendable)
        }
        if !isAgreed, try await !console.confirms(question) { throw ConsoleError.refused }
        if isLocal {
            try await LocalPurse(open).buy(purchase, at: quote, console)
        } else {
            try await open.lease.buy(purchase)
        }
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

extension Lease.Quote {
    /// `30 days more: 900 TCESS and a fee of 0.01 TCESS`.
    func text(of purchase: Lease.Purchase) -> String {
        "\(purchase.text): \(Tokens.text(price)) and a fee of \(Tokens.text(fee))"
    }
}

extension Configuration {
    /// - Throws: `CostError.aboveCap` if a purchase costs more than `max-cost`, its fee included.
    func checkCost(of purchase: Lease.Purchase, _ quote: Lease.Quote) throws {
        guard let cap = try maximumCost(), quote.total > cap.value else { return }
        throw CostError.aboveCap(purchase.text, total: quote.total, cap: cap)
    }
}

/// A price that is not to be paid.
enum CostError: Reportable, Equatable, CustomStringConvertible {
    /// Amounts in 10⁻¹⁸ TCESS.
    case aboveCap(String, total: UInt128, cap: Resolved<UInt128>)

    var description: String {
        switch self {
        case .aboveCap(let what, let total, let cap):
            "\(what) would cost \(Tokens.text(total)), and \(Tokens.text(cap.value)) may be paid (\(cap.origin))"
        }
    }

    var hint: String? { "nothing was bought; raise --max-cost, or buy less" }
    var exitStatus: ExitStatus { .tooExpensive }
}

/// Amounts of tokens.
enum Tokens {
    static let unit: UInt128 = 1_000_000_000_000_000_000
    private static let decimals = 18

    /// `900 TCESS`, with up to four digits after the point.
    static func text(_ amount: UInt128) -> String {
        let fraction = String(amount % unit / 100_000_000_000_000)
        let digits = String(repeating: "0", count: 4 - fraction.count) + fraction
        let trimmed = digits.reversed().drop { $0 == "0" }.reversed()
        return "\(amount / unit)" + (trimmed.isEmpty ? "" : "." + String(trimmed)) + " TCESS"
    }

    /// An amount from `900`, `12.5` or `900 TCESS`; nil if it is none.
    static func amount(_ text: String) -> UInt128? {
        var text = text[...]
        if text.hasSuffix("TCESS") { text = text.dropLast(5) }
        while text.last == " " { text = text.dropLast() }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard 1...2 ~= parts.count, let first = parts.first, parts.allSatisfy({ isDigits($0) }),
            let whole = UInt128(first)
        else { return nil }
        let fraction = parts.count == 2 ? parts[1] : ""
        guard fraction.count <= decimals,
            let rest = UInt128(fraction + String(repeating: "0", count: decimals - fraction.count))
        else { return nil }
        let (product, isTooMuch) = whole.multipliedReportingOverflow(by: unit)
        let (sum, isStillTooMuch) = product.addingReportingOverflow(rest)
        return isTooMuch || isStillTooMuch ? nil : sum
    }

    private static func isDigits(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
    }
}
