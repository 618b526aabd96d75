import FUSE
import Foundation
import LocalSockets
import Primitives
import SystemPackage

/// Talks to the processes that serve this user's mounts.
struct MountClient: Sendable {
    let socket: FilePath

    /// Of the mount at a place.
    init(_ point: MountPoint, _ paths: Paths) {
        let name = String(XXHash64.hash(Array(point.path.string.utf8).span, seed: 0), radix: 16)
        socket = Self.directory(paths).appending("\(name).sock")
    }

    private init(socket: FilePath) { self.socket = socket }

    private static func directory(_ paths: Paths) -> FilePath { paths.runtime.appending("mounts") }

    /// All that may be there; some may be left of processes that were killed.
    static func all(_ paths: Paths) -> [MountClient] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory(paths).string)) ?? []
        return names.filter { $0.hasSuffix(".sock") }.sorted().map {
            MountClient(socket: directory(paths).appending($0))
        }
    }

    /// What the mounts that answer say of themselves.
    static func reports(_ paths: Paths) async throws -> [MountStatusAnswer] {
        var found: [MountStatusAnswer] = []
        for client in all(paths) {
            guard let conversation = try await client.ask(.status) else { continue }
            let answer = MountStatusAnswer()
            do { _ = try await conversation.finish(answer.note) } catch MountCommandError.noAnswer { continue }
            if answer.report != nil { found.append(answer) }
        }
        return found
    }

    /// Asks for something; the answer is still to be listened to.
    ///
    /// - Returns: nil where no process of this user's answers.
    func ask(_ request: MountRequest) async throws -> MountConversation? {
        let path = socket
        return try await onThread {
            do throws(LocalSocketError) {
                try PrivateDirectory.check(path.removingLastComponent())
                let conversation = MountConversation(try LocalSocket.connect(to: path))
                try conversation.send(request)
                return conversation
            } catch {
                switch error {
                case .notListening, .foreignPeer, .pathTooLong: return nil
                default: throw error
                }
            }
        }
    }
}

/// What a mount says of itself, put together.
final class MountStatusAnswer: @unchecked Sendable {  // filled by the one conversation that it is made for
    private(set) var report: MountReport?
    private(set) var changes: [MountReport.Change] = []

    func note(_ answer: MountAnswer) {
        switch answer {
        case .report(let report): self.report = report
        case .change(let change): changes.append(change)
        case .progress, .done, .failed: break
        }
    }
}

/// A question that was asked.
final class MountConversation: Sendable {
    private let socket: LocalSocket

    /// What serves a mount says something every second; after so many it is stuck.
    private static let patience = 30

    fileprivate init(_ socket: consuming LocalSocket) {
        socket.setTimeout(seconds: Self.patience)
        self.socket = socket
    }

    fileprivate func send(_ request: MountRequest) throws(LocalSocketError) {
        guard let bytes = try? request.bytes else { return }
        try socket.send(bytes)
    }

    /// Listens until the last answer.
    ///
    /// - Parameter note: is told of every other one.
    /// - Returns: the commit that was made; nil where there was nothing to commit.
    /// - Throws: `MountFailure` with what the mount says; `MountCommandError.noAnswer`.
    func finish(_ note: @escaping @Sendable (MountAnswer) -> Void) async throws -> String? {
        let socket = self
        return try await onThread { cancelled in
            while true {
                if cancelled.isRaised { throw CancellationError() }
                guard let bytes = socket.socket.receive(limit: MountAnswer.byteLimit),
                    let answer = MountAnswer(bytes)
                else { throw MountCommandError.noAnswer }
                switch answer {
                case .done(let commit): return commit
                case .failed(let message, let hint, let status):
                    throw MountFailure(
                        description: message, hint: hint, exitStatus: ExitStatus(rawValue: status) ?? .failed)
                case .progress, .report, .change: note(answer)
                }
            }
        }
    }
}

extension MountConversation {
    /// Returns when the process that has told how its mount has ended is gone, and uses its cache's disk no more.
    func processHasEnded() async throws {
        let socket = self
        // It says no more: that is the connection's end.
        _ = try await onThread { socket.socket.receive(limit: MountAnswer.byteLimit) }
    }
}

/// What the process that serves a mount could not do.
struct MountFailure: Reportable, CustomStringConvertible {
    let description: String
    let hint: String?
    let exitStatus: ExitStatus
}
