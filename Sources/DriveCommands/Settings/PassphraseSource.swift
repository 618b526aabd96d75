import Foundation
import Primitives
import SystemPackage

/// Where a passphrase comes from. There is no option and no variable that holds the secret itself.
enum PassphraseSource: Sendable, Equatable {
    case file(FilePath)
    case command(String)
    case descriptor(Int32)
    case terminal

    /// Longer than any passphrase; what a file holds beyond it is a mistake.
    static let maximumByteCount = 4096

    /// Reads the passphrase: its first line, without the line break.
    ///
    /// - Parameter twice: whether a person has to type it twice, because it is a new one.
    /// - Throws: `PassphraseError`; `ConsoleError.cannotAsk`.
    func read(_ question: String = "Passphrase", twice: Bool = false) async throws -> Secret {
        switch self {
        case .file(let path):
            return try await onThread { try Self.firstLine(of: Self.contents(of: path), from: "\(path)") }
        case .command(let command):
            return try await onThread { try Self.firstLine(of: Self.output(of: command), from: "the command") }
        case .descriptor(let number):
            return try await onThread {
                let bytes = try Self.line(from: FileDescriptor(rawValue: number), "descriptor \(number)")
                return try Self.firstLine(of: bytes, from: "descriptor \(number)")
            }
        case .terminal:
            let secret = try await Terminal.secret(question)
            guard secret.byteCount > 0 else { throw PassphraseError.empty("the terminal") }
            if twice {
                guard try await Terminal.secret("Once more").equals(secret) else { throw PassphraseError.differ }
            }
            return secret
        }
    }

    private static func contents(of path: FilePath) throws -> [UInt8] {
        do {
            let file = try FileDescriptor.open(path, .readOnly)
            return try file.closeAfter { try bytes(from: file, "\(path)") }
        } catch let error as Errno {
            throw PassphraseError.unreadable("\(path)", cause: "\(error)")
        }
    }

    private static func bytes(from file: FileDescriptor, _ name: String) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: maximumByteCount + 1)
        var count = 0
        do {
            while count < bytes.count {
                let read = try unsafe bytes.withUnsafeMutableBytes {
                    try unsafe file.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[count...]))
                }
                if read == 0 { break }
                count += read
            }
        } catch let error as Errno {
            throw PassphraseError.unreadable(name, cause: "\(error)")
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// The first line and nothing behind it, which may be somebody else's: the content of `put -`, say.
    private static func line(from file: FileDescriptor, _ name: String) throws -> [UInt8] {
        var line: [UInt8] = []
        do {
            var byte: [UInt8] = [0]
            while line.count <= maximumByteCount, line.last != UInt8(ascii: "\n") {
                guard try unsafe byte.withUnsafeMutableBytes({ try unsafe file.read(into: $0) }) == 1 else { break }
                line.append(byte[0])
            }
            byte.wipe()
        } catch let error as Errno {
            throw PassphraseError.unreadable(name, cause: "\(error)")
        }
        return line
    }

    private static func output(of command: String) throws -> [UInt8] {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        process.standardOutput = output
        // Standard input may be what is to be stored.
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let bytes = try bytes(from: FileDescriptor(rawValue: output.fileHandleForReading.fileDescriptor), "the command")
        // Whoever talks on and on is not listened to, and need not be waited for.
        try? output.fileHandleForReading.close()
        if bytes.count > maximumByteCount { process.terminate() }
        process.waitUntilExit()
        guard bytes.count <= maximumByteCount else { throw PassphraseError.tooLong("the command's output") }
        guard process.terminationStatus == 0 else {
            throw PassphraseError.commandFailed(process.terminationStatus)
        }
        return bytes
    }

    private static func firstLine(of bytes: consuming [UInt8], from name: String) throws -> Secret {
        var bytes = bytes
        defer { bytes.wipe() }
        guard bytes.count <= maximumByteCount else { throw PassphraseError.tooLong(name) }
        var line = Array(bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") })
        guard !line.isEmpty else { throw PassphraseError.empty(name) }
        return Secret(taking: &line)
    }
}

enum PassphraseError: Reportable, Equatable, CustomStringConvertible {
    case unreadable(String, cause: String)
    case empty(String)
    case tooLong(String)
    case commandFailed(Int32)
    case differ
    case severalSources
    case noSource

    var description: String {
        switch self {
        case .unreadable(let name, let cause): "the passphrase cannot be read from \(name): \(cause)"
        case .empty(let name): "\(name) holds no passphrase"
        case .tooLong(let name): "\(name) holds more than \(PassphraseSource.maximumByteCount) bytes"
        case .commandFailed(let status): "the passphrase command failed with status \(status)"
        case .differ: "the two passphrases differ"
        case .severalSources: "the passphrase is to come from several places"
        case .noSource: "the passphrase is needed"
        }
    }

    var hint: String? {
        switch self {
        case .severalSources: "give one of --passphrase-file, --passphrase-command and --passphrase-fd"
        case .noSource: "add --passphrase-file FILE, or run 'cessdrive key unlock' first"
        case .unreadable, .empty, .tooLong, .commandFailed, .differ: nil
        }
    }

    var exitStatus: ExitStatus { .usage }
}
