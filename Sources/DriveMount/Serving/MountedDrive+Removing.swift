internal import DriveFormat
internal import FUSE
internal import SystemPackage

extension MountedDrive {
    func unlink(_ name: [UInt8], in parent: InodeNumber, _ reply: Reply<Done>) {
        change([(name, parent)], reply) { transaction, names in
            guard let inode = names[0].inode else { throw Errno.noSuchFileOrDirectory }
            guard inode.content.entry.type != .directory else { throw Errno.isDirectory }
            transaction.set(name, in: names[0].directory, to: nil, base: names[0].base)
            transaction.unlink(inode)
            return Done()
        }
    }

    func removeDirectory(_ name: [UInt8], in parent: InodeNumber, _ reply: Reply<Done>) {
        change([(name, parent)], reply) { transaction, names in
            guard let inode = names[0].inode else { throw Errno.noSuchFileOrDirectory }
            guard inode.content.entry.type == .directory else { throw Errno.notDirectory }
            guard inode.isEmptyDirectory else { throw Errno.directoryNotEmpty }
            transaction.set(name, in: names[0].directory, to: nil, base: names[0].base)
            transaction.unlink(inode)
            return Done()
        }
    }

    private static let noReplace: UInt32 = 1
    private static let exchange: UInt32 = 2

    func rename(
        _ name: [UInt8], in parent: InodeNumber, to newName: [UInt8], in newParent: InodeNumber, flags: UInt32,
        _ reply: Reply<Done>
    ) {
        guard flags & ~(Self.noReplace | Self.exchange) == 0, flags != Self.noReplace | Self.exchange else {
            return reply.fail(.invalidArgument)
        }
        change([(name, parent), (newName, newParent)], reply) { transaction, names in
            let (from, to) = (names[0], names[1])
            guard let inode = from.inode else { throw Errno.noSuchFileOrDirectory }
            if flags == Self.exchange {
                guard let other = to.inode else { throw Errno.noSuchFileOrDirectory }
                transaction.set(name, in: from.directory, to: other, base: from.base)
                transaction.set(newName, in: to.directory, to: inode, base: to.base)
                transaction.modify(other) { _ in }
                transaction.modify(inode) { _ in }
                return Done()
            }
            // Two names of one inode: nothing happens (rename(2)).
            if to.inode === inode { return Done() }
            if let replaced = to.inode {
                if flags == Self.noReplace { throw Errno.fileExists }
                let isDirectory = inode.content.entry.type == .directory
                if replaced.content.entry.type == .directory {
                    guard isDirectory else { throw Errno.isDirectory }
                    guard replaced.isEmptyDirectory else { throw Errno.directoryNotEmpty }
                } else if isDirectory {
                    throw Errno.notDirectory
                }
                transaction.unlink(replaced)
            }
            transaction.set(name, in: from.directory, to: nil, base: from.base)
            transaction.set(newName, in: to.directory, to: inode, base: to.base)
            transaction.modify(inode) { _ in }
            return Done()
        }
    }
}
