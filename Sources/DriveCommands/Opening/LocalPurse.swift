import BlobStore
import CESS
import Drive
import Primitives
import Substrate

/// Buys on the local network, where tokens are for nothing: the account is endowed from //Alice first.
struct LocalPurse: Sendable {
    private let chain: CESSChain
    private let lease: Lease
    private let account: AccountID

    /// What is bought at once: 1 TiB.
    static let gibCount: UInt32 = 1024
    static let days: UInt32 = 365

    init(_ open: OpenDrive) {
        chain = open.chain
        lease = open.lease
        account = open.drive.accountID
    }

    /// Buys without asking, and says what and for how much.
    func buy(_ purchase: Lease.Purchase, at quote: Lease.Quote, _ console: Console) async throws {
        let price = "\(Tokens.text(quote.price)) and a fee of \(Tokens.text(quote.fee))"
        console.note("cessdrive: \(purchase.text), bought at once on the local network: \(price)")
        // Enough for the fees of a long life, too.
        let (wanted, isTooMuch) = quote.total.addingReportingOverflow(1000 * Tokens.unit)
        guard !isTooMuch else {
            throw StoreError.balanceTooSmall(needed: quote.total, spendable: quote.spendable)
        }
        if quote.spendable < wanted { try await endow(wanted - quote.spendable) }
        try await lease.buy(purchase)
    }

    /// Several drives may be made at once, and //Alice has one sequence of nonces: whoever comes second tries again.
    private func endow(_ amount: UInt128) async throws {
        let alice = try KeyPair(suri: "//Alice")
        let transfer = Call.transferKeepAlive(to: account, amount: amount)
        for attempt in 1... {
            do {
                _ = try await chain.execute(transfer, by: alice, finalized: true)
                return
            } catch SubmissionError.refused(let refusal, _) where refusal.isAboutNonce && attempt < 20 {
                continue
            } catch SubmissionError.superseded where attempt < 20 {
                continue
            }
        }
    }
}

extension PoolRefusal {
    fileprivate var isAboutNonce: Bool {
        switch self {
        case .stale, .future, .priority: true
        default: false
        }
    }
}
