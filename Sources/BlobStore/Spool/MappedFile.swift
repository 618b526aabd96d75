internal import Glibc
internal import SystemPackage

/// A file of the spool, mapped for reading: a segment is hashed and coded without being copied.
///
/// The spool alone writes its files, and never to one that is sealed, so that the bytes do not change below a reader.
@safe final class MappedFile: @unchecked Sendable {  // never written after init
    private let start: UnsafeRawPointer
    let byteCount: Int

    /// - Throws: `Errno` if the file cannot be mapped; `.invalidArgument` if it is shorter than `byteCount`.
    init(path: String, byteCount: Int) throws(Errno) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw Errno(rawValue: errno) }
        // A mapping beyond the end would be a SIGBUS, not an error.
        guard status.st_size >= byteCount else { throw .invalidArgument }
        guard let address = unsafe mmap(nil, byteCount, PROT_READ, MAP_SHARED, descriptor, 0),
            unsafe address != MAP_FAILED
        else { throw Errno(rawValue: errno) }
        // Sealed segments are written past the page cache, and read many times in turn.
        _ = unsafe madvise(address, byteCount, MADV_WILLNEED)
        unsafe start = UnsafeRawPointer(address)
        self.byteCount = byteCount
    }

    func withBytes<R>(_ body: (Span<UInt8>) throws -> R) rethrows -> R {
        defer { withExtendedLifetime(self) {} }
        let bytes = unsafe UnsafeBufferPointer(start: start.assumingMemoryBound(to: UInt8.self), count: byteCount)
        return try body(unsafe Span(_unsafeElements: bytes))
    }

    deinit { unsafe munmap(UnsafeMutableRawPointer(mutating: start), byteCount) }
}
