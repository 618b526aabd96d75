import Drive
import Primitives
import Sealing
import SystemPackage

/// The way from a drive's name to its keys: the agent first, then the passphrase, wherever that comes from.
struct KeyAccess: Sendable {
    let home: DriveHome
    let keystore: Keystore
    let agent: KeyAgentClient
    private let options: SharedOptions
    private let configuration: Configuration

    init(_ options: SharedOptions, _ configuration: Configuration) throws {
        home = try DriveHome.chosen(by: configuration)
        keystore = try Keystore(contentsOf: home.keystore)
        agent = KeyAgentClient(socketPath: configuration.paths.agentSocket)
        self.options = options
        self.configuration = configuration
    }

    /// The keys of daily work.
    func dailyKeys() async throws -> DailyKeys {
        let (agent, id) = (agent, keystore.id)
        if let keys = try await onThread({ try agent.fetch(id) }) { return keys }
        return try await withPassphrase { try $0.openDaily(passphrase: $1) }
    }

    /// The phrase, which always takes the passphrase.
    func phraseKeys() async throws -> PhraseKeys { try await withPassphrase { try $0.openPhrase(passphrase: $1) } }

    func passphrase(_ question: String? = nil) async throws -> Secret {
        try await options.passphraseSource(configuration).read(question ?? "Passphrase of '\(home.name)'")
    }

    private func withPassphrase<Result: Sendable>(
        _ open: @escaping @Sendable (Keystore, Secret) throws -> Result
    ) async throws -> Result {
        let (keystore, passphrase) = (keystore, try await passphrase())
        return try await onThread { try open(keystore, passphrase) }
    }
}

extension SharedOptions {
    /// The keys' way for the drive that these options name.
    func keyAccess(environment: [String: String]) throws -> KeyAccess {
        try KeyAccess(self, configuration(environment: environment))
    }
}
