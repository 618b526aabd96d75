import ArgumentParser
import Drive
import DriveFormat
import Foundation
import Primitives
import Sealing
import Substrate
import SystemPackage

/// `cessdrive recover`: brings a drive back from its phrase.
struct RecoverCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover", abstract: "Bring a drive back from its recovery phrase alone.",
        discussion: """
            Nothing is downloaded but what says where everything is; files come when they are asked for. With several drives
            of the phrase, --drive chooses one.

            Examples:
              cessdrive recover --network local
              cessdrive recover --network local --phrase-file paper.txt --passphrase-file ~/.passphrase --no-input
            """)

    @Option(help: ArgumentHelp("A file with the phrase.", valueName: "file"), completion: .file())
    var phraseFile: FilePath?
    @Option(
        name: .customLong("as"), help: ArgumentHelp("Another name for the drive on this machine.", valueName: "name"))
    var localName: String?
    @OptionGroup var shared: SharedOptions
    var output: OutputOptions { shared.output }

    func run(console: Console) async throws {
        let configuration = try shared.configuration(environment: ByteText.environment)
        guard let target = try configuration.network() else { throw NetworkError.notChosen }
        let phrase = try await phrase(console)
        let found = try await FoundDrives(of: phrase, on: target, configuration)
        let drive = try choose(from: found, named: configuration[.drive]?.value)
        let home = try DriveHome(name: localName ?? drive.name, in: configuration.paths.drives)
        guard !home.exists else { throw DriveError.driveExists(name: home.name) }
        try home.checkUnused()

        let passphrase = try await shared.passphraseSource(configuration)
            .read("Passphrase for '\(home.name)' on this machine", twice: true)
        let keys = DailyKeys(
            root: found.root, driveID: drive.id.value, device: .random(), driveName: drive.name, network: target.label)
        try makePrivateDirectory(home.directory)
        let root = found.root
        // Fails where another command has made the drive meanwhile: what is in the home then is not ours to take away.
        _ = try await onThread {
            try Keystore.create(
                at: home.keystore, daily: keys, phrase: PhraseKeys(entropy: phrase.entropy, root: root),
                passphrase: passphrase)
        }
        do {
            let open = try await OpenDrive(home: home, keys: keys, configuration: configuration)
            let head = try await console.withProgress { meter in
                meter.update { $0.stage = "finding the newest commit" }
                return try await open.drive.adopt(found.root)
            }
            let summary = try await DriveSummary(
                open, sequence: head.commit.sequence, made: head.commit.created.date)
            if let warning = summary.lease?.warning { console.warn(warning) }
            try console.show(summary)
        } catch {
            // What is half there would be taken for a drive.
            try? home.remove()
            throw error
        }
    }

    private func phrase(_ console: Console) async throws -> Mnemonic {
        if let phraseFile { return try await PhraseInput.read(phraseFile) }
        guard console.mayPrompt else { throw PhraseError.missing }
        return try await PhraseInput.ask()
    }

    private func choose(from found: FoundDrives, named name: String?) throws -> FoundDrive {
        if let name {
            guard let drive = try found.drive(named: name) else { throw DriveError.nothingToRecover(name: name) }
            return drive
        }
        guard let first = found.drives.first else {
            try found.checkCompleteness()
            throw DriveError.nothingToRecover(name: nil)
        }
        guard found.drives.count == 1 else { throw DriveError.severalDrives(names: found.drives.map(\.name)) }
        return first
    }
}
