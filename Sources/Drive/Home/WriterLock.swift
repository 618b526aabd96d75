internal import Glibc
internal import SystemPackage

/// A right that one process at a time has on this machine. It dies with its holder.
///
/// Of a drive's home there are two: to carry a commit to the network, and to put something into the spool. Whoever waits for
/// the first holds not the second, so that others go on staging meanwhile.
struct WriterLock: ~Copyable {
    private let descriptor: Int32

    /// Waits until the lock is free; `waiting` is called once if it is not.
    ///
    /// - Throws: `DriveError.unwritable`, `CancellationError`.
    static func acquire(_ path: FilePath, waiting: @Sendable () -> Void) async throws -> WriterLock {
        var hasWaited = false
        // A lock that blocks cannot be interrupted by Ctrl-C; one that is tried again can.
        while true {
            if let lock = try take(path) { return lock }
            if !hasWaited { waiting() }
            hasWaited = true
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// - Returns: nil if another process has it.
    static func take(_ path: FilePath) throws(DriveError) -> WriterLock? {
        let descriptor = unsafe open(path.string, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .unwritable(path: path.string, reason: Errno(rawValue: errno).description)
        }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return WriterLock(descriptor: descriptor) }
        let error = Errno(rawValue: errno)
        close(descriptor)
        guard error == .wouldBlock || error == .interrupted else {
            throw .unwritable(path: path.string, reason: error.description)
        }
        return nil
    }

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }
}
