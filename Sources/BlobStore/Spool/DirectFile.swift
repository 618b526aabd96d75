internal import CLinux
internal import Glibc
internal import SystemPackage

/// A file that is written from its start past the page cache, where the file system allows that: it is synced at once in any
/// case, and what is copied into fresh pages of the cache costs more than sealing it.
@safe struct DirectFile: ~Copyable {
    private let descriptor: Int32
    private var isDirect: Bool
    private let buffer: UnsafeMutableRawBufferPointer

    /// What direct writes are multiples of, in memory and on the disk.
    private static let block = 4096
    /// Stays in the processor's own cache.
    private static let capacity = 1 << 20

    /// - Throws: `Errno`.
    init(path: String) throws(Errno) {
        let flags = O_WRONLY | O_CREAT | O_CLOEXEC
        var opened = unsafe open(path, flags | Int32(CESSDRIVE_O_DIRECT), 0o600)
        isDirect = opened >= 0
        if opened < 0, errno == EINVAL { opened = unsafe open(path, flags, 0o600) }
        guard opened >= 0 else { throw Errno(rawValue: errno) }
        descriptor = opened
        unsafe buffer = .allocate(byteCount: Self.capacity, alignment: Self.block)
    }

    deinit {
        unsafe buffer.deallocate()
        close(descriptor)
    }

    /// Writes the file's bytes from its start on; up to 4095 zeros may follow them.
    mutating func write(_ bytes: Span<UInt8>) throws(Errno) {
        var written = 0
        while written < bytes.count {
            let count = min(bytes.count - written, Self.capacity)
            let padded = (count + Self.block - 1) / Self.block * Self.block
            unsafe bytes.extracting(written..<written + count).withUnsafeBytes { unsafe buffer.copyMemory(from: $0) }
            for index in count..<padded { unsafe buffer[index] = 0 }
            try write(byteCount: padded, at: written)
            written += count
        }
    }

    private mutating func write(byteCount: Int, at offset: Int) throws(Errno) {
        var done = 0
        while done < byteCount {
            let count = unsafe pwrite(
                descriptor, buffer.baseAddress?.advanced(by: done), byteCount - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EINVAL, isDirect {
                // Not this file system after all, or not with this alignment.
                let flags = fcntl(descriptor, F_GETFL)
                guard fcntl(descriptor, F_SETFL, flags & ~Int32(CESSDRIVE_O_DIRECT)) == 0 else {
                    throw Errno(rawValue: errno)
                }
                isDirect = false
                continue
            }
            guard count > 0 else { throw Errno(rawValue: errno) }
            done += count
        }
    }

    /// The file's length from here on: it is cut, or filled with zeros.
    func end(at byteCount: Int) throws(Errno) {
        guard ftruncate(descriptor, off_t(byteCount)) == 0 else { throw Errno(rawValue: errno) }
    }

    /// Waits until it is on the disk.
    func sync() throws(Errno) {
        guard fdatasync(descriptor) == 0 else { throw Errno(rawValue: errno) }
    }
}
