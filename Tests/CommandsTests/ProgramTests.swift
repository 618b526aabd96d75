import ArgumentParser
import SystemPackage
import Testing

@testable import DriveCommands

@Suite struct ProgramTests {
    @Test(arguments: [
        ["nonsense"], ["localnet", "start", "--nodes", "many"], ["--nonsense"], ["completions", "tcsh"],
        // It locks all drives, and must not seem to lock one.
        ["key", "lock", "--drive", "main"],
    ])
    func `a usage error ends with 64`(arguments: [String]) async {
        #expect(await CommandLineProgram.run(arguments, environment: [:]) == .usage)
    }

    @Test func `exit statuses are those of the table`() {
        let table: [(DriveCommands::ExitStatus, Int32)] = [
            (.done, 0), (.failed, 1), (.incomplete, 3), (.notFound, 4), (.temporary, 5), (.damaged, 6),
            (.outOfSpace, 7), (.balanceTooLow, 8), (.noDrive, 10), (.busy, 11), (.wrongSecret, 12), (.usage, 64),
            (.interrupted, 130), (.terminated, 143),
        ]
        for (status, number) in table { #expect(status.rawValue == number) }
    }

    @Test func `the hint of a usage error names the command that it is about`() {
        #expect(Cessdrive.commandPath(of: ["localnet", "start", "--nodes"]) == " localnet start")
        #expect(Cessdrive.commandPath(of: ["--json"]) == "")
    }

    @Test func `an error has the same message in text and JSON`() {
        let report = ErrorReport(ConfigurationError.noProfile("a\"b", known: []))
        #expect(report.status == .usage)
        #expect(
            report.json.description
                == #"{"error":"there is no profile named 'a\"b'","status":64,"#
                + #""hint":"profiles are written as [profiles.NAME] in the configuration file"}"#)
    }

    @Test func `what the system says becomes a status`() {
        #expect(ErrorReport(Errno.noSpace).status == .outOfSpace)
        #expect(ErrorReport(Errno.noSuchFileOrDirectory).status == .notFound)
        #expect(ErrorReport(CancellationError()).status == .interrupted)
    }

    @Test func `names that are not UTF-8 keep their bytes in JSON`() {
        #expect(
            JSONText.object(JSONText.name([0x61, 0xff])).description == #"{"name":"a\#u{FFFD}","nameBytes":"61ff"}"#)
        #expect(JSONText.object(JSONText.name([0x61])).description == #"{"name":"a"}"#)
        #expect(JSONText.string("\u{1}\n\"\\").description == #""\u0001\n\"\\""#)
    }

    @Test func `every command has a manual page without unescaped hyphens or requests`() throws {
        let pages = try Manual.pages()
        #expect(pages.contains { $0.name == "cessdrive-localnet-node-add" })
        for page in pages {
            #expect(page.roff.hasPrefix(".TH "))
            #expect(!page.roff.contains("\n.\n"))
        }
    }

    @Test func `all arguments of a passphrase exclude each other`() throws {
        let options = try SharedOptions.parse(["--passphrase-file", "a", "--passphrase-fd", "3"])
        let configuration = try Configuration(
            environment: [:], file: ConfigurationFile(), paths: Paths(environment: ["HOME": "/h"]))
        #expect(throws: PassphraseError.severalSources) { try options.passphraseSource(configuration) }
    }

    @Test
    func `a passphrase comes from the option before the environment, and never from a terminal that may not be asked`()
        throws
    {
        let environment = ["CESSDRIVE_PASSPHRASE_FILE": "/e", "HOME": "/h"]
        func source(_ arguments: [String], _ environment: [String: String]) throws -> PassphraseSource {
            try SharedOptions.parse(arguments).passphraseSource(
                Configuration(
                    environment: environment, file: ConfigurationFile(), paths: Paths(environment: environment)))
        }
        #expect(try source(["--passphrase-fd", "3"], environment) == .descriptor(3))
        #expect(try source([], environment) == .file("/e"))
        #expect(try source([], ["CESSDRIVE_PASSPHRASE_COMMAND": "pass show x"]) == .command("pass show x"))
        #expect(throws: PassphraseError.noSource(option: "--passphrase-file")) { try source(["--no-input"], [:]) }
    }
}
