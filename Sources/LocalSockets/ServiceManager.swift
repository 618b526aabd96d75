internal import Glibc
internal import SystemPackage

/// The service manager that has started this process, if it wants to be told of its state (sd_notify(3)).
public struct ServiceManager: Sendable {
    /// A socket's path; of an abstract one, with `@` in the place of its first zero.
    private let path: String
    /// How often it has to be told that the process is well; nil where it does not watch.
    public let watchdogInterval: Duration?

    /// Nil where there is none.
    ///
    /// - Parameter environment: of this process.
    public init?(environment: [String: String]) {
        guard let path = environment["NOTIFY_SOCKET"], path.hasPrefix("/") || path.hasPrefix("@"), path.utf8.count > 1
        else { return nil }
        self.path = path
        let isOurs = environment["WATCHDOG_PID"].map { Int32($0) == getpid() } ?? true
        watchdogInterval =
            isOurs
            ? environment["WATCHDOG_USEC"].flatMap { Int64($0) }.flatMap { $0 > 0 ? .microseconds($0) : nil } : nil
    }

    /// What it may be told.
    public enum State: Sendable {
        case ready
        case well
        /// It ends, and may take so much longer than was agreed.
        case stopping(for: Duration)
    }

    /// - Throws: `LocalSocketError.pathTooLong`, `system`.
    public func tell(_ state: State) throws(LocalSocketError) {
        let text =
            switch state {
            case .ready: "READY=1"
            case .well: "WATCHDOG=1"
            case .stopping(let time): "STOPPING=1\nEXTEND_TIMEOUT_USEC=\(time.components.seconds * 1_000_000)"
            }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .lastSystemError }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        if name[0] == UInt8(ascii: "@") { name[0] = 0 }
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { throw .pathTooLong(FilePath(path)) }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
        // Of an abstract name the length counts.
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        let bytes = Array(text.utf8)
        // A manager that does not listen must not hold up what it manages.
        let flags = Int32(MSG_NOSIGNAL | MSG_DONTWAIT)
        let sent = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe sendto(descriptor, bytes, bytes.count, flags, pointer, length)
            }
        }
        guard sent == bytes.count else { throw .lastSystemError }
    }
}
