internal import SystemPackage

/// What the kernel asks of a mounted file system. Requests come on the session's threads, many at once; each is answered
/// through its reply, at once or later, and a thread that is kept waiting serves nobody else.
///
/// What is left out here is answered with ENOSYS, which the kernel remembers.
///
/// The meaning of each: fuse_lowlevel.h of libfuse 3.
public protocol FileSystem: AnyObject, Sendable {
    // MARK: Names and inodes

    func lookUp(_ name: [UInt8], in parent: InodeNumber, _ reply: Reply<FoundEntry>)
    /// The kernel has no name of it any more that it was told so often before.
    func forget(_ inode: InodeNumber, lookups: UInt64)
    func attributes(of inode: InodeNumber, handle: UInt64?, _ reply: Reply<FoundAttributes>)
    func change(_ inode: InodeNumber, _ change: AttributeChange, handle: UInt64?, _ reply: Reply<FoundAttributes>)
    func readLink(_ inode: InodeNumber, _ reply: Reply<LinkTarget>)

    // MARK: Making and removing

    func makeNode(_ name: [UInt8], in parent: InodeNumber, mode: UInt32, device: UInt64, _ reply: Reply<FoundEntry>)
    func makeDirectory(_ name: [UInt8], in parent: InodeNumber, mode: UInt32, _ reply: Reply<FoundEntry>)
    func makeLink(_ name: [UInt8], in parent: InodeNumber, target: [UInt8], _ reply: Reply<FoundEntry>)
    func link(_ inode: InodeNumber, as name: [UInt8], in parent: InodeNumber, _ reply: Reply<FoundEntry>)
    func unlink(_ name: [UInt8], in parent: InodeNumber, _ reply: Reply<Done>)
    func removeDirectory(_ name: [UInt8], in parent: InodeNumber, _ reply: Reply<Done>)
    /// - Parameter flags: of renameat2(2).
    func rename(
        _ name: [UInt8], in parent: InodeNumber, to newName: [UInt8], in newParent: InodeNumber, flags: UInt32,
        _ reply: Reply<Done>)

    // MARK: Files

    /// - Parameter flags: of open(2).
    func create(_ name: [UInt8], in parent: InodeNumber, mode: UInt32, flags: Int32, _ reply: Reply<Created>)
    func open(_ inode: InodeNumber, flags: Int32, _ reply: Reply<Opened>)
    func read(_ inode: InodeNumber, handle: UInt64, offset: UInt64, count: Int, _ reply: Reply<Bytes>)
    /// - Parameter bytes: valid only until this returns.
    func write(_ bytes: Span<UInt8>, to inode: InodeNumber, handle: UInt64, offset: UInt64, _ reply: Reply<Written>)
    /// A descriptor is closed; others may still stand for the same open file.
    func flush(_ inode: InodeNumber, handle: UInt64, _ reply: Reply<Done>)
    func release(_ inode: InodeNumber, handle: UInt64, _ reply: Reply<Done>)
    func synchronize(_ inode: InodeNumber, handle: UInt64, dataOnly: Bool, _ reply: Reply<Done>)
    /// - Parameter mode: of fallocate(2).
    func allocate(_ inode: InodeNumber, handle: UInt64, mode: Int32, range: Range<UInt64>, _ reply: Reply<Done>)
    /// The next data or hole.
    func seek(_ inode: InodeNumber, handle: UInt64, to kind: SeekKind, from offset: UInt64, _ reply: Reply<FileOffset>)
    func copy(_ copy: RangeCopy, _ reply: Reply<Written>)

    // MARK: Directories

    func openDirectory(_ inode: InodeNumber, _ reply: Reply<Opened>)
    /// - Parameters:
    ///   - offset: 0, or what an entry before was added with as `next`.
    ///   - listing: empty; entries are added, and it is the answer.
    func list(_ inode: InodeNumber, handle: UInt64, from offset: UInt64, into listing: Listing, _ reply: Reply<Listing>)
    func releaseDirectory(_ inode: InodeNumber, handle: UInt64, _ reply: Reply<Done>)
    func synchronizeDirectory(_ inode: InodeNumber, handle: UInt64, _ reply: Reply<Done>)

    // MARK: Extended attributes

    /// - Parameter flags: of setxattr(2).
    func setAttribute(
        _ name: [UInt8], of inode: InodeNumber, to value: [UInt8], flags: Int32, _ reply: Reply<Done>)
    /// - Parameter limit: what the caller has room for; 0 to be told how much it takes.
    func attribute(_ name: [UInt8], of inode: InodeNumber, limit: Int, _ reply: Reply<AttributeValue>)
    func attributeNames(of inode: InodeNumber, limit: Int, _ reply: Reply<AttributeValue>)
    func removeAttribute(_ name: [UInt8], of inode: InodeNumber, _ reply: Reply<Done>)

    func statistics(_ reply: Reply<SpaceStatistics>)
}

/// What lseek(2) looks for in a sparse file.
public enum SeekKind: Sendable {
    case data
    case hole
}

/// What copy_file_range(2) copies.
public struct RangeCopy: Sendable {
    public let source: InodeNumber
    public let sourceHandle: UInt64
    public let sourceOffset: UInt64
    public let target: InodeNumber
    public let targetHandle: UInt64
    public let targetOffset: UInt64
    public let byteCount: Int
}

extension FileSystem {
    public func change(
        _ inode: InodeNumber, _ change: AttributeChange, handle: UInt64?, _ reply: Reply<FoundAttributes>
    ) { reply.fail(.noFunction) }

    public func readLink(_ inode: InodeNumber, _ reply: Reply<LinkTarget>) { reply.fail(.noFunction) }

    public func makeNode(
        _ name: [UInt8], in parent: InodeNumber, mode: UInt32, device: UInt64, _ reply: Reply<FoundEntry>
    ) { reply.fail(.noFunction) }

    public func makeDirectory(_ name: [UInt8], in parent: InodeNumber, mode: UInt32, _ reply: Reply<FoundEntry>) {
        reply.fail(.noFunction)
    }

    public func makeLink(_ name: [UInt8], in parent: InodeNumber, target: [UInt8], _ reply: Reply<FoundEntry>) {
        reply.fail(.noFunction)
    }

    public func link(_ inode: InodeNumber, as name: [UInt8], in parent: InodeNumber, _ reply: Reply<FoundEntry>) {
        reply.fail(.noFunction)
    }

    public func unlink(_ name: [UInt8], in parent: InodeNumber, _ reply: Reply<Done>) { reply.fail(.noFunction) }

    public func removeDirectory(_ name: [UInt8], in parent: InodeNumber, _ reply: Reply<Done>) {
        reply.fail(.noFunction)
    }

    public func rename(
        _ name: [UInt8], in parent: InodeNumber, to newName: [UInt8], in newParent: InodeNumber, flags: UInt32,
        _ reply: Reply<Done>
    ) { reply.fail(.noFunction) }

    public func create(
        _ name: [UInt8], in parent: InodeNumber, mode: UInt32, flags: Int32, _ reply: Reply<Created>
    ) { reply.fail(.noFunction) }

    public func write(
        _ bytes: Span<UInt8>, to inode: InodeNumber, handle: UInt64, offset: UInt64, _ reply: Reply<Written>
    ) { reply.fail(.noFunction) }

    public func flush(_ inode: InodeNumber, handle: UInt64, _ reply: Reply<Done>) { reply.fail(.noFunction) }

    public func synchronize(_ inode: InodeNumber, handle: UInt64, dataOnly: Bool, _ reply: Reply<Done>) {
        reply.fail(.noFunction)
    }

    public func allocate(
        _ inode: InodeNumber, handle: UInt64, mode: Int32, range: Range<UInt64>, _ reply: Reply<Done>
    ) { reply.fail(.noFunction) }

    public func seek(
        _ inode: InodeNumber, handle: UInt64, to kind: SeekKind, from offset: UInt64, _ reply: Reply<FileOffset>
    ) { reply.fail(.noFunction) }

    public func copy(_ copy: RangeCopy, _ reply: Reply<Written>) { reply.fail(.noFunction) }

    public func synchronizeDirectory(_ inode: InodeNumber, handle: UInt64, _ reply: Reply<Done>) {
        reply.fail(.noFunction)
    }

    public func setAttribute(
        _ name: [UInt8], of inode: InodeNumber, to value: [UInt8], flags: Int32, _ reply: Reply<Done>
    ) { reply.fail(.noFunction) }

    public func attribute(_ name: [UInt8], of inode: InodeNumber, limit: Int, _ reply: Reply<AttributeValue>) {
        reply.fail(.noFunction)
    }

    public func attributeNames(of inode: InodeNumber, limit: Int, _ reply: Reply<AttributeValue>) {
        reply.fail(.noFunction)
    }

    public func removeAttribute(_ name: [UInt8], of inode: InodeNumber, _ reply: Reply<Done>) {
        reply.fail(.noFunction)
    }
}
