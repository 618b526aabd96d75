internal import CLinux
internal import DriveFormat
internal import Glibc
internal import Synchronization
internal import SystemPackage

/// What this machine's file system says of a name.
struct LocalStatus: Sendable {
    let type: EntryType
    let mode: UInt16
    let uid: UInt32
    let gid: UInt32
    let size: UInt64
    let modified: Timestamp
    let changed: Timestamp
    /// What a device file stands for.
    let device: UInt64
    let blocks: UInt64
    /// Which inode it is, and how many names it has.
    let inode: LocalInode
    let linkCount: UInt64

    init?(_ status: stat) {
        switch status.st_mode & S_IFMT {
        case S_IFREG: type = .file
        case S_IFDIR: type = .directory
        case S_IFLNK: type = .symlink
        case S_IFIFO: type = .fifo
        case S_IFCHR: type = .characterDevice
        case S_IFBLK: type = .blockDevice
        case S_IFSOCK: type = .socket
        default: return nil
        }
        mode = UInt16(status.st_mode & 0o7777)
        uid = status.st_uid
        gid = status.st_gid
        size = UInt64(max(0, status.st_size))
        modified = Timestamp(seconds: Int64(status.st_mtim.tv_sec), nanoseconds: UInt32(status.st_mtim.tv_nsec))
        changed = Timestamp(seconds: Int64(status.st_ctim.tv_sec), nanoseconds: UInt32(status.st_ctim.tv_nsec))
        device = UInt64(status.st_rdev)
        blocks = UInt64(max(0, status.st_blocks))
        inode = LocalInode(fileSystem: UInt64(status.st_dev), number: UInt64(status.st_ino))
        linkCount = UInt64(status.st_nlink)
    }
}

/// What all names of a file have in common while the machine runs.
struct LocalInode: Hashable, Sendable {
    let fileSystem: UInt64
    let number: UInt64
}

/// A run of a file: bytes that are there, or a hole that reads as zeros.
struct FileExtent: Equatable, Sendable {
    let range: Range<UInt64>
    let isHole: Bool
}

/// An open directory or file of this machine. Names are bytes; links are never followed.
@safe final class LocalFile: Sendable {
    let descriptor: Int32
    private let isClosed = Atomic(false)

    /// - Parameter descriptor: an open one, which is closed with this object.
    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { if !isClosed.load(ordering: .acquiring) { Glibc.close(descriptor) } }

    /// Closes the file to hear what went wrong with what was written: NFS, CIFS, FUSE and quotas may say so only now. Nothing
    /// else may be asked of it afterwards.
    ///
    /// - Throws: what the system says, `interrupted` included: the number is free again then, but the bytes may be lost.
    func close() throws(Errno) {
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        guard Glibc.close(descriptor) == 0 else { throw Errno(rawValue: errno) }
    }

    /// Somebody else closes the descriptor.
    private func relinquish() { isClosed.store(true, ordering: .releasing) }

    static func openDirectory(_ path: [UInt8]) throws(Errno) -> LocalFile {
        try unsafe opening(path) { unsafe open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    }

    func openDirectory(named name: [UInt8]) throws(Errno) -> LocalFile {
        try openForReading(name, O_DIRECTORY)
    }

    /// Opens for reading. A name that has become a fifo or a device since it was looked at does not block.
    func openFile(named name: [UInt8]) throws(Errno) -> LocalFile { try openForReading(name, O_NONBLOCK) }

    /// That it was read for a backup is nobody's access, where the system lets us keep it out of the times: that is the
    /// owner's right, and root's.
    private func openForReading(_ name: [UInt8], _ flags: Int32) throws(Errno) -> LocalFile {
        let flags = flags | O_RDONLY | O_NOFOLLOW | O_CLOEXEC
        do {
            return try unsafe Self.opening(name) {
                unsafe openat(descriptor, $0, flags | Int32(CESSDRIVE_O_NOATIME))
            }
        } catch {
            guard error == .notPermitted else { throw error }
            return try unsafe Self.opening(name) { unsafe openat(descriptor, $0, flags) }
        }
    }

    /// Creates a file that must not exist yet.
    func createFile(named name: [UInt8]) throws(Errno) -> LocalFile {
        try unsafe Self.opening(name) {
            unsafe openat(descriptor, $0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
    }

    private static func opening(
        _ name: [UInt8], _ open: (UnsafePointer<CChar>) -> Int32
    ) throws(Errno) -> LocalFile {
        while true {
            let result = unsafe withCString(name) { unsafe open($0) }
            if result >= 0 { return LocalFile(descriptor: result) }
            if errno != EINTR { throw Errno(rawValue: errno) }
        }
    }

    /// - Throws: `noSuchFileOrDirectory` and whatever else the system says.
    static func status(of path: [UInt8], followingLinks: Bool) throws(Errno) -> LocalStatus {
        try status(AT_FDCWD, path, flags: followingLinks ? 0 : AT_SYMLINK_NOFOLLOW)
    }

    func status(of name: [UInt8]) throws(Errno) -> LocalStatus {
        try Self.status(descriptor, name, flags: AT_SYMLINK_NOFOLLOW)
    }

    func has(_ name: [UInt8]) throws(Errno) -> Bool {
        do { _ = try status(of: name) } catch {
            guard error == .noSuchFileOrDirectory else { throw error }
            return false
        }
        return true
    }

    func status() throws(Errno) -> LocalStatus {
        var result = stat()
        guard unsafe fstat(descriptor, &result) == 0 else { throw Errno(rawValue: errno) }
        guard let status = LocalStatus(result) else { throw .invalidArgument }
        return status
    }

    /// The status of a file such that every later change gives it another time of change: one that was changed within the
    /// running tick of the clock that stamps files is looked at again when the tick is over. Blocks for some milliseconds.
    func settledStatus() throws(Errno) -> LocalStatus { try Self.settled { () throws(Errno) in try status() } }

    /// As above, of a name in this directory, not of what a link there leads to.
    func settledStatus(of name: [UInt8]) throws(Errno) -> LocalStatus {
        try Self.settled { () throws(Errno) in try status(of: name) }
    }

    private static func settled(_ look: () throws(Errno) -> LocalStatus) throws(Errno) -> LocalStatus {
        // Nobody waits for a file that is written without end: it will be seen to have changed anyway.
        for _ in 0..<16 {
            let tick = Timestamp.tick
            let status = try look()
            guard status.changed >= tick, status.changed <= .now else { return status }
            usleep(1000)
        }
        return try look()
    }

    private static func status(_ directory: Int32, _ name: [UInt8], flags: Int32) throws(Errno) -> LocalStatus {
        var result = stat()
        guard unsafe withCString(name, { unsafe fstatat(directory, $0, &result, flags) }) == 0 else {
            throw Errno(rawValue: errno)
        }
        guard let status = LocalStatus(result) else { throw .invalidArgument }
        return status
    }

    /// The names in this directory, in the order of their bytes, without `.` and `..`.
    func names() throws(Errno) -> [[UInt8]] {
        let copy = try openForReading([UInt8(ascii: ".")], O_DIRECTORY)
        guard let stream = unsafe fdopendir(copy.descriptor) else { throw Errno(rawValue: errno) }
        // The stream closes it.
        copy.relinquish()
        defer { unsafe closedir(stream) }
        var names: [[UInt8]] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else { break }
            let start = unsafe cessdrive_entry_name(entry)
            let name = unsafe Array(UnsafeRawBufferPointer(start: start, count: strlen(start)))
            if name != [46] && name != [46, 46] { names.append(name) }
        }
        guard errno == 0 else { throw Errno(rawValue: errno) }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }

    func linkTarget(of name: [UInt8]) throws(Errno) -> [UInt8] {
        var length = 0
        let target = unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, initialized in
            length = unsafe Self.withCString(name) { name in
                unsafe buffer.withMemoryRebound(to: CChar.self) {
                    unsafe $0.baseAddress.map { unsafe readlinkat(descriptor, name, $0, buffer.count) } ?? -1
                }
            }
            initialized = max(0, length)
        }
        guard length >= 0 else { throw Errno(rawValue: errno) }
        return target
    }

    /// Bytes from `offset` on: `count` of them, or fewer where the file ends.
    func read(_ count: Int, at offset: UInt64) throws(Errno) -> [UInt8] {
        var failure: Errno?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            while initialized < count {
                let result = unsafe pread(
                    descriptor, buffer.baseAddress?.advanced(by: initialized), count - initialized,
                    off_t(offset) + off_t(initialized))
                if result < 0 && errno == EINTR { continue }
                if result < 0 { failure = Errno(rawValue: errno) }
                guard result > 0 else { return }
                initialized += result
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Where the file has bytes and where holes, up to `size`. A file system that knows no holes has one extent.
    func extents(size: UInt64) throws(Errno) -> [FileExtent] {
        var extents: [FileExtent] = []
        var position: UInt64 = 0
        while position < size {
            let data = lseek(descriptor, off_t(position), Int32(CESSDRIVE_SEEK_DATA))
            if data < 0 {
                guard errno == ENXIO else { return [FileExtent(range: 0..<size, isHole: false)] }
                extents.append(FileExtent(range: position..<size, isHole: true))
                break
            }
            let begin = min(UInt64(data), size)
            if begin > position { extents.append(FileExtent(range: position..<begin, isHole: true)) }
            guard begin < size else { break }
            let hole = lseek(descriptor, off_t(begin), Int32(CESSDRIVE_SEEK_HOLE))
            let end = hole < 0 ? size : min(UInt64(hole), size)
            extents.append(FileExtent(range: begin..<end, isHole: false))
            position = end
        }
        return extents
    }

    static func withCString<R>(_ bytes: [UInt8], _ body: (UnsafePointer<CChar>) -> R) -> R {
        unsafe (bytes + [0]).map { CChar(bitPattern: $0) }.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { preconditionFailure("there is at least the zero") }
            return unsafe body(start)
        }
    }
}
