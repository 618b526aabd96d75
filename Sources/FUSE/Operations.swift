internal import CFuse
internal import Glibc
internal import SystemPackage

/// The functions that libfuse calls: each finds the session's file system and hands the request on.
enum Operations {
    static func table() -> fuse_lowlevel_ops {
        var table = fuse_lowlevel_ops()
        setConnection(&table)
        setNames(&table)
        setChanges(&table)
        setFiles(&table)
        setDirectories(&table)
        setAttributes(&table)
        return table
    }

    /// What stands behind a session's pointer.
    final class Context: Sendable {
        let fileSystem: any FileSystem
        /// What was changed without the kernel's being told so.
        let unheard = AsyncStream<Invalidation>.makeStream()

        init(_ fileSystem: any FileSystem) { self.fileSystem = fileSystem }
    }

    private static func context(_ request: fuse_req_t) -> Context? {
        guard let pointer = fuse_req_userdata(request) else { return nil }
        return Unmanaged<Context>.fromOpaque(pointer).takeUnretainedValue()
    }

    private static func fileSystem(_ request: fuse_req_t?) -> (any FileSystem)? {
        request.flatMap(context)?.fileSystem
    }

    /// Hands a request to the file system with the means to answer it.
    ///
    /// - Parameter changing: what the request changes of what the kernel remembers.
    private static func serve<A: Answer>(
        _ request: fuse_req_t?, changing: [Invalidation] = [], _ body: (any FileSystem, Reply<A>) -> Void
    ) {
        guard let request, let context = context(request) else { return }
        body(context.fileSystem, Reply(Request(request, changing: changing, in: context)))
    }

    private static func name(_ name: UnsafePointer<CChar>?, in parent: fuse_ino_t) -> Invalidation {
        .name(bytes(name), in: number(parent))
    }

    /// The bytes of a C string.
    private static func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8] {
        guard let text else { return [] }
        return UnsafeBufferPointer(start: text, count: strlen(text)).map { UInt8(bitPattern: $0) }
    }

    private static func number(_ inode: fuse_ino_t) -> InodeNumber { InodeNumber(rawValue: UInt64(inode)) }

    private static func handle(_ information: UnsafeMutablePointer<fuse_file_info>?) -> UInt64 {
        information?.pointee.fh ?? 0
    }

    private static func offset(_ value: off_t) -> UInt64 { UInt64(max(0, value)) }

    // MARK: Connection

    private static func setConnection(_ table: inout fuse_lowlevel_ops) {
        table.`init` = { _, connection in
            guard let connection else { return }
            func want(_ capability: Int32) {
                connection.pointee.want |= connection.pointee.capable & UInt32(bitPattern: capability)
            }
            func refuse(_ capability: Int32) { connection.pointee.want &= ~UInt32(bitPattern: capability) }
            // Pages of a file change only by what is written here: whatever else changes a file gives it another inode.
            refuse(FUSE_CAP_AUTO_INVAL_DATA)
            want(FUSE_CAP_EXPLICIT_INVAL_DATA)
            // Whoever lists a directory mostly wants to know more of what is in it, and asking for each thing by itself takes far longer.
            refuse(FUSE_CAP_READDIRPLUS_AUTO)
            want(FUSE_CAP_READDIRPLUS)
            want(FUSE_CAP_PARALLEL_DIROPS)
            want(FUSE_CAP_CACHE_SYMLINKS)
            want(FUSE_CAP_ASYNC_DIO)
            want(FUSE_CAP_POSIX_ACL)
            // The umask is applied here, where a directory's default ACL stands in its place.
            want(FUSE_CAP_DONT_MASK)
            // Both make it slower (measured).
            refuse(FUSE_CAP_SPLICE_READ)
            refuse(FUSE_CAP_SPLICE_WRITE)
            // Locks are the kernel's own, and so only among the processes of this machine.
            refuse(FUSE_CAP_POSIX_LOCKS)
            refuse(FUSE_CAP_FLOCK_LOCKS)
            connection.pointee.max_background = 64
            connection.pointee.congestion_threshold = 48
            connection.pointee.time_gran = 1
        }
    }

    // MARK: Names and inodes

    private static func setNames(_ table: inout fuse_lowlevel_ops) {
        table.lookup = { request, parent, name in
            Operations.serve(request) { $0.lookUp(Operations.bytes(name), in: Operations.number(parent), $1) }
        }
        table.forget = { request, inode, lookups in
            Operations.fileSystem(request)?.forget(Operations.number(inode), lookups: lookups)
            fuse_reply_none(request)
        }
        table.forget_multi = { request, count, forgotten in
            if let fileSystem = Operations.fileSystem(request) {
                for item in UnsafeBufferPointer(start: forgotten, count: count) {
                    fileSystem.forget(Operations.number(item.ino), lookups: item.nlookup)
                }
            }
            fuse_reply_none(request)
        }
        table.getattr = { request, inode, information in
            Operations.serve(request) {
                $0.attributes(of: Operations.number(inode), handle: information?.pointee.fh, $1)
            }
        }
        table.setattr = { request, inode, stat, set, information in
            Operations.serve(request, changing: [.inode(Operations.number(inode))]) {
                (fileSystem, reply: Reply<FoundAttributes>) in
                guard let stat else { return reply.fail(.invalidArgument) }
                fileSystem.change(
                    Operations.number(inode), AttributeChange(stat.pointee, set), handle: information?.pointee.fh, reply
                )
            }
        }
        table.readlink = { request, inode in
            Operations.serve(request) { $0.readLink(Operations.number(inode), $1) }
        }
        table.statfs = { request, _ in Operations.serve(request) { $0.statistics($1) } }
    }

    // MARK: Making and removing

    private static func setChanges(_ table: inout fuse_lowlevel_ops) {
        table.mknod = { request, parent, name, mode, device in
            Operations.serve(request, changing: [Operations.name(name, in: parent)]) {
                $0.makeNode(
                    Operations.bytes(name), in: Operations.number(parent), mode: mode, device: UInt64(device), $1)
            }
        }
        table.mkdir = { request, parent, name, mode in
            Operations.serve(request, changing: [Operations.name(name, in: parent)]) {
                $0.makeDirectory(Operations.bytes(name), in: Operations.number(parent), mode: mode, $1)
            }
        }
        table.symlink = { request, target, parent, name in
            Operations.serve(request, changing: [Operations.name(name, in: parent)]) {
                $0.makeLink(
                    Operations.bytes(name), in: Operations.number(parent), target: Operations.bytes(target), $1)
            }
        }
        table.link = { request, inode, parent, name in
            Operations.serve(request, changing: [Operations.name(name, in: parent), .inode(Operations.number(inode))]) {
                $0.link(Operations.number(inode), as: Operations.bytes(name), in: Operations.number(parent), $1)
            }
        }
        table.unlink = { request, parent, name in
            Operations.serve(request, changing: [Operations.name(name, in: parent)]) {
                $0.unlink(Operations.bytes(name), in: Operations.number(parent), $1)
            }
        }
        table.rmdir = { request, parent, name in
            Operations.serve(request, changing: [Operations.name(name, in: parent)]) {
                $0.removeDirectory(Operations.bytes(name), in: Operations.number(parent), $1)
            }
        }
        table.rename = { request, parent, name, newParent, newName, flags in
            Operations.serve(
                request, changing: [Operations.name(name, in: parent), Operations.name(newName, in: newParent)]
            ) {
                $0.rename(
                    Operations.bytes(name), in: Operations.number(parent), to: Operations.bytes(newName),
                    in: Operations.number(newParent), flags: flags, $1)
            }
        }
    }

    // MARK: Files

    private static func setFiles(_ table: inout fuse_lowlevel_ops) {
        table.create = { request, parent, name, mode, information in
            Operations.serve(request, changing: [Operations.name(name, in: parent)]) {
                $0.create(
                    Operations.bytes(name), in: Operations.number(parent), mode: mode,
                    flags: information?.pointee.flags ?? 0, $1)
            }
        }
        table.open = { request, inode, information in
            Operations.serve(request) {
                $0.open(Operations.number(inode), flags: information?.pointee.flags ?? 0, $1)
            }
        }
        table.read = { request, inode, count, offset, information in
            Operations.serve(request) {
                $0.read(
                    Operations.number(inode), handle: Operations.handle(information),
                    offset: Operations.offset(offset), count: count, $1)
            }
        }
        table.write = { request, inode, buffer, count, offset, information in
            Operations.serve(request, changing: [.inode(Operations.number(inode))]) {
                let bytes = UnsafeRawBufferPointer(start: buffer, count: count).bindMemory(to: UInt8.self)
                $0.write(
                    bytes.span, to: Operations.number(inode), handle: Operations.handle(information),
                    offset: Operations.offset(offset), $1)
            }
        }
        table.flush = { request, inode, information in
            Operations.serve(request) {
                $0.flush(Operations.number(inode), handle: Operations.handle(information), $1)
            }
        }
        table.release = { request, inode, information in
            Operations.serve(request) {
                $0.release(Operations.number(inode), handle: Operations.handle(information), $1)
            }
        }
        table.fsync = { request, inode, dataOnly, information in
            Operations.serve(request) {
                $0.synchronize(
                    Operations.number(inode), handle: Operations.handle(information), dataOnly: dataOnly != 0, $1)
            }
        }
        table.fallocate = { request, inode, mode, offset, count, information in
            Operations.serve(request, changing: [.inode(Operations.number(inode))]) {
                let start = Operations.offset(offset)
                $0.allocate(
                    Operations.number(inode), handle: Operations.handle(information), mode: mode,
                    range: start..<start + Operations.offset(count), $1)
            }
        }
        table.lseek = { request, inode, offset, whence, information in
            Operations.serve(request) { (fileSystem, reply: Reply<FileOffset>) in
                // The kernel does the other kinds itself.
                guard whence == CESSDRIVE_SEEK_DATA || whence == CESSDRIVE_SEEK_HOLE else {
                    return reply.fail(.invalidArgument)
                }
                fileSystem.seek(
                    Operations.number(inode), handle: Operations.handle(information),
                    to: whence == CESSDRIVE_SEEK_DATA ? .data : .hole, from: Operations.offset(offset), reply)
            }
        }
        table.copy_file_range = {
            request, inode, offset, information, target, targetOffset, targetInformation, count, _ in
            Operations.serve(request, changing: [.inode(Operations.number(target))]) {
                $0.copy(
                    RangeCopy(
                        source: Operations.number(inode), sourceHandle: Operations.handle(information),
                        sourceOffset: Operations.offset(offset), target: Operations.number(target),
                        targetHandle: Operations.handle(targetInformation),
                        targetOffset: Operations.offset(targetOffset), byteCount: count), $1)
            }
        }
    }

    // MARK: Directories

    private static func setDirectories(_ table: inout fuse_lowlevel_ops) {
        table.opendir = { request, inode, _ in
            Operations.serve(request) { $0.openDirectory(Operations.number(inode), $1) }
        }
        table.readdir = { request, inode, count, offset, information in
            Operations.list(request, inode, count, offset, information, withAttributes: false)
        }
        table.readdirplus = { request, inode, count, offset, information in
            Operations.list(request, inode, count, offset, information, withAttributes: true)
        }
        table.releasedir = { request, inode, information in
            Operations.serve(request) {
                $0.releaseDirectory(Operations.number(inode), handle: Operations.handle(information), $1)
            }
        }
        table.fsyncdir = { request, inode, _, information in
            Operations.serve(request) {
                $0.synchronizeDirectory(Operations.number(inode), handle: Operations.handle(information), $1)
            }
        }
    }

    private static func list(
        _ request: fuse_req_t?, _ inode: fuse_ino_t, _ count: Int, _ offset: off_t,
        _ information: UnsafeMutablePointer<fuse_file_info>?, withAttributes: Bool
    ) {
        serve(request) { fileSystem, reply in
            fileSystem.list(
                number(inode), handle: handle(information), from: Self.offset(offset),
                into: reply.listing(limit: count, withAttributes: withAttributes), reply)
        }
    }

    // MARK: Extended attributes

    private static func setAttributes(_ table: inout fuse_lowlevel_ops) {
        table.setxattr = { request, inode, name, value, count, flags in
            Operations.serve(request, changing: [.inode(Operations.number(inode))]) {
                let bytes = UnsafeRawBufferPointer(start: value, count: count)
                $0.setAttribute(
                    Operations.bytes(name), of: Operations.number(inode), to: Array(bytes), flags: flags, $1)
            }
        }
        table.getxattr = { request, inode, name, limit in
            Operations.serve(request) {
                $0.attribute(Operations.bytes(name), of: Operations.number(inode), limit: limit, $1)
            }
        }
        table.listxattr = { request, inode, limit in
            Operations.serve(request) { $0.attributeNames(of: Operations.number(inode), limit: limit, $1) }
        }
        table.removexattr = { request, inode, name in
            Operations.serve(request, changing: [.inode(Operations.number(inode))]) {
                $0.removeAttribute(Operations.bytes(name), of: Operations.number(inode), $1)
            }
        }
    }
}
