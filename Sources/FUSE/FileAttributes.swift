internal import CFuse
internal import Glibc

/// The number of an inode: 1 is the root's.
public struct InodeNumber: Hashable, Sendable, RawRepresentable, CustomStringConvertible {
    public let rawValue: UInt64
    public static let root = InodeNumber(rawValue: 1)

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public var description: String { String(rawValue) }
}

/// Seconds and nanoseconds since 1970.
public struct FileTime: Hashable, Sendable {
    public var seconds: Int64
    /// 0…999,999,999.
    public var nanoseconds: UInt32

    public init(seconds: Int64, nanoseconds: UInt32) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    public static var now: FileTime {
        var time = Glibc.timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return FileTime(time)
    }

    init(_ time: timespec) {
        self.init(seconds: Int64(time.tv_sec), nanoseconds: UInt32(clamping: time.tv_nsec))
    }

    var timespec: Glibc.timespec { Glibc.timespec(tv_sec: Int(seconds), tv_nsec: Int(nanoseconds)) }
}

/// What stat(2) says of an inode.
public struct FileAttributes: Hashable, Sendable {
    public var inode: InodeNumber
    /// Type and permission bits.
    public var mode: UInt32
    public var linkCount: UInt32 = 1
    public var owner: UInt32 = 0
    public var group: UInt32 = 0
    /// A device's numbers, as stat(2) has them.
    public var device: UInt64 = 0
    public var size: UInt64 = 0
    /// Of 512 bytes each.
    public var blockCount: UInt64 = 0
    public var accessed: FileTime
    public var modified: FileTime
    public var changed: FileTime

    public init(inode: InodeNumber, mode: UInt32, accessed: FileTime, modified: FileTime, changed: FileTime) {
        self.inode = inode
        self.mode = mode
        self.accessed = accessed
        self.modified = modified
        self.changed = changed
    }

    /// What programs should read and write at once.
    private static let preferredByteCount = 128 << 10

    var stat: Glibc.stat {
        var stat = Glibc.stat()
        stat.st_ino = UInt(inode.rawValue)
        stat.st_mode = mode
        stat.st_nlink = UInt(linkCount)
        stat.st_uid = owner
        stat.st_gid = group
        stat.st_rdev = UInt(device)
        stat.st_size = Int(clamping: size)
        stat.st_blocks = Int(clamping: blockCount)
        stat.st_blksize = numericCast(Self.preferredByteCount)
        stat.st_atim = accessed.timespec
        stat.st_mtim = modified.timespec
        stat.st_ctim = changed.timespec
        return stat
    }
}

/// What setattr is to change: nil stays as it is.
public struct AttributeChange: Sendable {
    public enum Time: Sendable {
        case now
        case at(FileTime)
    }

    public var mode: UInt32?
    public var owner: UInt32?
    public var group: UInt32?
    public var size: UInt64?
    public var accessed: Time?
    public var modified: Time?
    public var changed: FileTime?

    init(_ stat: Glibc.stat, _ set: Int32) {
        func has(_ flag: Int32) -> Bool { set & flag != 0 }
        if has(FUSE_SET_ATTR_MODE) { mode = stat.st_mode & 0o7777 }
        if has(FUSE_SET_ATTR_UID) { owner = stat.st_uid }
        if has(FUSE_SET_ATTR_GID) { group = stat.st_gid }
        if has(FUSE_SET_ATTR_SIZE) { size = UInt64(max(0, stat.st_size)) }
        if has(FUSE_SET_ATTR_ATIME) { accessed = .at(FileTime(stat.st_atim)) }
        if has(FUSE_SET_ATTR_ATIME_NOW) { accessed = .now }
        if has(FUSE_SET_ATTR_MTIME) { modified = .at(FileTime(stat.st_mtim)) }
        if has(FUSE_SET_ATTR_MTIME_NOW) { modified = .now }
        if has(FUSE_SET_ATTR_CTIME) { changed = FileTime(stat.st_ctim) }
    }
}
