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
    /// - Throws: `LocalnetError.died` or `.silent`.
    func start() async throws -> ReadyFile {
        do {
            return try await start(port: port)
        } catch LocalnetError.died where port != 0 {
            // Another program may have taken the port meanwhile.
            return try await start(port: 0)
        }
    }

    private func start(port: Int) async throws -> ReadyFile {
        try FileManager.default.createDirectory(
            atPath: directory.string, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        var child: pid_t?
        if try lock.holder() == nil {
            child = try DetachedProcess.start(
                DetachedProcess.ownExecutable, arguments + ["--port", String(port)], log: log)
        }
        let ready = try await waitFor(.seconds(60)) {
            if let holder = try lock.holder(), let ready = ReadyFile.read(in: directory), ready.process == holder {
                return ready
            }
            if let child, waitpid(child, nil, WNOHANG) == child {
                throw LocalnetError.died(name, log: log, lastLine: lastLogLine)
            }
            return nil
        }
        guard let ready else { throw LocalnetError.silent(name, log: log) }
        return ready
    }

    /// Asks the process to end, without waiting.
    func signal(_ number: Int32) throws {
        if let holder = try lock.holder() { kill(holder, number) }
    }

    /// Waits until the process is gone, and ends it by force if it will not go.
    func waitUntilGone() async throws {
        if try await waitFor(.seconds(10), { try isRunning ? nil : true }) != nil { return }
        try signal(SIGKILL)
        _ = try await waitFor(.seconds(10)) { try isRunning ? nil : true }
    }

    private var lastLogLine: String {
        guard let text = try? String(contentsOfFile: log.string, encoding: .utf8) else { return "" }
        return text.split(separator: "\n").last.map(String.init) ?? ""
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
