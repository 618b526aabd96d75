import BlobStore
import Drive
import Synchronization

/// Renews a lease that is nearly over before anything more is stored under it: on a terminal it asks, with `auto-renew` it
/// does so by itself. Elsewhere the warning at the opening has to do: nothing is bought that nobody wanted.
final class LeaseRenewal: Sendable {
    private let open: OpenDrive
    private let console: Console
    private let wasOffered = Mutex(false)

    /// Days before the end from which it is offered, and by how many it is renewed unless a setting says otherwise.
    static let offeringDays: UInt32 = 14
    static let standardDays: UInt32 = 30

    init(open: OpenDrive, console: Console) {
        self.open = open
        self.console = console
    }

    /// Offers it, once. What keeps it from being bought is told, and keeps nothing from being stored.
    ///
    /// - Throws: `CancellationError`.
    func offer() async throws {
        let isFirst = wasOffered.withLock { wasOffered in
            defer { wasOffered = true }
            return !wasOffered
        }
        guard isFirst else { return }
        do {
            if let lease = try await open.leaseState(), lease.isToBeRenewed { try await renew(lease) }
        } catch ConsoleError.refused {
            // What is stored now is no reason to say it again.
        } catch {
            try Task.checkCancellation()
            console.warn("the lease was not renewed: \(ErrorReport(error).message)")
        }
    }

    private func renew(_ lease: LeaseState) async throws {
        let configured = try open.configuration.automaticRenewal()
        // The end of the lease was told at the opening: no price that nobody can agree to is needed besides.
        guard configured != nil || (console.mayPrompt && !console.json && Terminal.isThere) else { return }
        if configured != nil, !open.network.isLocal, try open.configuration.maximumCost() == nil {
            return console.warn("the lease was not renewed: auto-renew takes max-cost, which is not set")
        }
        let days = configured ?? Self.standardDays
        let isRenewed = try await SpaceBuyer(open: open, console: console, mayBuy: configured != nil).buy(
            .renew(days: days), isAgreed: configured != nil,
            asking: "The lease ends on \(lease.endText). Renew it by \(days) days now?")
        guard isRenewed, let renewed = try await open.leaseState() else { return }
        console.note("cessdrive: the lease was renewed until \(renewed.endText)")
    }
}
