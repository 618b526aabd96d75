internal import Glibc

/// A file that is read and written at places. All calls block; reading and syncing may go on at once.
final class StoredFile: Sendable {
    private let descriptor: Int32

    /// - Parameter flags: `O_RDWR`, `O_CREAT` and others of open(2).
    /// - Throws: `CacheError.full`, `system`.
    init(path: String, flags: Int32) throws(CacheError) {
        descriptor = unsafe open(path, flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .last("opening \(path)") }
    }

    deinit { close(descriptor) }

    /// - Throws: `CacheError.system`.
    func byteCount() throws(CacheError) -> UInt64 {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .last("fstat") }
        return UInt64(clamping: status.st_size)
    }

    /// Fills `output` with the bytes from `position` on; false if the file ends before.
    ///
    /// - Throws: `CacheError.system` if the disk does not give them.
    func read(at position: UInt64, into output: inout MutableSpan<UInt8>) throws(CacheError) -> Bool {
        try unsafe output.withUnsafeMutableBytes { buffer throws(CacheError) in
            var done = 0
            while done < buffer.count {
                let count = unsafe pread(
                    descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done,
                    off_t(position) + off_t(done))
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw .last("reading") }
                guard count > 0 else { return false }
                done += count
            }
            return true
        }
    }

    /// Nil if the file ends before. Whoever asks has bounded `count`.
    ///
    /// - Throws: `CacheError.system` if the disk does not give them.
    func bytes(at position: UInt64, count: Int) throws(CacheError) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        return try read(at: position, into: &span) ? bytes : nil
    }

    /// Writes both, one behind the other, as one write where the system takes it as one.
    ///
    /// - Throws: `CacheError.full`, `system`; then any part of it may be written.
    func write(_ first: Span<UInt8>, _ second: Span<UInt8>, at position: UInt64) throws(CacheError) {
        let error: CacheError? = unsafe first.withUnsafeBytes { first in
            unsafe second.withUnsafeBytes { second in unsafe Self.write(descriptor, first, second, at: position) }
        }
        if let error { throw error }
    }

    private static func write(
        _ descriptor: Int32, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, at position: UInt64
    ) -> CacheError? {
        var done = 0
        let total = first.count + second.count
        while done < total {
            let head = min(done, first.count)
            let tail = done - head
            var parts = (unsafe part(first, from: head), unsafe part(second, from: tail))
            let count = unsafe withUnsafeBytes(of: &parts) {
                unsafe pwritev(
                    descriptor, $0.baseAddress?.assumingMemoryBound(to: iovec.self), 2,
                    off_t(position) + off_t(done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return .last("writing") }
            done += count
        }
        return nil
    }

    private static func part(_ bytes: UnsafeRawBufferPointer, from start: Int) -> iovec {
        unsafe iovec(
            iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress?.advanced(by: start)),
            iov_len: bytes.count - start)
    }

    /// Makes the file this long: cuts it, or adds zeros that take no room.
    ///
    /// - Throws: `CacheError.system`.
    func truncate(to byteCount: UInt64) throws(CacheError) {
        guard ftruncate(descriptor, off_t(byteCount)) == 0 else { throw .last("ftruncate") }
    }

    /// Takes room on the disk for so many bytes.
    ///
    /// - Throws: `CacheError.full`, `system`.
    func allocate(byteCount: UInt64) throws(CacheError) {
        let code = posix_fallocate(descriptor, 0, off_t(byteCount))
        if code != 0 { throw .code(code, "posix_fallocate") }
    }

    /// Waits until what was written before is on the disk.
    ///
    /// - Throws: `CacheError.unsynced`.
    func sync() throws(CacheError) {
        while fdatasync(descriptor) != 0 {
            if errno != EINTR { throw .unsynced(code: errno) }
        }
    }

    // Locks of the open file, which unlike flock(2)'s can be asked for without being taken; fcntl(2).
    private static let getLock: Int32 = 36
    private static let setLock: Int32 = 37

    /// Takes the one lock that the file has, until this is released; false if somebody else has it.
    ///
    /// - Throws: `CacheError.system`.
    func lock() throws(CacheError) -> Bool {
        var lock = Self.wholeFile(F_WRLCK)
        while unsafe fcntl(descriptor, Self.setLock, &lock) != 0 {
            if errno == EAGAIN || errno == EACCES { return false }
            if errno != EINTR { throw .last("fcntl") }
        }
        return true
    }

    func unlock() {
        var lock = Self.wholeFile(F_UNLCK)
        _ = unsafe fcntl(descriptor, Self.setLock, &lock)
    }

    /// Whether somebody else has the lock.
    ///
    /// - Throws: `CacheError.system`.
    var isLocked: Bool {
        get throws(CacheError) {
            var lock = Self.wholeFile(F_WRLCK)
            guard unsafe fcntl(descriptor, Self.getLock, &lock) == 0 else { throw .last("fcntl") }
            return lock.l_type != Int16(F_UNLCK)
        }
    }

    private static func wholeFile(_ type: Int32) -> flock {
        flock(l_type: Int16(type), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
    }
}

extension CacheError {
    /// What `errno` says.
    static func last(_ operation: String) -> CacheError { code(errno, operation) }

    static func code(_ code: Int32, _ operation: String) -> CacheError {
        switch code {
        case ENOSPC, EDQUOT, EFBIG: .full
        default: .system(operation: operation, code: code)
        }
    }
}
