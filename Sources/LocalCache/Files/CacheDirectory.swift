internal import CLinux
internal import Glibc

/// The directory of a cache: one file a segment, named by its number, and a lock.
struct CacheDirectory: Sendable {
    let path: String
    /// Greater numbers are none of ours: the next segment's has to be greater than all of them.
    static let maximumNumber: UInt32 = .max / 2

    /// Makes the directory if there is none.
    ///
    /// - Throws: `CacheError.full`, `system`.
    init(_ path: String) throws(CacheError) {
        self.path = path
        if unsafe mkdir(path, 0o700) != 0, errno != EEXIST { throw .last("mkdir") }
    }

    func path(_ name: String) -> String { "\(path)/\(name)" }

    func path(of segment: UInt32) -> String { path(Self.name(of: segment)) }

    private static func name(of segment: UInt32) -> String {
        let digits = String(segment)
        return String(repeating: "0", count: max(0, 8 - digits.count)) + digits + ".log"
    }

    /// The segments that are there, in order, and the highest number that any file has, also of those set aside.
    ///
    /// - Throws: `CacheError.system`.
    func segments() throws(CacheError) -> (numbers: [UInt32], highest: UInt32) {
        guard let stream = unsafe opendir(path) else { throw .last("opendir") }
        defer { unsafe closedir(stream) }
        var (numbers, highest): ([UInt32], UInt32) = ([], 0)
        errno = 0
        while let entry = unsafe readdir(stream) {
            let name = unsafe String(cString: cessdrive_entry_name(entry))
            if let number = UInt32(name.prefix { $0 != "." }), 1...Self.maximumNumber ~= number,
                name.hasPrefix(Self.name(of: number))
            {
                highest = max(highest, number)
                if name == Self.name(of: number) { numbers.append(number) }
            }
            errno = 0
        }
        guard errno == 0 else { throw .last("readdir") }
        return (numbers.sorted(), highest)
    }

    /// Renames a segment's file so that it counts no more, and returns its new name.
    ///
    /// - Throws: `CacheError.system`.
    func setAside(_ segment: UInt32) throws(CacheError) -> String {
        let old = path(of: segment)
        for attempt in 0..<1000 {
            let new = old + (attempt == 0 ? ".aside" : ".aside\(attempt)")
            if unsafe cessdrive_rename_without_replacing(AT_FDCWD, old, new) == 0 { return new }
            if errno != EEXIST { throw .last("rename") }
        }
        throw .code(EEXIST, "rename")
    }

    /// - Throws: `CacheError.system`.
    func remove(_ segment: UInt32) throws(CacheError) {
        if unsafe unlink(path(of: segment)) != 0, errno != ENOENT { throw .last("unlink") }
    }

    /// Makes names durable.
    ///
    /// - Throws: `CacheError.unsynced`, `system`.
    func sync() throws(CacheError) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .last("opening the directory") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .unsynced(code: errno) }
    }

    /// What unprivileged users have left on this disk; nil if the system does not say.
    var freeByteCount: UInt64? {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { return nil }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }
}
