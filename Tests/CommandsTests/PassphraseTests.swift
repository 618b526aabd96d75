import ArgumentParser
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

    @Test func `a command does not read what comes by standard input`() async throws {
        // Else it would read what `put -` is to store, or wait for it.
        #expect(text(try await PassphraseSource.command("wc -c; readlink /proc/self/fd/0").read()) == "0")
        #expect(text(try await PassphraseSource.command("readlink /proc/self/fd/0").read()) == "/dev/null")
    }

    @Test func `a command that goes on talking is not waited for, nor one whose children keep its output open`()
        async throws
    {
        #expect(text(try await PassphraseSource.command("yes secret").read()) == "secret")
        #expect(text(try await PassphraseSource.command("sleep 10 & echo secret").read()) == "secret")
    }

    @Test func `a command that says nothing ends when it is cancelled`() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let reading = Task { try await PassphraseSource.command("echo $$ >\(path); exec sleep 1000").read() }
        var child: Int32?
        while child == nil {
            child = (try? String(contentsOfFile: path, encoding: .utf8)).flatMap { Int32($0.dropLast()) }
            await Task.yield()
        }
        reading.cancel()
        await #expect(throws: CancellationError.self) { try await reading.value }
        while let child, isRunning(child) { await Task.yield() }
    }

    private func isRunning(_ process: Int32) -> Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
        return !stat.contains(") Z ")
    }

    @Test func `a descriptor is read up to the line break and not a byte further, though nobody closes it`()
        async throws
    {
        let (input, output) = try FileDescriptor.pipe()
        defer {
            try? input.close()
            try? output.close()
        }
        _ = try output.writeAll(Array("secret\nthe data".utf8))
        #expect(text(try await PassphraseSource.descriptor(input.rawValue).read()) == "secret")
        var rest = [UInt8](repeating: 0, count: 100)
        let count = try unsafe rest.withUnsafeMutableBytes { try unsafe input.read(into: $0) }
        #expect(String(decoding: rest.prefix(count), as: UTF8.self) == "the data")
    }

    @Test func `a descriptor that stays silent ends when it is cancelled`() async throws {
        let (input, output) = try FileDescriptor.pipe()
        defer {
            try? input.close()
            try? output.close()
        }
        let reading = Task { try await PassphraseSource.descriptor(input.rawValue).read() }
        reading.cancel()
        await #expect(throws: CancellationError.self) { try await reading.value }
    }

    @Test func `a line that is longer than any passphrase is refused`() async {
        await #expect(throws: PassphraseError.tooLong("the command")) {
            try await PassphraseSource.command("head -c 4097 /dev/zero | tr '\\0' a; exec sleep 1000").read()
        }
    }

    @Test func `standard input is not both the passphrase and what is stored`() {
        #expect(throws: (any Error).self) { try PutCommand.parse(["-", "/x", "--passphrase-fd", "0"]) }
        #expect(throws: Never.self) { try PutCommand.parse(["-", "/x", "--passphrase-fd", "3"]) }
        #expect(throws: Never.self) { try PutCommand.parse(["file", "/x", "--passphrase-fd", "0"]) }
    }

    @Test func `a file that is missing is named`() async {
        await #expect(throws: PassphraseError.unreadable("/nonexistent/file", cause: "No such file or directory")) {
            try await PassphraseSource.file("/nonexistent/file").read()
        }
    }
}
