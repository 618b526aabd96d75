import Glibc
import Synchronization

/// An HTTP server on a port of its own that does what a test tells it, also what no honest server does.
public final class ScriptedServer: Sendable {
    public struct Request: Sendable {
        public let method: String
        public let path: String
        /// Names in lower case.
        public let headers: [String: String]
        public let body: [UInt8]
        /// Counts the connections from 1: which one this request came on.
        public let connection: Int
    }

    public enum Reply: Sendable {
        /// A whole answer; the connection stays open.
        case answer(status: Int = 200, headers: [(String, String)] = [], body: [UInt8] = [])
        /// These bytes, whatever they are; then the connection is closed.
        case raw([UInt8])
        /// Nothing until the client gives up.
        case silence
        case close
    }

    public let port: UInt16
    public var url: String { "http://127.0.0.1:\(port)" }
    private let listener: Int32
    private let handler: @Sendable (Request) -> Reply
    private let connections = Mutex(Connections())

    private struct Connections {
        var isStopped = false
        var count = 0
        var open: [Int: Int32] = [:]
    }

    /// - Parameter handler: is called on a thread of the connection and may block it.
    public init(_ handler: @escaping @Sendable (Request) -> Reply) {
        self.handler = handler
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 128) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        precondition(bound, "no socket for the test")
        self.listener = listener
        port = UInt16(bigEndian: address.sin_port)
        startThread { [self] in accept() }
    }

    /// How many connections were made so far.
    public var connectionCount: Int { connections.withLock { $0.count } }

    /// Ends everything: the port refuses connections from now on.
    ///
    /// Each descriptor is closed by the thread that waits on it and by nobody else: a number that is free is given to
    /// the next socket, and a thread that still used it would take another server's connections.
    public func stop() {
        connections.withLock { connections in
            if connections.isStopped { return }
            connections.isStopped = true
            shutdown(listener, Int32(SHUT_RDWR))
            for socket in connections.open.values { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    private func accept() {
        while let (number, socket) = next() {
            startThread { [self] in
                serve(socket, number)
                connections.withLock { _ = $0.open.removeValue(forKey: number) }
                shutdown(socket, Int32(SHUT_RDWR))
                Glibc.close(socket)
            }
        }
    }

    /// The next connection and its number, or nothing once the server is stopped.
    private func next() -> (Int, Int32)? {
        let socket = Glibc.accept(listener, nil, nil)
        return connections.withLock { connections in
            guard socket >= 0, !connections.isStopped else {
                if socket >= 0 { Glibc.close(socket) }
                connections.isStopped = true
                Glibc.close(listener)
                return nil
            }
            connections.count += 1
            connections.open[connections.count] = socket
            return (connections.count, socket)
        }
    }

    private func serve(_ socket: Int32, _ number: Int) {
        var buffer: [UInt8] = []
        while let request = Self.readRequest(socket, &buffer, number) {
            switch handler(request) {
            case .answer(let status, let headers, let body):
                var head = "HTTP/1.1 \(status) Status\r\nContent-Length: \(body.count)\r\n"
                for (name, value) in headers { head += "\(name): \(value)\r\n" }
                let bytes = Array((head + "\r\n").utf8) + (request.method == "HEAD" ? [] : body)
                guard Self.write(socket, bytes) else { return }
            case .raw(let bytes):
                _ = Self.write(socket, bytes)
                return
            case .silence:
                var byte: UInt8 = 0
                while read(socket, &byte, 1) > 0 {}
                return
            case .close: return
            }
        }
    }

    private static func readRequest(_ socket: Int32, _ buffer: inout [UInt8], _ number: Int) -> Request? {
        let end = Array("\r\n\r\n".utf8)
        var headEnd = find(end, in: buffer)
        while headEnd == nil {
            guard receive(socket, &buffer) else { return nil }
            headEnd = find(end, in: buffer)
        }
        guard let headEnd else { return nil }
        let lines = String(decoding: buffer[..<headEnd], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ").map(String.init) ?? []
        guard words.count == 3 else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] =
                parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
        }
        buffer.removeFirst(headEnd + end.count)
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        while buffer.count < length { guard receive(socket, &buffer) else { return nil } }
        let body = Array(buffer[..<length])
        buffer.removeFirst(length)
        return Request(method: words[0], path: words[1], headers: headers, body: body, connection: number)
    }

    private static func find(_ pattern: [UInt8], in bytes: [UInt8]) -> Int? {
        guard bytes.count >= pattern.count else { return nil }
        return (0...bytes.count - pattern.count).first { bytes[$0] == 13 && bytes[$0...].starts(with: pattern) }
    }

    private static func receive(_ socket: Int32, _ buffer: inout [UInt8]) -> Bool {
        let piece = [UInt8](unsafeUninitializedCapacity: 256 << 10) { piece, count in
            count = max(0, read(socket, piece.baseAddress, piece.count))
        }
        buffer += piece
        return !piece.isEmpty
    }

    private static func write(_ socket: Int32, _ bytes: [UInt8]) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            offset += count
        }
        return true
    }
}

/// A detached thread: the servers of tests block, and must not block the tests' own pool.
private func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let code = pthread_create(
        &thread, nil,
        { context in
            if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body() }
            return nil
        }, Unmanaged.passRetained(Box(body)).toOpaque())
    precondition(code == 0, "no thread for the test")
    pthread_detach(thread)
}

/// Holds a server's thread up for a moment, so that requests overlap.
public func usleepBriefly() { usleep(2000) }
