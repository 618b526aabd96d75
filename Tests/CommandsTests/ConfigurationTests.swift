import Primitives
import Sealing
import Substrate
import SystemPackage
import Testing

@testable import DriveCommands

@Suite struct ConfigurationTests {
    private let paths = Paths(environment: ["HOME": "/home/someone"], userID: 0) { _ in false }

    private func configuration(
        flags: [Setting: String] = [:], profile: String? = nil, environment: [String: String] = [:], _ file: String = ""
    ) throws -> Configuration {
        try Configuration(
            flags: flags, profile: profile, environment: environment,
            file: ConfigurationFile(text: file, path: "config.toml"), paths: paths)
    }

    @Test func `a flag wins over the environment, a profile, the file and the default, in this order`() throws {
        let file = "wait = 'file'\n[profiles.p]\nwait = 'profile'"
        let environment = ["CESSDRIVE_WAIT": "environment"]
        #expect(
            try configuration(flags: [.wait: "flag"], profile: "p", environment: environment, file)[.wait]
                == Resolved(value: "flag", origin: .flag(.wait)))
        #expect(
            try configuration(profile: "p", environment: environment, file)[.wait]
                == Resolved(value: "environment", origin: .environment(.wait)))
        #expect(
            try configuration(profile: "p", file)[.wait] == Resolved(value: "profile", origin: .profile("p")))
        #expect(try configuration(file)[.wait] == Resolved(value: "file", origin: .file))
        #expect(try configuration()[.wait] == Resolved(value: "complete", origin: .standard))
        #expect(try configuration()[.drive] == nil)
    }

    @Test func `an empty variable says nothing`() throws {
        #expect(try configuration(environment: ["CESSDRIVE_DRIVE": ""], "drive = 'a'")[.drive]?.value == "a")
    }

    @Test func `the profile may come from the environment`() throws {
        let file = "[profiles.work]\ndrive = 'office'"
        #expect(try configuration(environment: ["CESSDRIVE_PROFILE": "work"], file)[.drive]?.value == "office")
    }

    @Test func `a profile that does not exist is refused`() {
        #expect(throws: ConfigurationError.noProfile("x", known: ["p"])) {
            try configuration(profile: "x", "[profiles.p]\ndrive = 'd'")
        }
    }

    @Test func `a key that is not known is refused, wherever it stands`() {
        for text in ["drvie = 'x'", "[profiles.p]\nx = 1", "[networks.n]\nrpc = 'u'\ngenesis = 'g'\nx = 1"] {
            #expect(throws: ConfigurationError.self) { try configuration(text) }
        }
    }

    @Test func `a syntax error names line and column`() {
        #expect {
            try configuration("drive = 'a'\nnetwork = [")
        } throws: { error in
            guard case ConfigurationError.syntax(_, line: 2, column: _, message: _) = error else { return false }
            return true
        }
    }

    @Test func `numbers may be written as numbers`() throws {
        #expect(try configuration("transfers = 8").transfers() == 8)
        #expect(try configuration("bwlimit = '2M'").bandwidthLimit() == 2_097_152)
    }

    @Test func `a value that does not fit is refused with where it came from`() throws {
        let configuration = try configuration(environment: ["CESSDRIVE_BWLIMIT": "fast"])
        #expect {
            try configuration.bandwidthLimit()
        } throws: { error in
            "\(error)".contains("the variable CESSDRIVE_BWLIMIT") && "\(error)".contains("'fast'")
        }
    }

    @Test func `a URL of any length can be a drive's network, which is called by its host`() throws {
        let hash = "0x" + String(repeating: "ab", count: 32)
        let url = "https://rpc.example.org/v1/" + String(repeating: "k", count: 100)
        let target = try configuration().network(named: url + ",wss://b", genesis: hash)
        #expect(target.name == "rpc.example.org" && target.endpoints == [url, "wss://b"])
        let keys = DailyKeys(
            root: RootKeys(seed64: Mnemonic.generate().seed64()), driveID: .random(),
            device: .random(), driveName: "d", network: target.label)
        let read = try DailyKeys(record: keys.record())
        #expect(read.network.name == target.name)
        #expect(try configuration().network(of: read) == target)
        for long in ["http://" + String(repeating: "a.", count: 100) + "b", "x://" + String(repeating: "/", count: 90)]
        {
            #expect(try configuration().network(named: long, genesis: hash).name.utf8.count <= 64)
        }
    }

    @Test func `no URL passes for the local network`() throws {
        let hash = "0x" + String(repeating: "ab", count: 32)
        #expect(try !configuration().network(named: "http://local", genesis: hash).isLocal)
        #expect(try !configuration().network(named: "http://local:1/local", genesis: hash).isLocal)
    }

    @Test func `a named network comes from the file, a URL needs the genesis hash`() throws {
        let hash = "0x" + String(repeating: "ab", count: 32)
        let configuration = try configuration("[networks.mine]\nrpc = ['http://a', 'http://b']\ngenesis = '\(hash)'")
        #expect(try configuration.network(named: "mine").endpoints == ["http://a", "http://b"])
        #expect(try configuration.network(named: "http://c", genesis: hash).endpoints == ["http://c"])
        #expect(throws: NetworkError.genesisMissing("http://c")) { try configuration.network(named: "http://c") }
        #expect(throws: NetworkError.badGenesis("0x1")) { try configuration.network(named: "http://c", genesis: "0x1") }
        #expect(throws: NetworkError.unknown("other", known: ["local", "mine"])) {
            try configuration.network(named: "other")
        }
    }
}

@Suite struct PathTests {
    @Test func `without variables everything lies below the home directory`() {
        let paths = Paths(environment: ["HOME": "/h"], userID: 7) { _ in false }
        #expect(paths.configurationFile == "/h/.config/cessdrive/config.toml")
        #expect(paths.state == "/h/.local/state/cessdrive")
        #expect(paths.cache == "/h/.cache/cessdrive")
        #expect(paths.runtime == "/h/.local/state/cessdrive")
    }

    @Test func `the runtime directory is the session's where it is ours`() {
        let ours = Paths(environment: ["HOME": "/h"], userID: 7) { $0 == "/run/user/7" }
        #expect(ours.localNetworkFile == "/run/user/7/cessdrive/localnet.json")
        let named = Paths(environment: ["HOME": "/h", "XDG_RUNTIME_DIR": "/r"], userID: 7) { _ in true }
        #expect(named.localNetworkFile == "/r/cessdrive/localnet.json")
    }

    @Test func `the variables are obeyed, unless they are relative`() {
        let paths = Paths(
            environment: ["HOME": "/h", "XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "s", "XDG_CACHE_HOME": "/x"],
            userID: 7
        ) { _ in false }
        #expect(paths.configuration == "/c/cessdrive")
        #expect(paths.state == "/h/.local/state/cessdrive")
        #expect(paths.cache == "/x/cessdrive")
    }
}
