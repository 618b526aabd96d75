internal import CLinux
internal import DriveFormat
internal import Glibc
internal import SystemPackage

extension LocalFile {
    /// Writes all bytes at an offset.
    func write(_ bytes: [UInt8], at offset: UInt64) throws(Errno) {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe pwrite(
                    descriptor, $0.baseAddress?.advanced(by: done), $0.count - done, off_t(offset) + off_t(done))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Errno(rawValue: errno) }
            done += count
        }
    }

    /// Gives the file its length; what was never written is a hole.
    func setSize(_ size: UInt64) throws(Errno) {
        guard ftruncate(descriptor, off_t(clamping: size)) == 0 else { throw Errno(rawValue: errno) }
    }

    func makeDirectory(named name: [UInt8]) throws(Errno) {
        try call { unsafe Self.withCString(name) { unsafe mkdirat(descriptor, $0, 0o700) } }
    }

    func makeLink(named name: [UInt8], to target: [UInt8]) throws(Errno) {
        try call {
            unsafe Self.withCString(target) { target in
                unsafe Self.withCString(name) { unsafe symlinkat(target, descriptor, $0) }
            }
        }
    }

    /// A fifo, a socket's name or a device; devices need privileges.
    func makeNode(named name: [UInt8], _ entry: Entry) throws(Errno) {
        var (kind, device): (mode_t, dev_t) = (S_IFIFO, 0)
        switch (entry.type, entry.content) {
        case (.socket, _): kind = S_IFSOCK
        case (.characterDevice, .device(let major, let minor)): (kind, device) = (S_IFCHR, Self.device(major, minor))
        case (.blockDevice, .device(let major, let minor)): (kind, device) = (S_IFBLK, Self.device(major, minor))
        default: break
        }
        try call {
            unsafe Self.withCString(name) { unsafe mknodat(descriptor, $0, kind | 0o600, device) }
        }
    }

    private static func device(_ major: UInt32, _ minor: UInt32) -> dev_t {
        let (major, minor) = (UInt64(major), UInt64(minor))
        let low: UInt64 = (minor & 0xff) | (major & 0xfff) << 8
        let high: UInt64 = (minor & ~0xff) << 12 | (major & ~0xfff) << 32
        return dev_t(low | high)
    }

    func remove(named name: [UInt8]) throws(Errno) {
        try call { unsafe Self.withCString(name) { unsafe unlinkat(descriptor, $0, 0) } }
    }

    /// Renames within this directory.
    ///
    /// - Throws: `fileExists` if the new name is taken and not to be replaced.
    func rename(_ old: [UInt8], to new: [UInt8], replacing: Bool) throws(Errno) {
        try call {
            unsafe Self.withCString(old) { old in
                unsafe Self.withCString(new) { new in
                    unsafe replacing
                        ? renameat(descriptor, old, descriptor, new)
                        : cessdrive_rename_without_replacing(descriptor, old, new)
                }
            }
        }
    }

    /// Gives a name in this directory its owner, mode and times. Only root can give files away: for others the owner
    /// stays as it is.
    func setAttributes(of name: [UInt8], _ entry: Entry) throws(Errno) {
        if geteuid() == 0 {
            try call {
                unsafe Self.withCString(name) {
                    unsafe fchownat(descriptor, $0, entry.owner.id, entry.group.id, AT_SYMLINK_NOFOLLOW)
                }
            }
        }
        if entry.type != .symlink {
            try call { unsafe Self.withCString(name) { unsafe fchmodat(descriptor, $0, mode_t(entry.mode), 0) } }
        }
        let time = timespec(tv_sec: Int(entry.modified.seconds), tv_nsec: Int(entry.modified.nanoseconds))
        let times = [time, time]
        try call {
            unsafe Self.withCString(name) { unsafe utimensat(descriptor, $0, times, AT_SYMLINK_NOFOLLOW) }
        }
    }

    private func call(_ body: () -> Int32) throws(Errno) {
        while body() != 0 {
            if errno != EINTR { throw Errno(rawValue: errno) }
        }
    }
}
