internal import CFuse
internal import Glibc

/// What the kernel is told in reply to a request.
public protocol Answer: Sendable {
    /// Sends it; whether the kernel took it: not where the request was interrupted meanwhile.
    func send(to request: RequestPointer) -> Bool
    /// Called instead, or afterwards, where the kernel never learns of it.
    func wasLost()
    /// The inodes that the kernel counts as looked up when it learns of it.
    var inodes: [InodeNumber] { get }
}

extension Answer {
    public func wasLost() {}
    public var inodes: [InodeNumber] { [] }
}

/// libfuse's request; its pointer never leaves this module.
public struct RequestPointer: @unchecked Sendable {  // libfuse takes replies from any thread
    let pointer: fuse_req_t
}

/// That it is done.
public struct Done: Answer {
    public init() {}

    public func send(to request: RequestPointer) -> Bool { fuse_reply_err(request.pointer, 0) == 0 }
}

/// A name and what it stands for.
public struct FoundEntry: Answer {
    /// Nil where there is nothing of this name.
    private let found: FileAttributes?
    /// How long the kernel may believe the name, in seconds.
    public let nameTimeout: Double
    /// How long it may believe the attributes, in seconds.
    public let attributeTimeout: Double

    public init(_ attributes: FileAttributes, nameTimeout: Double, attributeTimeout: Double) {
        found = attributes
        self.nameTimeout = nameTimeout
        self.attributeTimeout = attributeTimeout
    }

    private init(nothingFor timeout: Double) {
        found = nil
        nameTimeout = timeout
        attributeTimeout = 0
    }

    /// That there is nothing of this name, which the kernel may believe for so many seconds.
    public static func nothing(for timeout: Double) -> FoundEntry { FoundEntry(nothingFor: timeout) }

    public var inodes: [InodeNumber] { found.map { [$0.inode] } ?? [] }

    var parameters: fuse_entry_param {
        fuse_entry_param(
            ino: found?.inode.rawValue ?? 0, generation: 0, attr: found?.stat ?? Glibc.stat(),
            attr_timeout: attributeTimeout, entry_timeout: nameTimeout)
    }

    public func send(to request: RequestPointer) -> Bool {
        var parameters = parameters
        return fuse_reply_entry(request.pointer, &parameters) == 0
    }
}

/// What an inode is like.
public struct FoundAttributes: Answer {
    public let attributes: FileAttributes
    /// How long the kernel may believe it, in seconds.
    public let timeout: Double

    public init(_ attributes: FileAttributes, timeout: Double) {
        self.attributes = attributes
        self.timeout = timeout
    }

    public func send(to request: RequestPointer) -> Bool {
        var stat = attributes.stat
        return fuse_reply_attr(request.pointer, &stat, timeout) == 0
    }
}

/// What an open file or directory is called from now on.
public struct Opened: Answer {
    public let handle: UInt64
    /// Whether what the kernel has of it stays valid.
    public let keepsCache: Bool
    /// Whether the kernel may remember a directory's entries.
    public let cachesEntries: Bool
    private let closing: @Sendable () -> Void

    /// - Parameter closing: called where the kernel never learns of the handle, and so never releases it.
    public init(
        handle: UInt64, keepsCache: Bool = true, cachesEntries: Bool = false, closing: @escaping @Sendable () -> Void
    ) {
        self.handle = handle
        self.keepsCache = keepsCache
        self.cachesEntries = cachesEntries
        self.closing = closing
    }

    public func wasLost() { closing() }

    var information: fuse_file_info {
        var information = fuse_file_info()
        information.fh = handle
        cessdrive_fuse_set_open_flags(&information, keepsCache ? 1 : 0, 0, cachesEntries ? 1 : 0)
        return information
    }

    public func send(to request: RequestPointer) -> Bool {
        var information = information
        return fuse_reply_open(request.pointer, &information) == 0
    }
}

/// A new file, opened.
public struct Created: Answer {
    public let entry: FoundEntry
    public let opened: Opened

    public init(_ entry: FoundEntry, _ opened: Opened) {
        self.entry = entry
        self.opened = opened
    }

    public func send(to request: RequestPointer) -> Bool {
        var (parameters, information) = (entry.parameters, opened.information)
        return fuse_reply_create(request.pointer, &parameters, &information) == 0
    }

    public func wasLost() { opened.wasLost() }

    public var inodes: [InodeNumber] { entry.inodes }
}

/// Bytes of a file, or the target of a link.
public struct Bytes: Answer {
    public let bytes: [UInt8]

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public func send(to request: RequestPointer) -> Bool {
        bytes.withUnsafeBytes { buffer in
            fuse_reply_buf(request.pointer, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count) == 0
        }
    }
}

/// A link's target.
public struct LinkTarget: Answer {
    public let target: [UInt8]

    /// - Parameter target: without a zero byte.
    public init(_ target: [UInt8]) { self.target = target }

    public func send(to request: RequestPointer) -> Bool {
        (target + [0]).withUnsafeBytes { buffer in
            fuse_reply_readlink(request.pointer, buffer.baseAddress?.assumingMemoryBound(to: CChar.self)) == 0
        }
    }
}

/// So many bytes were written.
public struct Written: Answer {
    public let byteCount: Int

    public init(byteCount: Int) { self.byteCount = byteCount }

    public func send(to request: RequestPointer) -> Bool { fuse_reply_write(request.pointer, byteCount) == 0 }
}

/// A place in a file.
public struct FileOffset: Answer {
    public let offset: UInt64

    public init(_ offset: UInt64) { self.offset = offset }

    public func send(to request: RequestPointer) -> Bool {
        fuse_reply_lseek(request.pointer, Int(clamping: offset)) == 0
    }
}

/// The value of an extended attribute, or the names of all of them, each followed by a zero.
public struct AttributeValue: Answer {
    private let bytes: [UInt8]
    private let limit: Int

    /// - Parameter limit: what the caller has room for; 0 to be told how much that takes.
    public init(_ bytes: [UInt8], limit: Int) {
        self.bytes = bytes
        self.limit = limit
    }

    public func send(to request: RequestPointer) -> Bool {
        if limit == 0 { return fuse_reply_xattr(request.pointer, bytes.count) == 0 }
        guard bytes.count <= limit else { return fuse_reply_err(request.pointer, ERANGE) == 0 }
        return Bytes(bytes).send(to: request)
    }
}

/// How much room there is.
public struct SpaceStatistics: Answer {
    public var blockByteCount: UInt64
    public var blockCount: UInt64
    public var freeBlockCount: UInt64
    public var fileCount: UInt64
    public var freeFileCount: UInt64
    public var nameByteLimit: UInt64

    public init(
        blockByteCount: UInt64, blockCount: UInt64, freeBlockCount: UInt64, fileCount: UInt64, freeFileCount: UInt64,
        nameByteLimit: UInt64
    ) {
        self.blockByteCount = blockByteCount
        self.blockCount = blockCount
        self.freeBlockCount = freeBlockCount
        self.fileCount = fileCount
        self.freeFileCount = freeFileCount
        self.nameByteLimit = nameByteLimit
    }

    public func send(to request: RequestPointer) -> Bool {
        var statistics = statvfs()
        statistics.f_bsize = UInt(blockByteCount)
        statistics.f_frsize = UInt(blockByteCount)
        statistics.f_blocks = UInt(blockCount)
        statistics.f_bfree = UInt(freeBlockCount)
        statistics.f_bavail = UInt(freeBlockCount)
        statistics.f_files = UInt(fileCount)
        statistics.f_ffree = UInt(freeFileCount)
        statistics.f_favail = UInt(freeFileCount)
        statistics.f_namemax = UInt(nameByteLimit)
        return fuse_reply_statfs(request.pointer, &statistics) == 0
    }
}
