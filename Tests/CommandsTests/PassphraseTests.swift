import Foundation
import Primitives
import SystemPackage
import Testing

@testable import DriveCommands

@Suite struct PassphraseTests {
    private func text(_ secret: Secret) -> String {
        secret.withBytes { span in String(decoding: span.indices.map { span[$0] }, as: UTF8.self) }
    }

    @Test func `the passphrase is the first line of a file, without the line break`() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("correct horse \r\nbattery\n".utf8).write(to: URL(fileURLWithPath: path))
        #expect(text(try await PassphraseSource.file(FilePath(path)).read()) == "correct horse ")
    }

    @Test func `a command's output is a passphrase, unless it fails or says nothing`() async throws {
        #expect(text(try await PassphraseSource.command("echo secret; exit 0").read()) == "secret")
        await #expect(throws: PassphraseError.commandFailed(3)) {
            try await PassphraseSource.command("echo secret; exit 3").read()
        }
        await #expect(throws: PassphraseError.empty("the command")) {
            try await PassphraseSource.command("true").read()
        }
    }

    @Test func `a file that is missing is named`() async {
        await #expect(throws: PassphraseError.unreadable("/nonexistent/file", cause: "No such file or directory")) {
            try await PassphraseSource.file("/nonexistent/file").read()
        }
    }
}
