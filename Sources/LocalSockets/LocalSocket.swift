internal import Glibc
internal import Primitives
public import SystemPackage

/// A Unix socket that keeps messages apart (`SOCK_SEQPACKET`): one is received whole or not at all.
public struct LocalSocket: ~Copyable, Sendable {
    private let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    private init() throws(LocalSocketError) {
        descriptor = socket(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if descriptor < 0 { throw .lastSystemError }
    }

    deinit { close(descriptor) }

    /// - Throws: `notListening` if nothing listens there; `pathTooLong`, `foreignPeer`, `system`.
    public static func connect(to path: FilePath) throws(LocalSocketError) -> LocalSocket {
        let socket = try LocalSocket()
        // Before connecting: a process that is stopped has a queue that fills up.
        socket.setTimeout(seconds: 2)
        let descriptor = socket.descriptor
        let result = try unsafe withAddress(of: path) { address, length in
            unsafe Glibc.connect(descriptor, address, length)
        }
        if result != 0 {
            switch errno {
            case ENOENT, ECONNREFUSED: throw .notListening
            default: throw .lastSystemError
            }
        }
        try socket.expectOwnUser()
        return socket
    }

    /// Makes the socket's file, which must not exist.
    public static func listen(at path: FilePath) throws(LocalSocketError) -> LocalSocket {
        let socket = try LocalSocket()
        let descriptor = socket.descriptor
        let result = try unsafe withAddress(of: path) { address, length in unsafe bind(descriptor, address, length) }
        guard result == 0, Glibc.listen(descriptor, 16) == 0 else { throw .lastSystemError }
        return socket
    }

    /// The next connection of this user's; nil if there is none within the time, or it went away, or is another user's.
    public func accept(within milliseconds: Int32) throws(LocalSocketError) -> LocalSocket? {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let ready = unsafe poll(&entry, 1, milliseconds)
        if ready < 0, errno != EINTR { throw .lastSystemError }
        guard ready > 0 else { return nil }
        let connection = Glibc.accept(descriptor, nil, nil)
        guard connection >= 0 else {
            switch errno {
            case EINTR, ECONNABORTED, EAGAIN, EMFILE, ENFILE: return nil
            default: throw .lastSystemError
            }
        }
        let socket = LocalSocket(descriptor: connection)
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        do { try socket.expectOwnUser() } catch { return nil }
        return socket
    }

    /// How long sending and receiving wait.
    public func setTimeout(seconds: Int) {
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        let length = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, length)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, length)
    }

    /// Sends a message and overwrites it.
    public func send(_ message: consuming [UInt8]) throws(LocalSocketError) {
        let sent = unsafe message.withUnsafeBytes {
            unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        let error = LocalSocketError.lastSystemError
        message.wipe()
        if sent != message.count { throw error }
    }

    /// One message; nil if the other end closed, was too slow, or sent more than `limit` bytes. The caller wipes it.
    public func receive(limit: Int) -> [UInt8]? {
        var message = [UInt8](repeating: 0, count: limit + 1)
        var count = -1
        repeat {
            count = unsafe message.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
        } while count < 0 && errno == EINTR
        guard 1...limit ~= count else {
            message.wipe()
            return nil
        }
        message.removeLast(message.count - count)  // in place: nothing is copied
        return message
    }

    /// The kernel's word for who made the other end.
    private func expectOwnUser() throws(LocalSocketError) {
        var credentials = PeerCredentials()
        var length = socklen_t(MemoryLayout<PeerCredentials>.size)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else {
            throw .lastSystemError
        }
        if credentials.userID != geteuid() { throw .foreignPeer(userID: credentials.userID) }
    }

    private static func withAddress(
        of path: FilePath, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(LocalSocketError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let fits = unsafe path.withPlatformString { source in
            unsafe withUnsafeMutableBytes(of: &address.sun_path) { target in
                let count = unsafe strlen(source)
                guard count < target.count else { return false }
                unsafe target.copyMemory(from: UnsafeRawBufferPointer(start: source, count: count))
                return true
            }
        }
        guard fits else { throw .pathTooLong(path) }
        return unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

/// The kernel's `struct ucred`, which Swift does not import.
private struct PeerCredentials {
    var processID: Int32 = 0
    var userID: UInt32 = .max
    var groupID: UInt32 = .max
}
