internal import DriveFormat
internal import FUSE
internal import Foundation
internal import Glibc
internal import LocalCache
internal import SystemPackage

extension MountedDrive {
    /// The largest file: 16 TiB.
    static let sizeLimit: UInt64 = 1 << 44

    func write(
        _ bytes: Span<UInt8>, to number: InodeNumber, handle: UInt64, offset: UInt64, _ reply: Reply<Written>
    ) {
        do {
            let (end, isBeyond) = offset.addingReportingOverflow(UInt64(bytes.count))
            guard !isBeyond, end <= Self.sizeLimit else { throw Errno.fileTooLarge }
            guard let file = with({ $0.files[handle] }) else { throw Errno.badFileDescriptor }
            try write(bytes, to: file.inode, at: offset)
            reply(Written(byteCount: bytes.count))
        } catch { reply.fail(Errno(error)) }
    }

    func write(_ bytes: Span<UInt8>, to inode: Inode, at offset: UInt64) throws {
        changing.lock()
        defer { changing.unlock() }
        var transaction = try begin()
        try checkIsReached(inode)
        let file = ownFile(of: inode, &transaction)
        let end = offset + UInt64(bytes.count)
        transaction.modify(inode) { content in
            content.file = file
            content.size = max(content.size, end)
            content.entry.modified = content.entry.changed
        }
        try cache.write(bytes, to: file, at: offset, records: transaction.records)
        finish(transaction)
    }

    /// Cuts a file off, or lets it end with zeros.
    func truncate(_ inode: Inode, to size: UInt64, _ transaction: inout Transaction) throws {
        guard inode.content.entry.type == .file else {
            throw inode.content.entry.type == .directory ? Errno.isDirectory : Errno.invalidArgument
        }
        guard size <= Self.sizeLimit else { throw Errno.fileTooLarge }
        try checkIsReached(inode)
        let file = ownFile(of: inode, &transaction)
        transaction.cacheChanges.append(.truncate(file, to: size))
        transaction.modify(inode) { content in
            content.file = file
            content.size = size
            content.baseLimit = min(content.baseLimit, size)
            content.lowestSize = min(content.lowestSize, size)
            content.entry.modified = content.entry.changed
        }
    }

    func allocate(
        _ number: InodeNumber, handle: UInt64, mode: Int32, range: Range<UInt64>, _ reply: Reply<Done>
    ) {
        now(reply) {
            let (keepsSize, punches, zeroes): (Int32, Int32, Int32) = (0x01, 0x02, 0x10)
            guard mode & ~(keepsSize | punches | zeroes) == 0, mode & punches == 0 || mode & keepsSize != 0 else {
                throw Errno.notSupportedOnSocket
            }
            guard range.upperBound <= Self.sizeLimit else { throw Errno.fileTooLarge }
            guard let inode = with({ Held($0.files[handle]?.inode) }).inode else { throw Errno.badFileDescriptor }
            try change { transaction in
                try self.checkIsReached(inode)
                let content = transaction.content(of: inode)
                if mode & (punches | zeroes) != 0 {
                    let file = self.ownFile(of: inode, &transaction)
                    let erased = range.clamped(to: 0..<max(content.size, range.lowerBound))
                    transaction.cacheChanges.append(.erase(file, erased))
                    transaction.modify(inode) {
                        $0.file = file
                        $0.entry.modified = $0.entry.changed
                    }
                }
                if mode & keepsSize == 0, range.upperBound > content.size {
                    try self.truncate(inode, to: range.upperBound, &transaction)
                }
            }
            return Done()
        }
    }
}
