internal import Drive
internal import DriveFormat
internal import FUSE
internal import Glibc
internal import LocalCache
internal import SystemPackage

extension MountedDrive {
    func change(
        _ number: InodeNumber, _ change: AttributeChange, handle: UInt64?, _ reply: Reply<FoundAttributes>
    ) {
        let inode: Inode
        do { inode = try changeable(number) } catch { return reply.fail(Errno(error)) }
        self.change([], reply) { transaction, _ in
            try self.checkIsReached(inode)
            // An ACL comes with the attributes.
            let attributes = change.mode == nil ? [] : try Self.attributes(of: inode, transaction.content(of: inode))
            if let size = change.size { try self.truncate(inode, to: size, &transaction) }
            let time = transaction.time
            transaction.modify(inode) { content in
                if let mode = change.mode {
                    content.entry.mode = UInt16(mode & 0o7777)
                    if let index = attributes.firstIndex(where: { $0.name == AccessList.access }),
                        var list = AccessList(attributes[index].value)
                    {
                        list.set(mode: content.entry.mode & 0o777)
                        var changed = attributes
                        changed[index] = Attribute(name: AccessList.access, value: list.bytes)
                        content.attributes = changed
                    }
                }
                if let owner = change.owner { content.entry.owner = self.owners.user(owner) }
                if let group = change.group { content.entry.group = self.owners.group(group) }
                switch change.modified {
                case .now: content.entry.modified = time
                case .at(let time): content.entry.modified = Timestamp(time)
                case nil: break
                }
                switch change.accessed {
                case .now: content.accessed = time
                case .at(let time): content.accessed = Timestamp(time)
                case nil: break
                }
            }
            return FoundAttributes(
                self.attributes(of: inode, transaction.content(of: inode)), timeout: Self.trust)
        }
    }

    // MARK: Extended attributes

    /// As setxattr(2) has them.
    private static let mustBeNew: Int32 = 1
    private static let mustBeThere: Int32 = 2

    func setAttribute(
        _ name: [UInt8], of number: InodeNumber, to value: [UInt8], flags: Int32, _ reply: Reply<Done>
    ) {
        guard VirtualAttribute(name) == nil else { return reply.fail(.notPermitted) }
        changeAttributes(of: number, reply) { attributes, content in
            let index = attributes.firstIndex { $0.name == name }
            if flags & Self.mustBeNew != 0, index != nil { throw Errno.fileExists }
            if flags & Self.mustBeThere != 0, index == nil { throw Errno(rawValue: ENODATA) }
            let attribute = Attribute(name: name, value: value)
            var isKept = true
            if name == AccessList.access {
                guard let list = AccessList(value) else { throw Errno.invalidArgument }
                content.entry.mode = content.entry.mode & 0o7000 | list.mode
                isKept = !list.isPlain
            }
            attributes.removeAll { $0.name == name }
            if isKept { attributes.append(attribute) }
            guard attributes.isEmpty || AttributeList(attributes) != nil else { throw Errno.noSpace }
        }
    }

    func removeAttribute(_ name: [UInt8], of number: InodeNumber, _ reply: Reply<Done>) {
        changeAttributes(of: number, reply) { attributes, _ in
            guard attributes.contains(where: { $0.name == name }) else { throw Errno(rawValue: ENODATA) }
            attributes.removeAll { $0.name == name }
        }
    }

    private func changeAttributes(
        of number: InodeNumber, _ reply: Reply<Done>,
        _ body: @escaping @Sendable (inout [Attribute], inout InodeContent) throws -> Void
    ) {
        let inode: Inode
        do { inode = try changeable(number) } catch { return reply.fail(Errno(error)) }
        change([], reply) { transaction, _ in
            try self.checkIsReached(inode)
            var content = transaction.content(of: inode)
            var attributes = try Self.attributes(of: inode, content)
            try body(&attributes, &content)
            attributes.sort { $0.name.lexicographicallyPrecedes($1.name) }
            let (mode, changed) = (content.entry.mode, attributes)
            transaction.modify(inode) {
                $0.entry.mode = mode
                $0.attributes = changed
            }
            return Done()
        }
    }

    /// The extended attributes of an inode that is to be changed.
    ///
    /// - Throws: `NotKnown` where they have to be read first.
    private static func attributes(of inode: Inode, _ content: InodeContent) throws(NotKnown) -> [Attribute] {
        if let changed = content.attributes { return changed }
        switch content.entry.attributes {
        case .none: return []
        case .inline(let list): return list.attributes
        case .blob:
            guard let read = inode.readAttributes, read.source == content.entry.attributes else {
                throw NotKnown(attributes: inode)
            }
            return read.list
        }
    }

    /// The permissions and the attributes of something new in a directory: by the directory's default ACL, or by the umask.
    ///
    /// - Returns: permissions with the bits above them; ACLs.
    /// - Throws: `NotKnown` where the directory's attributes have to be read first.
    static func inherited(
        _ mode: UInt16, umask: UInt16, _ type: EntryType, from inode: Inode, _ directory: InodeContent
    ) throws(NotKnown) -> (mode: UInt16, attributes: [Attribute]) {
        let known = try attributes(of: inode, directory)
        guard let standard = known.first(where: { $0.name == AccessList.standard }),
            var list = AccessList(standard.value)
        else { return (mode & ~umask, []) }
        list.restrict(to: mode & 0o777)
        var attributes: [Attribute] = []
        if !list.isPlain { attributes.append(Attribute(name: AccessList.access, value: list.bytes)) }
        if type == .directory { attributes.append(standard) }
        return (mode & 0o7000 | list.mode, attributes)
    }
}

extension Timestamp {
    init(_ time: FileTime) { self.init(seconds: time.seconds, nanoseconds: time.nanoseconds) }
}
