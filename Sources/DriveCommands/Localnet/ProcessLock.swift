import Glibc
import SystemPackage

/// The lock that says which process works in a directory.
///
/// A record lock of the system: it goes when its process goes, however that ends, and the system names its holder. So
/// nothing stale is ever left, which a file with a process number would be after a crash.
struct ProcessLock: Sendable {
    let path: FilePath

    /// The lock of a directory.
    init(of directory: FilePath) { path = directory.appending("process.lock") }

    init(path: FilePath) { self.path = path }

    /// The process that holds the lock; nil if none does. Not positive where the system cannot name it: it runs in another
    /// container, or on another machine.
    func holder() throws -> pid_t? {
        let file: FileDescriptor
        do {
            file = try FileDescriptor.open(path, .readWrite)
        } catch Errno.noSuchFileOrDirectory {
            return nil
        }
        return try file.closeAfter {
            var lock = Self.wholeFile
            guard unsafe fcntl(file.rawValue, F_GETLK, &lock) == 0 else { throw Errno(rawValue: errno) }
            return lock.l_type == Int16(F_UNLCK) ? nil : lock.l_pid
        }
    }

    /// Takes the lock until the descriptor is closed, or to the end of this process.
    ///
    /// - Returns: nil if another process has it. Opening the lock's file again in this process and closing it would free
    ///   the lock.
    func take() throws -> FileDescriptor? {
        let file = try FileDescriptor.open(
            path, .readWrite, options: [.create, .closeOnExec], permissions: .ownerReadWrite)
        var lock = Self.wholeFile
        if unsafe fcntl(file.rawValue, F_SETLK, &lock) == 0 { return file }
        let cause = errno
        try file.close()
        guard cause == EAGAIN || cause == EACCES else { throw Errno(rawValue: cause) }
        return nil
    }

    private static var wholeFile: flock {
        flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
    }
}
