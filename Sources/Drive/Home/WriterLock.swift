internal import Glibc
internal import SystemPackage

/// The right to change a drive from this machine: one process at a time. It dies with its holder.
struct WriterLock: ~Copyable {
    private let descriptor: Int32

    /// Waits until the lock is free; `waiting` is called once if it is not.
    ///
    /// - Throws: `DriveError.unwritable`, `CancellationError`.
    static func acquire(_ home: DriveHome, waiting: @Sendable () -> Void) async throws -> WriterLock {
        let descriptor = unsafe open(home.lock.string, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw DriveError.unwritable(path: home.lock.string, reason: Errno(rawValue: errno).description)
        }
        let lock = WriterLock(descriptor: descriptor)
        var hasWaited = false
        // A lock that blocks cannot be interrupted by Ctrl-C; one that is tried again can.
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let error = Errno(rawValue: errno)
            guard error == .wouldBlock || error == .interrupted else {
                throw DriveError.unwritable(path: home.lock.string, reason: error.description)
            }
            if !hasWaited { waiting() }
            hasWaited = true
            try await Task.sleep(for: .milliseconds(50))
        }
        return lock
    }

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }
}
