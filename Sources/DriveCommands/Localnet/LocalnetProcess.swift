import Foundation
import Glibc
import SystemPackage

/// One process of the local network as its supervisor sees it: a directory, a lock, and how to start it.
struct LocalnetProcess: Sendable {
    /// `the chain`, `node 3`.
    let name: String
    let directory: FilePath
    /// Its command line, but for the port.
    let arguments: [String]
    /// The port that it had last; 0 for any.
    let port: Int

    private var lock: ProcessLock { ProcessLock(of: directory) }
    private var log: FilePath { directory.appending("log") }

    var isRunning: Bool {
        get throws { try lock.holder() != nil }
    }

    /// Starts the process unless it runs, and waits until it answers.
    ///
    /// - Throws: `LocalnetError.died`, `.silent` or `.inUse`.
    func start() async throws -> ReadyFile {
        do {
            return try await start(port: port)
        } catch LocalnetError.died(_, .busy, _, _) where port != 0 {
            // Another program has taken the port meanwhile.
            return try await start(port: 0)
        }
    }

    private func start(port: Int) async throws -> ReadyFile {
        try FileManager.default.createDirectory(
            atPath: directory.string, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        var child: pid_t?
        if try holder() == nil {
            child = try DetachedProcess.start(
                DetachedProcess.ownExecutable, arguments + ["--port", String(port)], log: log)
        }
        do {
            let ready = try await waitFor(.seconds(60)) {
                if let holder = try holder(), let ready = ReadyFile.read(in: directory), ready.process == holder {
                    return ready
                }
                var end: Int32 = 0
                if let ended = child, unsafe waitpid(ended, &end, WNOHANG) == ended {
                    child = nil
                    let status = end & 0x7F == 0 ? ExitStatus(rawValue: end >> 8 & 0xFF) : nil
                    throw LocalnetError.died(name, status, log: log, lastLine: lastLogLine)
                }
                return nil
            }
            guard let ready else { throw LocalnetError.silent(name, log: log) }
            return ready
        } catch {
            // What has not come up must not do so later, when nobody waits for it any more. A task of its own, since this
            // one may be cancelled and its waits would end at once; awaited here.
            if let child { await Task { await Self.end(child) }.value }
            throw error
        }
    }

    /// Ends a process that this one has started, and waits until it is gone: while it starts it holds no lock yet by which
    /// it would be seen.
    private static func end(_ child: pid_t) async {
        for signal in [SIGTERM, SIGKILL] {
            kill(child, signal)
            let ended = try? await waitFor(.seconds(10)) { waitpid(child, nil, WNOHANG) == 0 ? nil : true }
            if ended != nil { return }
        }
    }

    /// The process, if it runs.
    ///
    /// - Throws: `LocalnetError.inUse` if it cannot be reached from here. To its number, 0, a signal would reach this
    ///   process and its whole group.
    private func holder() throws -> pid_t? {
        guard let holder = try lock.holder() else { return nil }
        guard holder > 0 else { throw LocalnetError.inUse(directory) }
        return holder
    }

    /// Asks the process to end, without waiting.
    func signal(_ number: Int32) throws {
        if let holder = try holder() { kill(holder, number) }
    }

    /// Waits until the process is gone, and ends it by force if it will not go.
    func waitUntilGone() async throws {
        if try await waitFor(.seconds(10), { try isRunning ? nil : true }) != nil { return }
        try signal(SIGKILL)
        _ = try await waitFor(.seconds(10)) { try isRunning ? nil : true }
    }

    private var lastLogLine: String {
        guard let text = try? String(contentsOfFile: log.string, encoding: .utf8) else { return "" }
        // The error, not the hint for who started it by hand.
        return text.split(separator: "\n").last { !$0.contains("hint: ") }.map(String.init) ?? ""
    }
}

/// Tries again and again until `attempt` returns a value; nil when the time is over.
func waitFor<Value>(_ limit: Duration, _ attempt: () async throws -> Value?) async throws -> Value? {
    let clock = ContinuousClock()
    let end = clock.now + limit
    while true {
        if let value = try await attempt() { return value }
        guard clock.now < end else { return nil }
        try await clock.sleep(for: .milliseconds(50))
    }
}
