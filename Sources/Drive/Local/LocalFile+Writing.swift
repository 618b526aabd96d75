internal import CLinux
internal import DriveFormat
internal import Glibc
internal import SystemPackage

extension LocalFile {
    /// Writes all bytes at an offset.
    func write(_ bytes: [UInt8], at offset: UInt64) throws(Errno) {
        guard let start = off_t(exactly: offset), start <= off_t.max - off_t(bytes.count) else { throw .fileTooLarge }
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe pwrite(
                    descriptor, $0.baseAddress?.advanced(by: done), $0.count - done, start + off_t(done))
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

    /// Waits until the bytes are on the disk.
    func sync() throws(Errno) { try call { fdatasync(descriptor) } }

    func makeDirectory(named name: [UInt8]) throws(Errno) {
        try call { unsafe Self.withCString(name) { unsafe mkdirat(descriptor, $0, 0o700) } }
    }

    /// Makes a directory with those above it, as the user's mask has it. What exists is left as it is.
    static func makeDirectories(_ path: [UInt8]) throws(Errno) {
        func make() -> Errno? {
            unsafe withCString(path) { unsafe mkdir($0, 0o777) == 0 || errno == EEXIST ? nil : Errno(rawValue: errno) }
        }
        guard let failure = make() else { return }
        let (parent, name) = Importer.split(path)
        guard failure == .noSuchFileOrDirectory, name != [UInt8(ascii: ".")], parent.count < path.count else {
            throw failure
        }
        try makeDirectories(parent)
        if let failure = make() { throw failure }
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
        if replacing { return try unsafe move(old, to: new) { unsafe renameat($0, $1, $0, $2) } }
        do {
            try unsafe move(old, to: new) { unsafe cessdrive_rename_without_replacing($0, $1, $2) }
        } catch {
            // Not every file system can do that: NFS, sshfs, 9p and others cannot.
            guard [.invalidArgument, .noFunction, .notSupported].contains(error) else { throw error }
            try renameByLink(old, to: new)
        }
    }

    private func renameByLink(_ old: [UInt8], to new: [UInt8]) throws(Errno) {
        do {
            try unsafe move(old, to: new) { unsafe linkat($0, $1, $0, $2, 0) }
        } catch {
            guard error != .fileExists else { throw error }
            // No links either (FAT): what comes between looking and renaming is replaced.
            if (try? status(of: new)) != nil { throw .fileExists }
            return try unsafe move(old, to: new) { unsafe renameat($0, $1, $0, $2) }
        }
        try remove(named: old)
    }

    private func move(
        _ old: [UInt8], to new: [UInt8], _ body: (Int32, UnsafePointer<CChar>, UnsafePointer<CChar>) -> Int32
    ) throws(Errno) {
        try call {
            unsafe Self.withCString(old) { old in
                unsafe Self.withCString(new) { new in unsafe body(descriptor, old, new) }
            }
        }
    }

    /// Another name in this directory for what has a name in `directory`, a link itself and not what it leads to.
    ///
    /// - Throws: `fileExists`; `improperLink`, `tooManyLinks`, `notPermitted` and others where that cannot be.
    func addName(_ name: [UInt8], for old: [UInt8], in directory: LocalFile) throws(Errno) {
        try call {
            unsafe Self.withCString(old) { old in
                unsafe Self.withCString(name) { unsafe linkat(directory.descriptor, old, descriptor, $0, 0) }
            }
        }
    }

    /// Gives a name in this directory its owner, attributes, mode and times, never what a link there leads to. Only root can
    /// give files away: for others the owner stays as it is, and set-user-id with another owner would be a gift to whoever
    /// made it.
    ///
    /// The order matters: another owner takes set-user-id and capabilities away, a mode may forbid its owner to set
    /// attributes, and everything changes times.
    ///
    /// - Parameter extended: the extended attributes of the entry.
    /// - Returns: what the file system refused; the others are set all the same.
    func setAttributes(of name: [UInt8], _ entry: Entry, extended: [Attribute]) -> RefusedAttributes {
        var refused = RefusedAttributes()
        var isOwned = entry.owner.id == geteuid() && entry.group.id == getegid()
        if geteuid() == 0 {
            do {
                try call {
                    unsafe Self.withCString(name) {
                        unsafe fchownat(descriptor, $0, entry.owner.id, entry.group.id, AT_SYMLINK_NOFOLLOW)
                    }
                }
                isOwned = true
            } catch { refused.note(error) }
        }
        set(extended, of: name, entry.type, &refused)
        if entry.type != .symlink {
            let mode = entry.type == .file && !isOwned ? entry.mode & ~0o6000 : entry.mode
            do {
                try call {
                    unsafe Self.withCString(name) {
                        unsafe fchmodat(descriptor, $0, mode_t(mode), AT_SYMLINK_NOFOLLOW)
                    }
                }
            } catch { refused.note(error) }
        }
        do { try setTimes(of: name, modified: entry.modified) } catch { refused.note(error) }
        return refused
    }

    /// As above, of a file that is open and has the name in this directory, and without times: closing it may change those.
    func setAttributes(
        of file: LocalFile, named name: [UInt8], _ entry: Entry, extended: [Attribute]
    ) -> RefusedAttributes {
        var refused = RefusedAttributes()
        var isOwned = entry.owner.id == geteuid() && entry.group.id == getegid()
        let status = try? file.status()
        if geteuid() == 0 {
            isOwned = status?.uid == entry.owner.id && status?.gid == entry.group.id
            if !isOwned {
                do {
                    try call { fchown(file.descriptor, entry.owner.id, entry.group.id) }
                    isOwned = true
                } catch { refused.note(error) }
            }
        }
        // Nearly always there are none, neither here nor there.
        if !extended.isEmpty || file.mayHaveAttributes { set(extended, of: name, entry.type, &refused) }
        let mode = entry.type == .file && !isOwned ? entry.mode & ~0o6000 : entry.mode
        do { try call { fchmod(file.descriptor, mode_t(mode)) } } catch { refused.note(error) }
        return refused
    }

    private func set(
        _ extended: [Attribute], of name: [UInt8], _ type: EntryType, _ refused: inout RefusedAttributes
    ) {
        for attribute in extended {
            do { try set(attribute, of: name) } catch { refused.note(error, of: attribute.name) }
        }
        guard type != .symlink else { return }
        // What the directory above hands down would let in whom the entry does not.
        let lists = type == .directory ? [Self.accessList, Self.defaultAccessList] : [Self.accessList]
        for list in lists where !extended.contains(where: { $0.name == list }) {
            do { try removeAttribute(list, of: name) } catch { refused.note(error, of: list) }
        }
    }

    func setTimes(of name: [UInt8], modified: Timestamp) throws(Errno) {
        let time = timespec(tv_sec: Int(modified.seconds), tv_nsec: Int(modified.nanoseconds))
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
