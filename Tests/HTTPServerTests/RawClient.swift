import Foundation
import Glibc

struct SocketFailure: Error { let step: String }

/// A socket that says exactly what a test wants to say. Blocking, on a queue of its own.
final class RawClient: Sendable {
    private let descriptor: CInt
    private let queue = DispatchQueue(label: "raw client")

    init(port: Int) throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw SocketFailure(step: "connect") }
    }

    deinit { close(descriptor) }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) async throws {
        try await onQueue { [descriptor] in
            var rest = bytes[...]
            while !rest.isEmpty {
                let sent = rest.withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
                }
                guard sent > 0 else { throw SocketFailure(step: "send") }
                rest = rest.dropFirst(sent)
            }
        }
    }

    /// Receives until `enough` says so or the server closes.
    func receive(until enough: @escaping @Sendable ([UInt8]) -> Bool = { _ in false }) async throws -> [UInt8] {
        try await onQueue { [descriptor] in
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65536)
            while !enough(bytes) {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                guard count >= 0 else { throw SocketFailure(step: "receive") }
                if count == 0 { break }
                bytes += buffer[..<count]
            }
            return bytes
        }
    }

    func receiveText(containing text: String) async throws -> String {
        String(decoding: try await receive { String(decoding: $0, as: UTF8.self).contains(text) }, as: UTF8.self)
    }

    private func onQueue<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try work() }) }
        }
    }
}
