import Foundation

/// What is asked of the process that serves a mount: one message of a connection.
enum MountRequest: Codable, Sendable {
    case status
    /// Commits what was changed until now, and answers when that has come so far.
    case flush(stage: String)
    /// Says what becomes of the last commit while the drive is unmounted; nil for as long as it takes, else it is cut short.
    case ending(milliseconds: Int64?)

    static let byteLimit = 4096

    var bytes: [UInt8] { get throws { Array(try JSONEncoder().encode(self)) } }

    /// Nil for what no request is.
    init?(_ bytes: [UInt8]) {
        guard let request = try? JSONDecoder().decode(MountRequest.self, from: Data(bytes)) else { return nil }
        self = request
    }
}

/// What is answered: any number of messages, of which `done` or `failed` is the last.
enum MountAnswer: Codable, Sendable {
    /// At least one every second, also where nothing moves.
    case progress(ProgressState)
    case report(MountReport)
    /// Something that is not in the drive.
    case change(MountReport.Change)
    /// The commit that was made; nil where nothing was changed.
    case done(commit: String?)
    case failed(message: String, hint: String?, status: Int32)

    /// Of a message: a path that is longer is cut off.
    static let byteLimit = 60_000

    var bytes: [UInt8] { get throws { Array(try JSONEncoder().encode(self)) } }

    /// Nil for what no answer is, as that of another release.
    init?(_ bytes: [UInt8]) {
        guard let answer = try? JSONDecoder().decode(MountAnswer.self, from: Data(bytes)) else { return nil }
        self = answer
    }
}

/// How a mount stands.
struct MountReport: Codable, Sendable {
    let home: String
    let mountPoint: String
    let process: Int32
    let isReadOnly: Bool
    let isEnding: Bool
    let changeCount: Int
    let dirtyByteCount: UInt64
    let cacheByteCount: UInt64
    let commitCount: Int
    let lastCommit: String?
    let lastCommitTime: Date?
    let failure: String?
    let secondsUntilCommit: Int64?
    let takenByteCount: UInt64
    let uptimeSeconds: Int64

    /// Something that is not in the drive yet.
    struct Change: Codable, Sendable {
        let path: Data
        let byteCount: UInt64
        let isRemoved: Bool
        /// Nil where it is on this machine alone.
        let stage: String?
    }
}
