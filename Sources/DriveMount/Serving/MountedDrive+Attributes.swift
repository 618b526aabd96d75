internal import Drive
internal import DriveFormat
internal import FUSE
internal import Glibc
internal import SystemPackage

extension MountedDrive {
    /// What stat(2) says of an inode.
    func attributes(of inode: Inode) -> FileAttributes { attributes(of: inode, inode.content) }

    func attributes(of inode: Inode, _ content: InodeContent) -> FileAttributes {
        let entry = content.entry
        let modified = FileTime(entry.modified)
        var attributes = FileAttributes(
            inode: inode.number, mode: entry.type.bits | UInt32(entry.mode & ~options.mask),
            accessed: content.accessed.map { FileTime($0) } ?? modified, modified: modified,
            changed: FileTime(entry.changed))
        attributes.owner = options.owner ?? owners.number(ofUser: entry.owner)
        attributes.group = options.group ?? owners.number(ofGroup: entry.group)
        // Of a directory nobody counts the directories: 1 is what programs take for "unknown".
        attributes.linkCount = entry.type == .directory ? min(1, content.linkCount) : content.linkCount
        switch entry.content {
        case .device(let major, let minor): attributes.device = Self.deviceNumber(major, minor)
        case .inline(let target) where entry.type == .symlink: attributes.size = UInt64(target.count)
        case .directory: attributes.size = 4096
        default: attributes.size = content.size
        }
        if entry.type == .file { attributes.blockCount = (content.size + 511) / 512 }
        return attributes
    }

    func found(_ inode: Inode) -> FoundEntry {
        FoundEntry(attributes(of: inode), nameTimeout: Self.trust, attributeTimeout: Self.trust)
    }

    /// As makedev(3) puts them together.
    private static func deviceNumber(_ major: UInt32, _ minor: UInt32) -> UInt64 {
        let (major, minor) = (UInt64(major), UInt64(minor))
        return (major & 0xfff) << 8 | (major & ~0xfff) << 32 | minor & 0xff | (minor & ~0xff) << 12
    }

    func attributes(of number: InodeNumber, handle: UInt64?, _ reply: Reply<FoundAttributes>) {
        reply.with {
            let (inode, content) = (try inode(number), try content(of: number))
            return FoundAttributes(attributes(of: inode, content), timeout: Self.trust)
        }
    }

    func readLink(_ number: InodeNumber, _ reply: Reply<LinkTarget>) {
        reply.with {
            let entry = try content(of: number).entry
            guard entry.type == .symlink, case .inline(let target) = entry.content else {
                throw Errno.invalidArgument
            }
            return LinkTarget(target)
        }
    }

    // MARK: Extended attributes

    func attribute(_ name: [UInt8], of number: InodeNumber, limit: Int, _ reply: Reply<AttributeValue>) {
        let inode: Inode
        do { inode = try self.inode(number) } catch { return reply.fail(error) }
        if let virtual = VirtualAttribute(name) { return attribute(virtual, of: inode, limit: limit, reply) }
        withAttributes(of: inode, reply) { attributes in
            guard let found = attributes.first(where: { $0.name == name }) else { throw Errno(rawValue: ENODATA) }
            return AttributeValue(found.value, limit: limit)
        }
    }

    func attributeNames(of number: InodeNumber, limit: Int, _ reply: Reply<AttributeValue>) {
        let inode: Inode
        do { inode = try self.inode(number) } catch { return reply.fail(error) }
        withAttributes(of: inode, reply) { attributes in
            AttributeValue(attributes.flatMap { $0.name + [0] }, limit: limit)
        }
    }

    /// Hands over the extended attributes of an inode, at once where they are known, later where they have to be read.
    private func withAttributes<A: Answer>(
        of inode: Inode, _ reply: Reply<A>, _ answer: @escaping @Sendable ([Attribute]) throws -> A
    ) {
        func send(_ attributes: [Attribute]) {
            do { reply(try answer(attributes)) } catch { reply.fail(Errno(error)) }
        }
        let (entry, changed) = with { _ in (inode.content.entry, inode.content.attributes) }
        if let changed { return send(changed) }
        switch entry.attributes {
        case .none: send([])
        case .inline(let list): send(list.attributes)
        case .blob:
            let snapshot = inode.view.snapshot
            later(reply) { try answer(try await snapshot.attributes(of: entry)) }
        }
    }
}

extension EntryType {
    /// The type bits of a mode.
    var bits: UInt32 {
        switch self {
        case .file: S_IFREG
        case .directory: S_IFDIR
        case .symlink: S_IFLNK
        case .fifo: S_IFIFO
        case .characterDevice: S_IFCHR
        case .blockDevice: S_IFBLK
        case .socket: S_IFSOCK
        }
    }
}

extension FileTime {
    init(_ timestamp: Timestamp) {
        self.init(seconds: timestamp.seconds, nanoseconds: timestamp.nanoseconds)
    }
}
