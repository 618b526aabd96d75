import ArgumentParser
import Drive
import Foundation
import Primitives
import Sealing
import Substrate
import SystemPackage

/// `cessdrive key`: the keys of a drive on this machine.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Show, export, unlock and check a drive's keys.",
        discussion: """
            Examples:
              cessdrive key unlock --for 8h
              cessdrive key export --phrase
              cessdrive key check --phrase-file paper.txt
            """,
        subcommands: [
            KeyShow.self, KeyExport.self, KeyUnlock.self, KeyLock.self, KeyPassphrase.self, KeyCheck.self,
            KeyServe.self,
        ])
}

/// A command about the keystore of a drive, which needs no network.
protocol KeystoreCommand: ConsoleCommand {
    var shared: SharedOptions { get }

    func run(with access: KeyAccess, console: Console) async throws
}

extension KeystoreCommand {
    var output: OutputOptions { shared.output }

    func run(console: Console) async throws {
        try await run(
            with: shared.keyAccess(environment: ByteText.environment), console: console)
    }
}

struct KeyShow: KeystoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show the account, the drive and where its keys are; nothing secret.")

    @OptionGroup var shared: SharedOptions

    func run(with access: KeyAccess, console: Console) async throws {
        let keys = try await access.dailyKeys()
        let (agent, id) = (access.agent, access.keystore.id)
        let unlockedFor = try await onThread { try agent.held()?[id] }
        try console.show(KeySummary(access: access, keys: keys, unlockedFor: unlockedFor))
    }
}

/// What `key show` shows.
struct KeySummary: Presentable {
    let access: KeyAccess
    let keys: DailyKeys
    /// Nil where the agent does not hold the keys.
    let unlockedFor: Duration?

    private var account: String {
        SS58.encode(KeyPair(miniSecret: keys.accountMiniSecret).accountID, prefix: SS58.cessTestnet)
    }

    var text: String {
        """
        drive      \(access.home.name)
        drive id   \(keys.drive.id.hex)
        account    \(account)
        network    \(keys.network.name) (genesis \(keys.network.genesis))
        keystore   \(access.keystore.path)
        unlocked   \(unlockedFor.map { "for \(Quantities.text($0))" } ?? "no")
        """
    }

    var json: JSONText {
        .object([
            ("drive", .string(access.home.name)),
            ("driveId", .string(keys.drive.id.hex)),
            ("account", .string(account)),
            ("network", .string(keys.network.name)),
            ("genesis", .string(keys.network.genesis)),
            ("keystore", .string(access.keystore.path.string)),
            ("unlockedSeconds", unlockedFor.map { .integer($0.components.seconds) } ?? .null),
        ])
    }
}

struct KeyExport: KeystoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Print the recovery phrase.",
        discussion: "Whoever has the phrase has the drive, the account and its balance.")

    @Flag(help: "The phrase: there is nothing else to export.") var phrase = false
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        if !phrase { throw ValidationError("Say --phrase to have the recovery phrase printed.") }
    }

    func run(with access: KeyAccess, console: Console) async throws {
        if console.mayPrompt {
            guard try await console.confirms("Print the recovery phrase, for everyone who can see it?") else {
                throw ConsoleError.refused
            }
        }
        let words = try Mnemonic(entropy: try await access.phraseKeys().entropy).phrase
        try console.json ? console.write(.object([("phrase", .string(words))])) : console.write(words)
    }
}

struct KeyUnlock: KeystoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "unlock",
        abstract: "Keep the keys at hand for a while, so that no command asks for the passphrase.")

    @Option(name: .customLong("for"), help: ArgumentHelp("How long.", valueName: "time"))
    var time = DurationArgument(.seconds(8 * 3600))
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard .seconds(1)...(.seconds(30 * 86_400)) ~= time.duration else {
            throw ValidationError("--for is a time from 1s to 30d.")
        }
    }

    func run(with access: KeyAccess, console: Console) async throws {
        let (keystore, passphrase) = (access.keystore, try await access.passphrase())
        let keys = try await onThread { try keystore.openDaily(passphrase: passphrase) }
        let paths = Paths(environment: ByteText.environment)
        try await AgentProcess.hold(keys, of: keystore.id, for: time.duration, paths: paths)
        console.note("the keys of '\(access.home.name)' are at hand for \(Quantities.text(time.duration))")
        if console.json {
            try console.write(.object([("unlockedSeconds", .integer(time.duration.components.seconds))]))
        }
    }
}

struct KeyLock: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock", abstract: "Forget the keys of all drives that 'unlock' keeps at hand.")

    @OptionGroup var output: OutputOptions

    func run(console: Console) async throws {
        let paths = Paths(environment: ByteText.environment)
        let ran = try await onThread { try KeyAgentClient(socketPath: paths.agentSocket).lock() }
        console.note(ran ? "locked" : "nothing was unlocked")
        if console.json { try console.write(.object([("locked", .bool(ran))])) }
    }
}

struct KeyPassphrase: KeystoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "passphrase", abstract: "Change the passphrase of this machine's keystore; the phrase stays.")

    @Option(help: ArgumentHelp("Read the new passphrase from a file.", valueName: "file"), completion: .file())
    var newPassphraseFile: FilePath?
    @Option(help: ArgumentHelp("Read the new passphrase from a command's output.", valueName: "command"))
    var newPassphraseCommand: String?
    @OptionGroup var shared: SharedOptions

    func run(with access: KeyAccess, console: Console) async throws {
        let source = try newSource(console)
        let (keystore, old) = (access.keystore, try await access.passphrase("Present passphrase"))
        // Before the new one is asked for, lest it be typed for nothing.
        _ = try await onThread { try keystore.openDaily(passphrase: old) }
        let new = try await source.read("New passphrase", twice: true, option: Self.newOption)
        _ = try await onThread { try keystore.changePassphrase(from: old, to: new) }
        console.note("the passphrase of '\(access.home.name)' was changed")
        if console.json { try console.write(.object([("changed", .bool(true))])) }
    }

    private static let newOption = "--new-passphrase-file"

    private func newSource(_ console: Console) throws -> PassphraseSource {
        switch (newPassphraseFile, newPassphraseCommand) {
        case (.some, .some): throw PassphraseError.severalSources
        case (let file?, nil): return .file(file)
        case (nil, let command?): return .command(command)
        case (nil, nil):
            guard console.mayPrompt else { throw PassphraseError.noSource(option: Self.newOption) }
            return .terminal
        }
    }
}

struct KeyCheck: KeystoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check that passphrase, keystore and phrase fit together.",
        discussion:
            "With a phrase given, also that it is this drive's: what is on paper can be tried before it is needed.")

    @Option(
        help: ArgumentHelp("A file with the phrase as it was written down.", valueName: "file"), completion: .file())
    var phraseFile: FilePath?
    @OptionGroup var shared: SharedOptions

    func run(with access: KeyAccess, console: Console) async throws {
        let (keystore, passphrase) = (access.keystore, try await access.passphrase())
        let (daily, phrase) = try await onThread {
            (try keystore.openDaily(passphrase: passphrase), try keystore.openPhrase(passphrase: passphrase))
        }
        let stored = try Mnemonic(entropy: phrase.entropy)
        guard stored.miniSecret().equals(daily.accountMiniSecret) else { throw KeystoreError.damaged }
        if let phraseFile {
            let given = try await PhraseInput.read(phraseFile)
            guard given.entropy.equals(stored.entropy) else { throw PhraseError.other }
        }
        let checked = phraseFile == nil ? "passphrase and keystore" : "passphrase, keystore and phrase"
        console.note("\(checked) of '\(access.home.name)' are in order")
        if console.json {
            try console.write(.object([("inOrder", .bool(true)), ("phrase", .bool(phraseFile != nil))]))
        }
    }
}

/// The agent itself, started by `unlock`.
struct KeyServe: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent", abstract: "Hold keys for 'unlock'.", shouldDisplay: false)

    @Argument var socket: FilePath

    func run() throws { try KeyAgent.serve(socketPath: socket, duration: .zero) }
}
