internal import LocalSockets
public import SystemPackage

/// What can go wrong between a command and the agent that holds its keys.
public enum AgentError: Error, Equatable, CustomStringConvertible {
    /// Another agent serves this socket.
    case alreadyRunning
    /// Nothing serves this socket.
    case notRunning
    /// The socket's directory is not a directory of this user's that nobody else can enter.
    case unsafeDirectory(FilePath)
    /// The path is longer than a socket's may be.
    case pathTooLong(FilePath)
    /// The other end belongs to another user.
    case foreignPeer(userID: UInt32)
    /// The other end said something that is not in the protocol, or did not answer in time.
    case badAnswer
    /// The agent holds as many keystores as it takes, or the keys are too long.
    case refused
    /// The agent's keys are damaged or of another release.
    case unusableKeys(KeystoreError)
    /// A system call failed.
    case system(Errno)

    public var description: String {
        switch self {
        case .alreadyRunning: "a key agent is running already"
        case .notRunning: "no key agent is running"
        case .unsafeDirectory(let path): "\(path) is not a private directory of this user"
        case .pathTooLong(let path): "the socket's path is too long: \(path)"
        case .foreignPeer(let userID): "the other end of the agent's socket belongs to user \(userID)"
        case .badAnswer: "the key agent did not answer as agreed"
        case .refused: "the key agent refused the keys"
        case .unusableKeys(let cause): "the key agent's keys cannot be used: \(cause)"
        case .system(let error): "talking to the key agent failed: \(error)"
        }
    }
}

extension AgentError {
    init(_ error: LocalSocketError) {
        switch error {
        case .notListening: self = .notRunning
        case .pathTooLong(let path): self = .pathTooLong(path)
        case .foreignPeer(let userID): self = .foreignPeer(userID: userID)
        case .unsafeDirectory(let path): self = .unsafeDirectory(path)
        case .system(let error): self = .system(error)
        }
    }

    /// Uses a socket, with the errors that an agent's users know.
    static func around<Result: ~Copyable>(
        _ work: () throws(LocalSocketError) -> Result
    ) throws(AgentError) -> Result {
        do throws(LocalSocketError) { return try work() } catch { throw AgentError(error) }
    }
}
