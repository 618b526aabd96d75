import Glibc
import Primitives
import SystemPackage

/// Where a passphrase comes from. There is no option and no variable that holds the secret itself.
enum PassphraseSource: Sendable, Equatable {
    case file(FilePath)
    case command(String)
    case descriptor(Int32)
    case terminal

    /// Longer than any passphrase: a longer line is a mistake.
    static let maximumByteCount = 4096
    static let standardOption = "--passphrase-file"

    /// Reads the passphrase: its first line, without the line break.
    ///
    /// - Parameter twice: whether a person has to type it twice, because it is a new one.
    /// - Parameter option: what gives it where there is no terminal.
    /// - Throws: `PassphraseError`.
    func read(
        _ question: String = "Passphrase", twice: Bool = false, option: String = standardOption
    ) async throws -> Secret {
        switch self {
        case .file(let path):
            return try await onThread(untilCancelled: { try Self.secret(in: path, unless: $0) })
        case .command(let command):
            return try await onThread(untilCancelled: { try Self.output(of: command, unless: $0) })
        case .descriptor(let number):
            return try await onThread(untilCancelled: {
                try Self.firstLine(of: FileDescriptor(rawValue: number), "descriptor \(number)", unless: $0)
            })
        case .terminal:
            do {
                return try await Self.typed(question, twice: twice)
            } catch ConsoleError.cannotAsk {
                throw PassphraseError.noSource(option: option)
            }
        }
    }

    private static func typed(_ question: String, twice: Bool) async throws -> Secret {
        let secret = try await Terminal.secret(question)
        guard secret.byteCount > 0 else { throw PassphraseError.empty("the terminal") }
        if twice {
            guard try await Terminal.secret("Once more").equals(secret) else { throw PassphraseError.differ }
        }
        return secret
    }

    private static func secret(in path: FilePath, unless cancelled: CancelMark) throws -> Secret {
        do {
            let file = try FileDescriptor.open(path, .readOnly)
            return try file.closeAfter { try firstLine(of: file, "\(path)", unless: cancelled) }
        } catch let error as Errno {
            throw PassphraseError.unreadable("\(path)", cause: "\(error)")
        }
    }

    /// The first line of what a command says. It has to end well, whatever else it says.
    private static func output(of command: String, unless cancelled: CancelMark) throws -> Secret {
        let (input, output) = try FileDescriptor.pipe()
        defer { try? input.close() }
        for end in [input, output] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
        let process = try output.closeAfter { try start(command, output: output) }
        do {
            let line = Result { try firstLine(of: input, "the command", unless: cancelled) }
            // Where it said nothing, why it failed says more.
            if case .failure(let error) = line, error as? PassphraseError != .empty("the command") { throw error }
            let status = try wait(for: process, saying: input, unless: cancelled)
            guard status == 0 else { throw PassphraseError.commandFailed(status) }
            return try line.get()
        } catch {
            // Where it has ended, nobody else has got its number yet: this process goes no further.
            kill(process, SIGTERM)
            throw error
        }
    }

    /// Starts a shell in this process's own group, so that it may ask on the terminal.
    private static func start(_ command: String, output: FileDescriptor) throws -> pid_t {
        var files = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&files)
        defer { unsafe posix_spawn_file_actions_destroy(&files) }
        // What comes by standard input is data (`put -`), and not for the command.
        unsafe posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&files, output.rawValue, STDOUT_FILENO)

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // What this process ignores, the command must not.
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        for number in [SIGINT, SIGTERM, SIGPIPE] { unsafe sigaddset(&signals, number) }
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))

        var list = unsafe ["sh", "-c", command].map { (text: String) in
            unsafe strdup((ByteText.bytes(of: text) + [0]).map { CChar(bitPattern: $0) })
        }
        defer { unsafe list.forEach { unsafe free($0) } }
        unsafe list.append(nil)
        var process: pid_t = 0
        let result = unsafe posix_spawn(&process, "/bin/sh", &files, &attributes, list, environ)
        guard result == 0 else { throw Errno(rawValue: result) }
        return process
    }

    /// More than this is not listened to after the first line.
    private static let patienceByteCount = 1 << 20

    /// - Returns: its exit status; 0 where it was only cut off.
    private static func wait(
        for process: pid_t, saying input: FileDescriptor, unless cancelled: CancelMark
    ) throws -> Int32 {
        var rest = [UInt8](repeating: 0, count: 1 << 16)
        var heard = 0
        var status: Int32 = 0
        while unsafe waitpid(process, &status, WNOHANG) == 0 {
            if cancelled.isRaised { throw CancellationError() }
            var waiting = pollfd(fd: input.rawValue, events: Int16(POLLIN), revents: 0)
            if unsafe poll(&waiting, 1, 10) > 0, waiting.revents & Int16(POLLIN) != 0 {
                heard += try unsafe rest.withUnsafeMutableBytes { try unsafe input.read(into: $0) }
                // As it learns from any reader that has heard enough.
                if heard >= patienceByteCount { kill(process, SIGPIPE) }
            } else {
                usleep(10_000)
            }
        }
        let signal = status & 0x7f
        return signal == 0 ? status >> 8 & 0xff : signal == SIGPIPE ? 0 : 128 + signal
    }

    private static func firstLine(
        of file: FileDescriptor, _ name: String, unless cancelled: CancelMark
    ) throws -> Secret {
        var bytes: [UInt8]
        do {
            bytes = try file.readLine(limit: maximumByteCount + 1, unless: cancelled)
        } catch let error as Errno {
            throw PassphraseError.unreadable(name, cause: "\(error)")
        }
        defer { bytes.wipe() }
        guard bytes.count <= maximumByteCount else { throw PassphraseError.tooLong(name) }
        var line = Array(bytes.prefix { $0 != UInt8(ascii: "\r") })
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
    case noSource(option: String)

    var description: String {
        switch self {
        case .unreadable(let name, let cause): "the passphrase cannot be read from \(name): \(cause)"
        case .empty(let name): "\(name) holds no passphrase"
        case .tooLong(let name): "\(name) has a line of more than \(PassphraseSource.maximumByteCount) bytes"
        case .commandFailed(let status): "the passphrase command failed with status \(status)"
        case .differ: "the two passphrases differ"
        case .severalSources: "the passphrase is to come from several places"
        case .noSource: "the passphrase is needed"
        }
    }

    var hint: String? {
        switch self {
        case .severalSources: "give one of --passphrase-file, --passphrase-command and --passphrase-fd"
        case .noSource(let option):
            "add \(option) FILE"
                + (option == PassphraseSource.standardOption ? ", or run 'cessdrive key unlock' first" : "")
        case .unreadable, .empty, .tooLong, .commandFailed, .differ: nil
        }
    }

    var exitStatus: ExitStatus { .usage }
}
