internal import Synchronization

/// Buffers that are used again: fresh memory costs more than sealing what is put there.
final class BufferPool: Sendable {
    private let free = Mutex<[[UInt8]]>([])
    /// Enough for the threads that are inside of the cache at once; what is given back beyond that is freed.
    private static let capacity = 8

    /// A buffer of at least so many bytes, with anything in it.
    func take(_ byteCount: Int) -> [UInt8] {
        var buffer = free.withLock { $0.popLast() } ?? []
        if buffer.count < byteCount { buffer = [UInt8](repeating: 0, count: byteCount) }
        return buffer
    }

    func give(_ buffer: consuming [UInt8]) {
        let returned = buffer
        free.withLock { free in
            if free.count < Self.capacity { free.append(returned) }
        }
    }
}
