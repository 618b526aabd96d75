internal import Drive
internal import DriveFormat
internal import FUSE
internal import Glibc
internal import SystemPackage

extension MountedDrive {
    func open(_ number: InodeNumber, flags: Int32, _ reply: Reply<Opened>) {
        reply.with {
            _ = try inode(number)
            if flags & O_ACCMODE != O_RDONLY { throw Errno.readOnlyFileSystem }
            return Opened(handle: 0)
        }
    }

    func release(_ number: InodeNumber, handle: UInt64, _ reply: Reply<Done>) { reply(Done()) }

    func flush(_ number: InodeNumber, handle: UInt64, _ reply: Reply<Done>) { reply(Done()) }

    func read(_ number: InodeNumber, handle: UInt64, offset: UInt64, count: Int, _ reply: Reply<Bytes>) {
        let inode: Inode
        do { inode = try self.inode(number) } catch { return reply.fail(error) }
        let (entry, snapshot) = (inode.entry, inode.view.snapshot)
        guard entry.type == .file else { return reply.fail(.invalidArgument) }
        let end = min(entry.size, offset + UInt64(count))
        guard offset < end else { return reply(Bytes([])) }
        if case .inline(let bytes) = entry.content { return reply(Bytes(Array(bytes[Int(offset)..<Int(end)]))) }
        later(reply) {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(Int(end - offset))
            try await snapshot.read(entry, range: offset..<end) { bytes += $0 }
            return Bytes(bytes)
        }
    }
}
