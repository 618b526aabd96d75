import BlobStore
import Drive

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
        var options = try changeOptions(changing.sending, console)
        options.stage = try configuration.stage()
        options.message = message
        return try await console.withProgress { meter in
            var options = options
            options.observer = { meter.note($0) }
            return try await change(options)
        }
    }

    /// How changes are made that end when they are complete, and are named later.
    func changeOptions(_ sending: SendingOptions, _ console: Console) throws -> ChangeOptions {
        // Those that are seldom looked at would be found wrong when it matters.
        for setting in [Setting.maxCost, .autoRenew] { try configuration.check(setting) }
        var options = ChangeOptions()
        options.transfers = try configuration.transfers()
        options.waiting = { console.note("cessdrive: another command is changing the drive; waiting for it") }
        let buyer = SpaceBuyer(open: self, console: console, mayBuy: sending.yes)
        options.expand = { try await buyer.expand(by: $0) }
        let renewal = LeaseRenewal(open: self, console: console)
        options.declaring = { try await renewal.offer() }
        return options
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
