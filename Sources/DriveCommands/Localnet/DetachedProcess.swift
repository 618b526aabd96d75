import Foundation
import Glibc
import SystemPackage

/// Starts processes that live on when this one ends: in a session of their own, with a log and no terminal.
enum DetachedProcess {
    /// This program, also when it was called by another name.
    static var ownExecutable: FilePath {
        get throws { FilePath(try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) }
    }

    /// - Parameters:
    ///   - arguments: as `ByteText`.
    ///   - input: what it reads from standard input; nil for nothing.
    ///   - log: what standard output and standard error are appended to.
    /// - Throws: `Errno`.
    static func start(
        _ executable: FilePath, _ arguments: [String], input: FileDescriptor? = nil, log: FilePath
    ) throws -> pid_t {
        try closeInheritedDescriptorsOnExecution()
        var files = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&files)
        defer { unsafe posix_spawn_file_actions_destroy(&files) }
        if let input {
            unsafe posix_spawn_file_actions_adddup2(&files, input.rawValue, STDIN_FILENO)
        } else {
            unsafe posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        }
        unsafe posix_spawn_file_actions_addopen(
            &files, STDOUT_FILENO, log.string, O_WRONLY | O_CREAT | O_APPEND, S_IRUSR | S_IWUSR)
        unsafe posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO)

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // What this process ignores (SIGPIPE, and SIGINT and SIGTERM while it watches them) the other one must not.
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        for number in [SIGINT, SIGTERM, SIGPIPE] { unsafe sigaddset(&signals, number) }
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        let ownSession: Int32 = 0x80  // POSIX_SPAWN_SETSID, which glibc shows to _GNU_SOURCE only
        unsafe posix_spawnattr_setflags(
            &attributes, Int16(ownSession | Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)))

        var list = unsafe ([executable.string] + arguments).map { text in
            let bytes = ByteText.bytes(of: text).map { CChar(bitPattern: $0) }
            return unsafe strdup(bytes + [0])
        }
        defer { unsafe list.forEach { unsafe free($0) } }
        unsafe list.append(nil)
        var process: pid_t = 0
        let result = unsafe posix_spawn(&process, executable.string, &files, &attributes, list, environ)
        guard result == 0 else { throw Errno(rawValue: result) }
        return process
    }

    /// What a shell or make left open (a pipe that someone reads to its end) must not live on in a server.
    private static func closeInheritedDescriptorsOnExecution() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            guard let descriptor = Int32(name), descriptor > STDERR_FILENO else { continue }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }
}
