import Foundation
import Sealing
import SystemPackage

/// Starting the agent: a process of its own, since its memory is to hold keys and nothing else.
enum AgentProcess {
    /// Lets the agent hold keys, starting it if none runs.
    static func hold(_ keys: DailyKeys, of id: KeystoreID, for duration: Duration, paths: Paths) async throws {
        let client = KeyAgentClient(socketPath: paths.agentSocket)
        let add: @Sendable () throws -> Bool = {
            do {
                try client.add(id, keys, for: duration)
                return true
            } catch AgentError.notRunning {
                return false
            }
        }
        if try await onThread(add) { return }
        try makePrivateDirectory(paths.runtime)
        try makePrivateDirectory(paths.state)
        _ = try DetachedProcess.start(
            DetachedProcess.ownExecutable, ["key", "agent", paths.agentSocket.string],
            log: paths.state.appending("agent.log"))
        guard try await waitFor(.seconds(10), { try await onThread(add) ? true : nil }) != nil else {
            throw AgentError.notRunning
        }
    }
}

/// Makes a directory that its user alone can enter, with those above it.
///
/// - Throws: `PathsError.cannotMake`; the system's error where the disk is full.
func makePrivateDirectory(_ path: FilePath) throws {
    do {
        try FileManager.default.createDirectory(
            atPath: path.string, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch  where ErrorReport.status(of: error) != .outOfSpace {
        throw PathsError.cannotMake(path, cause: ErrorReport.text(of: error))
    }
}
