import ArgumentParser
import Drive
import Foundation

/// A command about a drive: its arguments, and one call of the library.
protocol DriveCommand: ConsoleCommand {
    var shared: SharedOptions { get }
    /// The command's own options that are settings too.
    var settings: [Setting: String] { get }

    func run(on open: OpenDrive, console: Console) async throws
}

extension DriveCommand {
    var output: OutputOptions { shared.output }
    var settings: [Setting: String] { [:] }

    func run(console: Console) async throws {
        let configuration = try shared.configuration(
            environment: ByteText.environment, more: settings)
        let access = try KeyAccess(shared, configuration)
        let open = try await OpenDrive(
            home: access.home, keys: try await access.dailyKeys(), configuration: configuration)
        await open.warnOfLease(console)
        try await run(on: open, console: console)
    }
}

/// A command that changes a drive.
protocol ChangingCommand: DriveCommand {
    var changing: ChangingOptions { get }
}

extension ChangingCommand {
    var settings: [Setting: String] { changing.settings }
}

/// What every change takes.
struct ChangingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How far to go before returning: staged, declared, placed, included, complete.", valueName: "stage"),
        completion: .list(["staged", "declared", "placed", "included", "complete"]))
    var wait: String?

    @OptionGroup var sending: SendingOptions

    var settings: [Setting: String] {
        var settings = sending.settings
        settings[.wait] = wait
        return settings
    }
}

/// What everything that sends takes.
struct SendingOptions: ParsableArguments {
    @Option(name: .customLong("bwlimit"), help: ArgumentHelp("Send at most so many bytes a second.", valueName: "rate"))
    var bandwidthLimit: String?

    @Option(help: ArgumentHelp("How many rows are sent at a time.", valueName: "number"))
    var transfers: String?

    @Flag(help: "Buy space that is missing without asking.") var yes = false

    @OptionGroup var cost: CostOptions

    @Option(
        help: ArgumentHelp(
            "Renew a lease that ends within 14 days by so much, without asking (with --max-cost).", valueName: "time"))
    var autoRenew: String?

    var settings: [Setting: String] {
        var settings = cost.settings
        settings[.autoRenew] = autoRenew
        settings[.bandwidthLimit] = bandwidthLimit
        settings[.transfers] = transfers
        return settings
    }
}

/// What every command that may buy something takes.
struct CostOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Buy nothing that costs more, its fee included, in TCESS.", valueName: "amount"))
    var maxCost: String?

    var settings: [Setting: String] {
        var settings: [Setting: String] = [:]
        settings[.maxCost] = maxCost
        return settings
    }
}
