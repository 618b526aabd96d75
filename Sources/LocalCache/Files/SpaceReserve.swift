internal import Glibc
internal import Synchronization

/// Room on the disk that is held back for what gives room back: on a full disk, saying that something was stored elsewhere
/// takes a few bytes, and so does moving what must not be lost out of a segment that can go.
///
/// While it is given away, writers of new bytes get `CacheError.full`.
final class SpaceReserve: Sendable {
    private let file: StoredFile
    private let byteCount: UInt64
    private let isWhole = Mutex(false)

    /// - Throws: `CacheError.system`, `full` if not even the file can be made.
    init(_ directory: CacheDirectory, byteCount: UInt64) throws(CacheError) {
        file = try StoredFile(path: directory.path("reserve"), flags: O_RDWR | O_CREAT)
        self.byteCount = byteCount
        _ = restore()
    }

    /// Whether it is there, perhaps again.
    func restore() -> Bool {
        isWhole.withLock { isWhole in
            if isWhole { return true }
            do {
                try file.allocate(byteCount: byteCount)
                isWhole = true
            } catch { try? file.truncate(to: 0) }
            return isWhole
        }
    }

    /// Gives it away; false if it was given away before.
    func release() -> Bool {
        isWhole.withLock { isWhole in
            guard isWhole else { return false }
            isWhole = false
            return (try? file.truncate(to: 0)) != nil
        }
    }
}
