internal import Glibc
internal import LocalSockets
internal import Primitives
public import SystemPackage

/// Holds daily keys for a while, so that commands need no passphrase and no 0.6 s for each.
///
/// A process of its own that does nothing else: keys in locked memory, no dumps, a socket in a directory that only its
/// user can enter, and the kernel's word that whoever asks is that user. Each keystore's keys go when their time is up, by
/// a clock that runs while the machine sleeps; the process ends when it holds none, or is told to lock.
///
/// Protocol: Docs/Format/Keystore.md, "Agent".
public enum KeyAgent {
    /// An agent holds the keys of this many keystores.
    public static let maximumKeystoreCount = 64

    /// Serves until the last keys are due or a client asks it to lock. It takes the calling thread, and should have a
    /// process of its own: it forbids dumps of the one that it is called in.
    ///
    /// - Parameters:
    ///   - socketPath: in a directory that is made with mode 0700 unless it exists with that mode.
    ///   - keys: held for `duration`; with none, it waits ten seconds for a client to add some.
    ///   - onReady: called once clients can connect.
    /// - Throws: `alreadyRunning`, `unsafeDirectory`, `pathTooLong`, `unusableKeys`, `system`.
    public static func serve(
        socketPath: FilePath, keys: [KeystoreID: DailyKeys] = [:], duration: Duration, onReady: () -> Void = {}
    ) throws(AgentError) {
        ProcessMemory.forbidDumps()
        try AgentError.around { () throws(LocalSocketError) in
            try PrivateDirectory.make(socketPath.removingLastComponent())
        }
        // Held for life: whoever has the lock may remove the socket that a killed agent left.
        var lockPath = socketPath
        lockPath.extension = "lock"
        let lock = try lock(lockPath)
        defer { close(lock) }
        remove(socketPath)
        let listener = try AgentError.around { () throws(LocalSocketError) in try LocalSocket.listen(at: socketPath) }
        defer { remove(socketPath) }

        var held = HeldKeys(patience: .seconds(10))
        for (id, keys) in keys {
            guard let record = try DailyRecord(keys) else { throw .refused }
            held.add(id, record, for: duration)
        }
        onReady()
        while let wait = held.untilNextExpiry() {
            let accepted = try AgentError.around { () throws(LocalSocketError) in try listener.accept(within: wait) }
            guard let connection = accepted else { continue }
            connection.setTimeout(seconds: 1)
            guard var message = connection.receive(limit: AgentRequest.maximumByteCount) else { continue }
            let request = AgentRequest(message)
            message.wipe()
            if case .lock = request {
                held.removeAll()
                remove(socketPath)  // before the answer: after it, no command finds this agent
            }
            // A client that went away is no concern of the others.
            try? connection.send((request.map { held.answer($0) } ?? .refused).bytes)
        }
    }

    private static func lock(_ path: FilePath) throws(AgentError) -> Int32 {
        let flags = O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW
        let descriptor = unsafe path.withPlatformString { unsafe openFile($0, flags) }
        guard descriptor >= 0 else { throw .system(Errno(rawValue: errno)) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let error: AgentError = errno == EWOULDBLOCK ? .alreadyRunning : .system(Errno(rawValue: errno))
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func openFile(_ path: UnsafePointer<CChar>, _ flags: Int32) -> Int32 {
        unsafe open(path, flags, 0o600)
    }

    private static func remove(_ path: FilePath) { unsafe path.withPlatformString { _ = unsafe unlink($0) } }
}

extension DailyRecord {
    init?(_ keys: DailyKeys) throws(AgentError) {
        do { self.init(try keys.record()) } catch { throw .unusableKeys(error) }
    }
}

/// The keys that an agent holds, and until when.
struct HeldKeys {
    private var entries: [KeystoreID: (record: DailyRecord, end: ContinuousClock.Instant)] = [:]
    /// An agent without keys ends at this time.
    private var patience: ContinuousClock.Instant

    init(patience: Duration) { self.patience = .now + patience }

    /// Keys that are held already get the new time, be it shorter.
    mutating func add(_ id: KeystoreID, _ record: DailyRecord, for duration: Duration) {
        patience = .now
        entries[id] = (record, .now + duration)
    }

    mutating func removeAll() {
        entries = [:]
        patience = .now
    }

    mutating func answer(_ request: AgentRequest) -> AgentAnswer {
        removeExpired()
        switch request {
        case .fetch(let id): return entries[id].map { .keys($0.record) } ?? .absent
        case .add(let id, let record, let seconds):
            guard entries[id] != nil || entries.count < KeyAgent.maximumKeystoreCount else { return .refused }
            add(id, record, for: .seconds(Int64(seconds)))
            return .done
        case .lock: return .done
        case .list:
            let now = ContinuousClock.now
            return .held(entries.mapValues { UInt32(clamping: now.duration(to: $0.end).components.seconds) })
        }
    }

    /// Milliseconds to wait at most; nil if there is nothing left to wait for.
    ///
    /// Never more than ten seconds: the wait stands still while the machine sleeps, the keys' time does not.
    mutating func untilNextExpiry() -> Int32? {
        removeExpired()
        guard let end = entries.values.map(\.end).min() ?? (ContinuousClock.now < patience ? patience : nil) else {
            return nil
        }
        let left = ContinuousClock.now.duration(to: end)
        return Int32(max(.zero, min(.seconds(10), left)) / .milliseconds(1)) + 1
    }

    private mutating func removeExpired() {
        let now = ContinuousClock.now
        entries = entries.filter { now < $0.value.end }
    }
}
