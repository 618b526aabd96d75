internal import Drive
internal import DriveFormat
internal import FUSE
internal import Glibc
internal import Primitives
internal import SystemPackage

extension MountedDrive {
    func create(
        _ name: [UInt8], in parent: InodeNumber, mode: UInt32, flags: Int32, _ reply: Reply<Created>
    ) {
        let (caller, drive) = (reply.caller, self)
        change([(name, parent)], reply) { transaction, names in
            let inode = try drive.make(.file, .none, mode: mode, at: names[0], for: caller, &transaction)
            let found = drive.found(inode, transaction)
            return Created(found, drive.opened(inode, flags: flags))
        }
    }

    func makeNode(
        _ name: [UInt8], in parent: InodeNumber, mode: UInt32, device: UInt64, _ reply: Reply<FoundEntry>
    ) {
        guard let type = EntryType(bits: mode & S_IFMT), type != .directory, type != .symlink else {
            return reply.fail(.invalidArgument)
        }
        let content: Content =
            type == .characterDevice || type == .blockDevice
            ? .device(major: Self.major(device), minor: Self.minor(device)) : .none
        make(type, content, mode: mode, name, in: parent, reply)
    }

    func makeDirectory(_ name: [UInt8], in parent: InodeNumber, mode: UInt32, _ reply: Reply<FoundEntry>) {
        make(.directory, .newDirectory, mode: mode, name, in: parent, reply)
    }

    func makeLink(_ name: [UInt8], in parent: InodeNumber, target: [UInt8], _ reply: Reply<FoundEntry>) {
        guard target.count <= Content.targetByteLimit else { return reply.fail(.fileNameTooLong) }
        guard !target.isEmpty else { return reply.fail(.noSuchFileOrDirectory) }
        make(.symlink, .inline(target), mode: 0o777, name, in: parent, reply)
    }

    private func make(
        _ type: EntryType, _ content: Content, mode: UInt32, _ name: [UInt8], in parent: InodeNumber,
        _ reply: Reply<FoundEntry>
    ) {
        let (caller, drive) = (reply.caller, self)
        change([(name, parent)], reply) { transaction, names in
            let inode = try drive.make(type, content, mode: mode, at: names[0], for: caller, &transaction)
            return drive.found(inode, transaction)
        }
    }

    /// A new inode, which the kernel is told of.
    private func make(
        _ type: EntryType, _ content: Content, mode: UInt32, at place: ResolvedName, for caller: Caller,
        _ transaction: inout Transaction
    ) throws -> Inode {
        guard place.inode == nil else { throw Errno.fileExists }
        guard place.directory.isNamed || place.directory.number == .root else { throw Errno.noSuchFileOrDirectory }
        let directory = transaction.content(of: place.directory)
        var entry = Entry(
            type: type, mode: 0, owner: owners.user(caller.user), group: owners.group(caller.group),
            modified: transaction.time, changed: transaction.time, content: content)
        var permissions = UInt16(mode & 0o7777)
        if directory.entry.mode & UInt16(S_ISGID) != 0 {
            entry.group = directory.entry.group
            if type == .directory { permissions |= UInt16(S_ISGID) }
        }
        var attributes: [Attribute] = []
        if type == .symlink {
            entry.mode = permissions
        } else {
            (entry.mode, attributes) = try Self.inherited(
                permissions, umask: UInt16(caller.umask & 0o777), type, from: place.directory, directory)
        }
        var content = InodeContent(entry: entry, group: nil, linkCount: 1)
        if !attributes.isEmpty { content.attributes = attributes }
        let new = content
        let at = Place(parent: place.directory.number, name: place.name)
        guard let inode = with({ Held($0.table.create(at, in: self.liveView, new)) }).inode else { throw Errno.ioError }
        transaction.modify(inode) { _ in }
        transaction.set(place.name, in: place.directory, to: inode, base: place.base)
        transaction.lookedUp.append(inode)
        return inode
    }

    func link(_ number: InodeNumber, as name: [UInt8], in parent: InodeNumber, _ reply: Reply<FoundEntry>) {
        let drive = self
        change([(name, parent)], reply) { transaction, names in
            let inode = try drive.changeable(number)
            try drive.checkIsReached(inode)
            let place = names[0]
            guard place.inode == nil else { throw Errno.fileExists }
            guard inode.content.entry.type != .directory else { throw Errno.notPermitted }
            guard inode.content.linkCount > 0 else { throw Errno.noSuchFileOrDirectory }
            if inode.content.group == nil {
                // Its first name becomes one of several.
                let first = inode.place
                guard let directory = drive.with({ Held($0.table[first.parent]) }).inode else { throw Errno.ioError }
                let edit = directory.edits[first.name]
                transaction.name(
                    first.name, in: directory, inode, base: edit.map(\.base) ?? inode.content.directoryEntry)
                transaction.modify(inode) { $0.group = LinkGroup(.random()) }
            }
            transaction.modify(inode) { $0.linkCount += 1 }
            transaction.set(place.name, in: place.directory, to: inode, base: place.base)
            transaction.lookedUp.append(inode)
            return drive.found(inode, transaction)
        }
    }

    /// What the kernel is told of an inode that is being changed.
    func found(_ inode: Inode, _ transaction: Transaction) -> FoundEntry {
        FoundEntry(
            attributes(of: inode, transaction.content(of: inode)), nameTimeout: Self.trust, attributeTimeout: Self.trust
        )
    }

    private static func major(_ device: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: (device >> 8) & 0xfff | (device >> 32) & 0xffff_f000)
    }

    private static func minor(_ device: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: device & 0xff | (device >> 12) & 0xffff_ff00)
    }
}

extension Content {
    /// Of a directory that is in no commit yet: the drive has nothing in it.
    static let newDirectory = Content.directory(
        TreeRoot(reference: [UInt8](repeating: 0, count: 32), level: 0, count: 0, bytes: 0))
}

extension EntryType {
    /// - Parameter bits: the type bits of a mode.
    init?(bits: UInt32) {
        guard let type = Self.allCases.first(where: { $0.bits == bits }) else { return nil }
        self = type
    }
}
