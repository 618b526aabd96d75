internal import DriveFormat
internal import FUSE
internal import Glibc
internal import LocalCache
internal import Sealing
internal import SystemPackage

/// A file that a program has open.
final class FileHandle: Sendable {
    let inode: Inode
    let walk = ReadWalk()

    init(_ inode: Inode) { self.inode = inode }
}

extension MountedDrive {
    func open(_ number: InodeNumber, flags: Int32, _ reply: Reply<Opened>) {
        now(reply) {
            let inode = flags & O_ACCMODE == O_RDONLY ? try inode(number) : try changeable(number)
            if flags & O_TRUNC != 0 {
                try change { try self.truncate(inode, to: 0, &$0) }
            }
            return opened(inode, flags: flags)
        }
    }

    func opened(_ inode: Inode, flags: Int32) -> Opened {
        let (handle, isNew) = with { state in
            state.lastHandle += 1
            state.files[state.lastHandle] = FileHandle(inode)
            inode.opens += 1
            return (state.lastHandle, inode.opens == 1 && self.use(inode, &state))
        }
        if isNew { rememberContentFile(of: inode) }
        return Opened(handle: handle) { self.close(handle) }
    }

    /// Finds or makes the cache's file of what the drive has here; whether it is new.
    func use(_ inode: Inode, _ state: inout State) -> Bool {
        guard let id = inode.content.entry.content.identifier, inode.content.file == nil else { return false }
        let known = state.contentFiles[id]
        var used = known ?? ContentFile(file: cache.newFile())
        used.users += 1
        state.contentFiles[id] = used
        inode.used = UsedContent(id: id, file: used.file)
        return known == nil
    }

    /// The inode reads from there no more.
    func endUse(of inode: Inode, _ state: inout State) {
        guard let used = inode.used else { return }
        inode.used = nil
        // Something else may have its name by now.
        if state.contentFiles[used.id]?.file == used.file { state.contentFiles[used.id]?.users -= 1 }
    }

    /// So that the next mount finds what this one has fetched. Nothing is lost without that.
    private func rememberContentFile(of inode: Inode) {
        guard let used = with({ _ in inode.used }) else { return }
        let value = InodeNumber(rawValue: used.file.value).littleEndianBytes
        try? cache.apply([.record(.put(key: OverlayKey.content(used.id).bytes, value: value))])
    }

    /// Of contents that nobody has open, and of which nothing is here any more, nothing is remembered.
    func forgetEvicted() throws {
        let there = Set(cache.files)
        let gone = with { state in
            let gone = state.contentFiles.filter { $0.value.users == 0 && !there.contains($0.value.file) }.map(\.key)
            for id in gone { state.contentFiles[id] = nil }
            return gone
        }
        try journal(gone.map { .delete(key: OverlayKey.content($0).bytes) })
    }

    func release(_ number: InodeNumber, handle: UInt64, _ reply: Reply<Done>) {
        close(handle)
        reply(Done())
    }

    private func close(_ handle: UInt64) {
        with { state in
            guard let inode = state.files.removeValue(forKey: handle)?.inode else { return }
            inode.opens -= 1
            if inode.opens == 0 { self.endUse(of: inode, &state) }
        }
    }

    /// What was written is in the journal already.
    func flush(_ number: InodeNumber, handle: UInt64, _ reply: Reply<Done>) { reply(Done()) }

    func synchronize(_ number: InodeNumber, handle: UInt64, dataOnly: Bool, _ reply: Reply<Done>) { synchronize(reply) }

    func synchronizeDirectory(_ number: InodeNumber, handle: UInt64, _ reply: Reply<Done>) { synchronize(reply) }

    private func synchronize(_ reply: Reply<Done>) {
        let cache = cache
        later(reply) {
            try await Self.onThread { try cache.sync() }
            return Done()
        }
    }

    /// The file of the cache that a file's bytes are to be written to: its own from now on.
    func ownFile(of inode: Inode, _ transaction: inout Transaction) -> FileNumber {
        if let file = transaction.content(of: inode).file { return file }
        let id = inode.content.entry.content.identifier
        // What was fetched goes on to be of use, unless another file has the same content.
        let taken = with { state -> FileNumber? in
            let used = id.flatMap { state.contentFiles[$0] }
            let isOpen = inode.used != nil && inode.used?.file == used?.file
            // Beyond a limit it has bytes that are not this file's.
            let isWhole = inode.content.baseLimit >= inode.content.entry.size
            guard let id, let used, used.users == (isOpen ? 1 : 0), isWhole else {
                self.endUse(of: inode, &state)
                return nil
            }
            self.endUse(of: inode, &state)
            state.contentFiles[id] = nil
            return used.file
        }
        if let id, taken != nil { transaction.otherRecords.append(.delete(key: OverlayKey.content(id).bytes)) }
        return taken ?? cache.newFile()
    }
}

extension Content {
    /// What names these bytes in the drive; nil where they stand in the entry.
    var identifier: [UInt8]? {
        switch self {
        case .chunk(let id, _): id.bytes
        case .chunks(let root): root.reference
        default: nil
        }
    }
}
