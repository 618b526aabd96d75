internal import CLinux
internal import Glibc

extension NodeStore {
    /// A file that is being received: removed when it is let go without `keep`.
    ///
    /// What comes is gathered and written past the page cache where the file system allows that: it is synced at once in any
    /// case, nobody may ever ask for it, and fifteen nodes of one machine would fill the memory with copies of it.
    @safe final class Partial: @unchecked Sendable {  // one request's, and then the disk thread's
        let path: String
        let descriptor: Int32
        private(set) var byteCount = 0
        var isKept = false
        private var isDirect = true
        private let gathered: UnsafeMutableRawBufferPointer
        private var gatheredCount = 0

        /// What direct writes are multiples of, in memory and on the disk.
        private static let block = 4096
        private static let capacity = 1 << 20
        private static let direct = Int32(CESSDRIVE_O_DIRECT)

        init(path: String) throws {
            self.path = path
            let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
            var opened = unsafe Glibc.open(path, flags | Self.direct, 0o600)
            if opened < 0, errno == EINVAL {
                // The file is there all the same on some systems.
                unsafe unlink(path)
                isDirect = false
                opened = unsafe Glibc.open(path, flags, 0o600)
            }
            guard opened >= 0 else { throw NodeStoreError("create", path) }
            descriptor = opened
            unsafe gathered = .allocate(byteCount: Self.capacity, alignment: Self.block)
        }

        func append(_ bytes: Span<UInt8>) throws {
            try unsafe bytes.withUnsafeBytes { buffer in
                var rest = unsafe buffer[...]
                while unsafe !rest.isEmpty {
                    let count = unsafe min(rest.count, Self.capacity - gatheredCount)
                    unsafe gathered[gatheredCount..<gatheredCount + count].copyBytes(from: rest.prefix(count))
                    gatheredCount += count
                    unsafe rest = rest.dropFirst(count)
                    if gatheredCount == Self.capacity { try flush() }
                }
            }
            byteCount += bytes.count
        }

        /// Appends zeros up to this length, without writing them.
        func extend(to byteCount: Int) throws {
            try finish()
            guard ftruncate(descriptor, byteCount) == 0 else { throw NodeStoreError("extend", path) }
            self.byteCount = byteCount
        }

        /// Writes what is still gathered; the file has its length then.
        func finish() throws {
            guard gatheredCount > 0 else { return }
            let tail = gatheredCount % Self.block
            let padding = isDirect && tail > 0 ? Self.block - tail : 0
            for index in 0..<padding { unsafe gathered[gatheredCount + index] = 0 }
            gatheredCount += padding
            try flush()
            // A whole block was written, and its end is cut off again.
            if padding > 0, ftruncate(descriptor, byteCount) != 0 { throw NodeStoreError("cut", path) }
        }

        private func flush() throws {
            var offset = 0
            while offset < gatheredCount {
                let count = unsafe write(descriptor, gathered.baseAddress?.advanced(by: offset), gatheredCount - offset)
                if count < 0, errno == EINTR { continue }
                if count < 0, errno == EINVAL, isDirect {
                    // Not this file system after all, or not with this alignment.
                    let flags = fcntl(descriptor, F_GETFL)
                    guard fcntl(descriptor, F_SETFL, flags & ~Self.direct) == 0 else {
                        throw NodeStoreError("write", path)
                    }
                    isDirect = false
                    continue
                }
                guard count > 0 else { throw NodeStoreError("write", path) }
                offset += count
            }
            gatheredCount = 0
        }

        deinit {
            unsafe gathered.deallocate()
            close(descriptor)
            if !isKept { unsafe unlink(path) }
        }
    }
}
