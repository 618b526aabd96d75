import SystemPackage
import Testing

@testable import DriveCommands

@Suite struct ConfigurationTextTests {
    private func edit(
        _ text: String, _ setting: Setting, to value: String?, profile: String? = nil
    ) throws -> String {
        try ConfigurationText.edit(text, setting: setting, to: value, profile: profile, path: "config.toml")
    }

    private static let written = """
        # Mine.
        network = "mine"   # the good one

        bwlimit='10M'

        # Work.
        [profiles.office]
        drive = "office"

        [networks.mine]
        rpc = [
          "http://a",  # wait = "staged"
          "http://b",
        ]
        genesis = "0x1"
        """

    @Test func `a value is replaced where it stands, and nothing else is touched`() throws {
        #expect(
            try edit(Self.written, .network, to: "local")
                == Self.written.replacing("network = \"mine\" ", with: "network = \"local\" "))
        #expect(try edit(Self.written, .bandwidthLimit, to: "1M") == Self.written.replacing("'10M'", with: "\"1M\""))
        #expect(
            try edit(Self.written, .drive, to: "other", profile: "office")
                == Self.written.replacing("\"office\"", with: "\"other\""))
    }

    @Test func `a new one stands behind those of its table`() throws {
        #expect(
            try edit(Self.written, .transfers, to: "8")
                == Self.written.replacing("bwlimit='10M'\n", with: "bwlimit='10M'\ntransfers = 8\n"))
        #expect(
            try edit(Self.written, .wait, to: "placed", profile: "office")
                == Self.written.replacing("\"office\"\n", with: "\"office\"\nwait = \"placed\"\n"))
        #expect(
            try edit(Self.written, .wait, to: "placed", profile: "at home")
                == Self.written + "\n\n[profiles.\"at home\"]\nwait = \"placed\"\n")
        #expect(try edit("", .wait, to: "placed") == "wait = \"placed\"\n")
        #expect(try edit("wait = 'staged'", .drive, to: "d") == "wait = 'staged'\ndrive = \"d\"\n")
        #expect(try edit("# only this", .drive, to: "d") == "# only this\ndrive = \"d\"\n")
        #expect(
            try edit("# File.\n\n# Of the table.\n[profiles.p]\n", .drive, to: "d")
                == "# File.\n\ndrive = \"d\"\n\n# Of the table.\n[profiles.p]\n")
        #expect(
            try edit("[profiles.p]", .drive, to: "d", profile: "p") == "[profiles.p]\ndrive = \"d\"\n")
    }

    @Test func `what is taken out goes with its line`() throws {
        #expect(
            try edit(Self.written, .network, to: nil)
                == Self.written.replacing("network = \"mine\"   # the good one\n", with: ""))
        #expect(throws: ConfigurationError.notSet(.wait, in: "config.toml")) {
            try edit(Self.written, .wait, to: nil)
        }
        #expect(throws: ConfigurationError.notSet(.network, in: "config.toml")) {
            try edit(Self.written, .network, to: nil, profile: "office")
        }
    }

    @Test(arguments: [
        "a\"b\\c", "tab\there", "ünïcode", "# no comment", "line\nbreak", "'", "", "\u{1}", "\"\"\"", "[x]", " a = b ",
    ])
    func `any text is read back as it was set`(value: String) throws {
        let text = try edit(Self.written, .passphraseCommand, to: value)
        let file = try ConfigurationFile(text: text, path: "config.toml")
        #expect(file.settings[.passphraseCommand] == value)
        let again = try edit(text, .passphraseCommand, to: "x")
        #expect(try ConfigurationFile(text: again, path: "config.toml").settings[.passphraseCommand] == "x")
    }

    @Test func `values of several lines are not taken for settings`() throws {
        let text = "passphrase-command = '''\nwait = \"staged\"\n[profiles.x]\n'''\nbwlimit = \"1M\"\n"
        let edited = try edit(text, .wait, to: "placed")
        #expect(edited == text + "wait = \"placed\"\n")
        let shorter = try edit(edited, .passphraseCommand, to: nil)
        #expect(shorter == "bwlimit = \"1M\"\nwait = \"placed\"\n")
    }

    @Test(arguments: [
        "profiles = { office = { drive = 'a' } }", "profiles.office.drive = 'a'", "[profiles]\noffice.drive = 'a'",
        "[profiles]\noffice = { drive = 'a' }", "[profiles.office]\n\"dr\\u0069ve\" = 'a'",
    ])
    func `what is written in another form is refused, and left alone`(text: String) {
        #expect(throws: ConfigurationError.notEditable("config.toml", .drive)) {
            try edit(text, .drive, to: "b", profile: "office")
        }
    }

    @Test func `quoted keys and headers with spaces are the same keys`() throws {
        #expect(
            try edit("[ profiles . 'office' ]\n\"drive\" = 'a'\n", .drive, to: "b", profile: "office")
                == "[ profiles . 'office' ]\n\"drive\" = \"b\"\n")
        #expect(try edit("drive='a'\r\nwait = 'staged'\r\n", .drive, to: "b") == "drive=\"b\"\r\nwait = 'staged'\r\n")
    }

    @Test func `a file that is wrong is not edited, and bytes that are no text are not written`() {
        #expect(throws: ConfigurationError.self) { try edit("drvie = 'x'", .drive, to: "a") }
        #expect(throws: ConfigurationError.notText(.passphraseFile)) {
            try edit("", .passphraseFile, to: ByteText.text(of: [0x2f, 0xff]))
        }
    }

    @Test func `values are judged as the commands judge them`() throws {
        let paths = Paths(environment: ["HOME": "/h"], userID: 0) { _ in false }
        func check(_ setting: Setting, _ value: String) throws {
            var file = ConfigurationFile()
            file.networks["mine"] = NetworkDefinition(rpc: ["http://a"], genesis: "0x1")
            file[nil][setting] = value
            try Configuration(environment: [:], file: file, paths: paths).check(setting)
        }
        let hash = "0x" + String(repeating: "ab", count: 32)
        let good: [(Setting, String)] = [
            (.drive, "a"), (.network, "local"), (.network, "mine"), (.network, "https://x"), (.genesis, hash),
            (.passphraseFile, "/f"), (.passphraseCommand, "pass"), (.transfers, "8"), (.bandwidthLimit, "10M"),
            (.wait, "placed"), (.maxCost, "12.5"), (.autoRenew, "30d"),
        ]
        #expect(Set(good.map(\.0)) == Set(Setting.allCases), "every setting is judged")
        for (setting, value) in good { try check(setting, value) }
        let bad: [(Setting, String)] = [
            (.drive, "/a"), (.network, "other"), (.genesis, "0x1"), (.passphraseFile, ""), (.passphraseCommand, ""),
            (.transfers, "0"), (.bandwidthLimit, "fast"), (.wait, "soon"), (.maxCost, "-1"), (.autoRenew, "0"),
        ]
        #expect(Set(bad.map(\.0)) == Set(Setting.allCases), "every setting can be wrong")
        for (setting, value) in bad { #expect(throws: (any Error).self, "\(setting)") { try check(setting, value) } }
    }
}
