import ArgumentParser
import BlobStore
import CESS
import Drive
import Foundation
import HTTPClient
import Primitives
import Sealing
import Substrate
import SystemPackage

/// `cessdrive init`: makes a drive.
struct InitCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make a drive: its phrase, its space on the network, its first commit.",
        discussion: """
            The recovery phrase is the whole account. It is shown once, and asked for again; with --no-input it is shown
            nowhere, and 'cessdrive key export --phrase' prints it. An init that was interrupted is finished by running it again.

            Examples:
              cessdrive init --network local
              cessdrive init --network local --passphrase-file ~/.passphrase --no-input
            """)

    @Option(
        help: ArgumentHelp("Take the phrase from a file instead of making one.", valueName: "file"), completion: .file()
    )
    var phraseFile: FilePath?
    @Option(help: ArgumentHelp("How much space to lease at first (local: 1T, elsewhere: 10G).", valueName: "size"))
    var space: String?
    @Option(help: ArgumentHelp("For how long to lease it (local: 365d, elsewhere: 30d).", valueName: "time"))
    var lease: DurationArgument?
    @OptionGroup var changing: ChangingOptions
    @OptionGroup var shared: SharedOptions
    var output: OutputOptions { shared.output }

    func validate() throws {
        if let space, (Quantities.bytes(space) ?? 0) < 1 << 30 { throw ValidationError("--space is at least 1G.") }
        if let lease, lease.duration < .seconds(30 * 86_400) { throw ValidationError("--lease is at least 30d.") }
    }

    func run(console: Console) async throws {
        let configuration = try shared.configuration(
            environment: ByteText.environment, more: changing.settings)
        let home = try DriveHome.new(configuration[.drive]?.value ?? DriveHome.standardName, in: configuration.paths)
        let passphrase = try await shared.passphraseSource(configuration)
            .read("Passphrase for '\(home.name)'", twice: !home.exists)
        let open: OpenDrive
        if home.exists {
            open = try await unfinished(home, passphrase, configuration)
        } else {
            open = try await begin(home, passphrase, configuration, console)
        }
        try await buySpace(open, console)
        _ = try await open.change("init", changing, console) { try await open.drive.create($0) }
        if phraseFile == nil, !console.mayPrompt, !console.json {
            console.note("cessdrive: hint: write the recovery phrase down: 'cessdrive key export --phrase'")
        }
        try console.show(try await DriveSummary(open, sequence: nil, made: nil))
    }

    /// A drive whose first commit an earlier `init` did not come to.
    private func unfinished(
        _ home: DriveHome, _ passphrase: Secret, _ configuration: Configuration
    ) async throws -> OpenDrive {
        let keystore = try Keystore(contentsOf: home.keystore)
        let (keys, phrase) = try await onThread {
            (try keystore.openDaily(passphrase: passphrase), try keystore.openPhrase(passphrase: passphrase))
        }
        if let phraseFile {
            guard try await PhraseInput.read(phraseFile).entropy.equals(phrase.entropy) else {
                throw DriveError.driveExists(name: home.name)
            }
        }
        let open = try await OpenDrive(home: home, keys: keys, configuration: configuration)
        do {
            _ = try await open.drive.head()
        } catch DriveError.empty {
            return open
        }
        throw DriveError.driveExists(name: home.name)
    }

    /// Keys first, so that nothing is ever paid for by an account whose phrase is lost.
    private func begin(
        _ home: DriveHome, _ passphrase: Secret, _ configuration: Configuration, _ console: Console
    ) async throws -> OpenDrive {
        guard let target = try configuration.network() else { throw NetworkError.notChosen }
        try home.checkUnused()
        let phrase = try await phrase(home, target, configuration, console)
        let root = RootKeys(seed64: phrase.seed64())
        let keys = DailyKeys(
            root: root, driveID: .random(), device: .random(), driveName: home.name, network: target.label)
        // Whether the network can be reached, and is the right one, shows before anything is written.
        _ = try await connect(target, configuration, .init())
        try makePrivateDirectory(home.directory)
        _ = try await onThread {
            try Keystore.create(
                at: home.keystore, daily: keys, phrase: PhraseKeys(entropy: phrase.entropy, root: root),
                passphrase: passphrase)
        }
        return try await OpenDrive(home: home, keys: keys, configuration: configuration)
    }

    private func phrase(
        _ home: DriveHome, _ target: NetworkTarget, _ configuration: Configuration, _ console: Console
    ) async throws -> Mnemonic {
        guard let phraseFile else {
            let phrase = Mnemonic.generate()
            if console.mayPrompt { try await confirm(phrase) }
            return phrase
        }
        let phrase = try await PhraseInput.read(phraseFile)
        let found = try await FoundDrives(of: phrase, on: target, configuration)
        guard try found.drive(named: home.name) == nil else { throw InitError.recoverInstead(home.name) }
        return phrase
    }

    /// Shows the phrase on the terminal alone, and has three of its words typed.
    private func confirm(_ phrase: Mnemonic) async throws {
        let words = phrase.words
        let lines = stride(from: 0, to: words.count, by: 6).map { start in
            words[start..<min(start + 6, words.count)].joined(separator: " ")
        }
        try await Terminal.show(
            """

            This is the recovery phrase. It is the whole drive: whoever has it has everything, and without it and this
            machine nothing can be brought back. Write it down on paper.

              \(lines.joined(separator: "\n  "))

            """)
        for index in words.indices.shuffled().prefix(3).sorted() {
            while try await Terminal.line("Word \(index + 1)").trimmingCharacters(in: .whitespaces) != words[index] {
                try await Terminal.show("That is not it.")
            }
        }
    }

    private func buySpace(_ open: OpenDrive, _ console: Console) async throws {
        let isLocal = open.network.isLocal
        let days = lease.map { UInt32(clamping: $0.duration.components.seconds / 86_400) } ?? (isLocal ? 365 : 30)
        let gib =
            space.flatMap(Quantities.bytes).map { UInt32(clamping: $0 >> 30) } ?? (isLocal ? LocalPurse.gibCount : 10)
        let purchase: Lease.Purchase
        switch try await open.lease.territory()?.state {
        case nil: purchase = .mint(gibCount: gib, days: days)
        case .expired: purchase = .reactivate(days: days)
        case .frozen: purchase = .renew(days: days)
        case .active, .onConsignment: return
        }
        guard try await SpaceBuyer(open: open, console: console, mayBuy: changing.sending.yes).buy(purchase) else {
            throw InitError.notBought
        }
    }
}

extension NetworkTarget {
    var label: NetworkLabel {
        NetworkLabel(name: name, genesis: genesis.hex, endpoint: endpoints.joined(separator: ","))
    }
}

enum InitError: Reportable, Equatable, CustomStringConvertible {
    case recoverInstead(String)
    case notBought

    var description: String {
        switch self {
        case .recoverInstead(let name): "this phrase has a drive named '\(name)' already"
        case .notBought: "no space was bought"
        }
    }

    var hint: String? {
        switch self {
        case .recoverInstead: "'cessdrive recover' brings it back; --drive makes another one beside it"
        case .notBought: "run 'cessdrive init' again to go on; --yes agrees to the price"
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .recoverInstead: .failed
        case .notBought: .usage
        }
    }
}

/// What `init` and `recover` end with.
struct DriveSummary: Presentable {
    let name: String
    let account: String
    let network: String
    let lease: LeaseState?
    /// Of the head, where it was made before.
    let sequence: UInt64?
    let made: Date?

    init(_ open: OpenDrive, sequence: UInt64?, made: Date?) async throws {
        name = open.drive.home.name
        account = SS58.encode(open.drive.accountID, prefix: SS58.cessTestnet)
        network = open.network.name
        lease = try await open.leaseState()
        self.sequence = sequence
        self.made = made
    }

    var text: String {
        var lines = ["drive      \(name)", "account    \(account)", "network    \(network)"]
        if let lease {
            lines.append("space      \(Quantities.text(bytes: Int(clamping: lease.territory.remainingSpace))) left")
            lines.append("lease      until \(lease.endText)")
        }
        if let sequence {
            lines.append("head       commit \(sequence)" + (made.map { ", \(Self.age(of: $0)) old" } ?? ""))
        }
        return lines.joined(separator: "\n")
    }

    private static func age(of date: Date) -> String { Quantities.text(.seconds(max(0, -date.timeIntervalSinceNow))) }

    var json: JSONText {
        var members: [(String, JSONText)] = [
            ("drive", .string(name)), ("account", .string(account)), ("network", .string(network)),
            ("territory", lease.map { .object($0.members) } ?? .null),
        ]
        if let sequence { members.append(("sequence", .integer(Int64(clamping: sequence)))) }
        if let made { members.append(("created", .string(made.formatted(.iso8601)))) }
        return .object(members)
    }
}
