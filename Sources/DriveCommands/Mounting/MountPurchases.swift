import Drive
import Sealing

/// What a mount may buy, by what was agreed to in advance: nobody sits before it to answer.
struct MountPurchases: Sendable {
    let home: DriveHome
    let keys: DailyKeys
    let configuration: Configuration
    let mayBuy: Bool

    private var console: Console { Console(noInput: true, environment: ByteText.environment) }

    /// Opened anew each time: a mount lives for months, and seldom buys anything.
    private func open() async throws -> OpenDrive {
        try await OpenDrive(home: home, keys: keys, configuration: configuration)
    }

    func expand(by missing: UInt64) async throws -> Bool {
        try await SpaceBuyer(open: try await open(), console: console, mayBuy: mayBuy).expand(by: missing)
    }

    func renew() async throws {
        guard try configuration.automaticRenewal() != nil else { return }
        try await LeaseRenewal(open: try await open(), console: console).offer()
    }
}
