internal import LocalSockets
internal import Primitives
public import SystemPackage

/// Talks to the agent of a socket. Each call connects anew and waits for two seconds at most.
public struct KeyAgentClient: Sendable {
    private let socketPath: FilePath

    public init(socketPath: FilePath) { self.socketPath = socketPath }

    /// The daily keys of a keystore; nil if no agent runs or it does not hold them.
    ///
    /// An agent that cannot be reached or does not answer is none: there is still the passphrase.
    ///
    /// - Throws: `unsafeDirectory`, `foreignPeer`: then something is wrong, and a passphrase should not be asked for
    ///   without saying so; `unusableKeys`.
    public func fetch(_ id: KeystoreID) throws(AgentError) -> DailyKeys? {
        let answer: AgentAnswer?
        do throws(AgentError) { answer = try ask(.fetch(id)) } catch {
            switch error {
            case .pathTooLong, .system, .badAnswer: return nil
            default: throw error
            }
        }
        switch answer {
        case .keys(let record):
            do { return try DailyKeys(record: record.secret) } catch { throw .unusableKeys(error) }
        case .absent, nil: return nil
        default: throw .badAnswer
        }
    }

    /// Lets a running agent hold keys from now on for `duration`, whole seconds of it.
    ///
    /// - Throws: `notRunning`; `refused` if it holds too many; as `fetch` otherwise.
    public func add(_ id: KeystoreID, _ keys: DailyKeys, for duration: Duration) throws(AgentError) {
        guard let record = try DailyRecord(keys) else { throw .refused }
        switch try ask(.add(id, record, seconds: UInt32(clamping: duration.components.seconds))) {
        case .done: return
        case .refused: throw .refused
        case nil: throw .notRunning
        default: throw .badAnswer
        }
    }

    /// Ends the agent; when this returns it holds nothing any more.
    ///
    /// - Returns: whether one was running.
    @discardableResult
    public func lock() throws(AgentError) -> Bool {
        switch try ask(.lock) {
        case .done: true
        case nil: false
        default: throw .badAnswer
        }
    }

    /// What the agent holds, and for how much longer; nil if none runs.
    public func held() throws(AgentError) -> [KeystoreID: Duration]? {
        switch try ask(.list) {
        case .held(let keystores): keystores.mapValues { .seconds(Int64($0)) }
        case nil: nil
        default: throw .badAnswer
        }
    }

    /// Nil if no agent runs.
    private func ask(_ request: AgentRequest) throws(AgentError) -> AgentAnswer? {
        do throws(AgentError) {
            let socket = try AgentError.around { () throws(LocalSocketError) in
                try PrivateDirectory.check(socketPath.removingLastComponent())
                let socket = try LocalSocket.connect(to: socketPath)
                try socket.send(request.bytes)
                return socket
            }
            guard var message = socket.receive(limit: AgentRequest.maximumByteCount) else { throw .badAnswer }
            defer { message.wipe() }
            guard let answer = AgentAnswer(message) else { throw .badAnswer }
            return answer
        } catch {
            if error == .notRunning { return nil }
            throw error
        }
    }
}
