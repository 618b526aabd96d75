import BlobStore
import DriveMount
import Foundation
import Glibc
import LocalSockets
import Synchronization
import SystemPackage

/// Answers what other commands ask of a mount.
final class MountControl: Sendable {
    private let mount: Mount
    private let home: String
    private let meter: ProgressMeter
    private let socket: FilePath
    private let isOver = Atomic(false)

    /// So many commands are answered at once.
    private static let connectionLimit = 32
    /// So many changes are named.
    private static let changeLimit = 1000

    /// - Parameters:
    ///   - meter: shows how far the mount's commits are.
    ///   - home: the drive's name on this machine.
    init(_ mount: Mount, home: String, meter: ProgressMeter, at socket: FilePath) {
        self.mount = mount
        self.home = home
        self.meter = meter
        self.socket = socket
    }

    /// Answers until `end` is called, and what was asked before is answered. A mount that cannot be asked serves nevertheless.
    func serve() async throws {
        try makePrivateDirectory(socket.removingLastComponent())
        try? FileManager.default.removeItem(atPath: socket.string)
        let listener = Listener(try LocalSocket.listen(at: socket))
        defer { try? FileManager.default.removeItem(atPath: socket.string) }
        await withTaskGroup(of: Void.self) { group in
            var count = 0
            while true {
                let isLast = isOver.load(ordering: .relaxed)
                guard let connection = await listener.accept() else {
                    if isLast { break }
                    continue
                }
                if count == Self.connectionLimit { await group.next() } else { count += 1 }
                group.addTask { await self.answer(connection) }
            }
        }
    }

    func end() { isOver.store(true, ordering: .relaxed) }

    private func answer(_ connection: Connection) async {
        do {
            switch try await connection.receive() {
            case .status: try await report(to: connection)
            case .flush(let stage):
                let commit = try await whileTelling(connection) {
                    try await self.mount.flush(Stage(name: stage) ?? .complete)
                }
                try await connection.send(.done(commit: commit))
            case .ending(let milliseconds): try await ending(connection, within: milliseconds.map { .milliseconds($0) })
            case nil: return
            }
        } catch {
            let report = ErrorReport(error)
            try? await connection.send(
                .failed(message: report.message, hint: report.hint, status: report.status.rawValue))
        }
    }

    /// Tells how far the mount's commit is, for as long as something takes.
    private func whileTelling<Result: Sendable>(
        _ connection: Connection, _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        // Ends below.
        let telling = Task { [meter] in
            while (try? await Task.sleep(for: .milliseconds(250))) != nil {
                try? await connection.send(.progress(meter.current))
            }
        }
        defer { telling.cancel() }
        return try await work()
    }

    private func report(to connection: Connection) async throws {
        let status = mount.status(limit: Self.changeLimit)
        for change in status.changes { try await connection.send(.change(MountReport.Change(change))) }
        try await connection.send(
            .report(MountReport(status, home: home, mountPoint: mount.mountPoint)))
        try await connection.send(.done(commit: nil))
    }

    /// Waits for the drive to be unmounted, and for what is committed then.
    private func ending(_ connection: Connection, within limit: Duration?) async throws {
        let clock = ContinuousClock()
        var begun: ContinuousClock.Instant?
        while !mount.isOver {
            try await Task.sleep(for: .milliseconds(100))
            // Where whoever waits has gone, as after an unmounting that was refused, nobody is told.
            try await connection.send(.progress(meter.current))
            guard mount.isEnding else { continue }
            let begin = begun ?? clock.now
            begun = begin
            if let limit, clock.now - begin >= limit { mount.abandon() }
        }
        // Closed by the kernel, when this process is gone: that is waited for.
        _ = unsafe Unmanaged.passRetained(connection)
        let status = mount.status(limit: Self.changeLimit)
        for change in status.changes { try await connection.send(.change(MountReport.Change(change))) }
        guard status.changeCount > 0 else { return try await connection.send(.done(commit: status.lastCommit?.id)) }
        let error = MountCommandError.stillLocal(mount.mountPoint, count: status.changeCount, cause: status.failure)
        try await connection.send(
            .failed(message: "\(error)", hint: error.hint, status: error.exitStatus.rawValue))
    }
}

/// The socket that commands connect to.
private final class Listener: Sendable {
    private let socket: LocalSocket

    init(_ socket: consuming LocalSocket) { self.socket = socket }

    /// The next command; nil if none came within a moment.
    func accept() async -> Connection? {
        try? await onThread {
            guard let accepted = try self.socket.accept(within: 200) else { return nil }
            return Connection(accepted)
        }
    }
}

/// A command that has asked something.
private final class Connection: Sendable {
    private let socket: LocalSocket

    init(_ socket: consuming LocalSocket) {
        socket.setTimeout(seconds: 2)
        self.socket = socket
    }

    func receive() async throws -> MountRequest? {
        try await onThread { self.socket.receive(limit: MountRequest.byteLimit).flatMap { MountRequest($0) } }
    }

    func send(_ answer: MountAnswer) async throws {
        try await onThread { try self.socket.send(try answer.bytes) }
    }
}

extension MountReport {
    init(_ status: MountStatus, home: String, mountPoint: FilePath) {
        self.init(
            home: home, mountPoint: mountPoint.string, process: getpid(), isReadOnly: status.isReadOnly,
            isEnding: status.isEnding, changeCount: status.changeCount, dirtyByteCount: status.dirtyByteCount,
            cacheByteCount: status.cacheByteCount, commitCount: status.commitCount, lastCommit: status.lastCommit?.id,
            lastCommitTime: status.lastCommit?.time.date, failure: status.failure,
            secondsUntilCommit: status.untilNextCommit?.components.seconds, takenByteCount: status.takenByteCount,
            uptimeSeconds: status.uptime.components.seconds)
    }
}

extension MountReport.Change {
    init(_ change: LocalChange) {
        self.init(
            path: Data(change.path.prefix(MountAnswer.byteLimit / 2)), byteCount: change.byteCount,
            isRemoved: change.isRemoved,
            stage: change.stage?.description)
    }
}
