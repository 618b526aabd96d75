internal import Drive
internal import DriveFormat
internal import FUSE
internal import LocalCache
internal import SystemPackage

extension MountedDrive: FileSystem {
    func lookUp(_ name: [UInt8], in parent: InodeNumber, _ reply: Reply<FoundEntry>) {
        let known = with { state -> FoundEntry? in
            guard let inode = state.table.inode(named: name, in: parent) else { return nil }
            inode.lookups += 1
            return found(inode)
        }
        if let known { return reply(known) }
        let directory: Inode
        do { directory = try inode(parent) } catch { return reply.fail(error) }
        if parent == .snapshots { return later(reply) { try await self.lookUpSnapshot(name) } }
        let gone = with { state -> FoundEntry? in
            guard directory.edits[name] != nil || directory.hasEmptyBase else { return nil }
            return absent(name, in: parent, state)
        }
        if let gone { return reply(gone) }
        guard Entry.isValidName(name) else {
            return reply.fail(name.count > Entry.nameByteLimit ? .fileNameTooLong : .noSuchFileOrDirectory)
        }
        later(reply) { try await self.lookUp(name, in: directory) }
    }

    private func lookUp(_ name: [UInt8], in directory: Inode) async throws -> FoundEntry {
        while true {
            let generation = directory.view.generation
            let entry = with { _ in directory.content.entry }
            let named = try await directory.view.snapshot.lookUp(name, in: entry)
            let found = try with { state -> FoundEntry? in
                // What was read before the drive went on may be wrong now.
                guard directory.view.generation == generation else { return nil }
                if let inode = state.table.inode(named: name, in: directory.number) {
                    inode.lookups += 1
                    return self.found(inode)
                }
                guard let named, directory.edits[name] == nil else {
                    return self.absent(name, in: directory.number, state)
                }
                guard let inode = state.table.insert(named, in: directory) else { throw Errno.ioError }
                inode.lookups += 1
                return self.found(inode)
            }
            if let found { return found }
        }
    }

    func forget(_ inode: InodeNumber, lookups: UInt64) {
        let abandoned = with { state in
            state.table.forget(inode, lookups: lookups)
            return state.table.takeAbandoned()
        }
        remove(abandoned)
    }

    /// What nobody can read any more takes no room; where that fails, the next mount does it.
    func remove(_ abandoned: [FileNumber]) {
        if !abandoned.isEmpty { try? cache.apply(abandoned.map { .remove($0) }) }
    }

    /// What is told of a name that the drive does not have: nothing, but for the directory of its past.
    private func absent(_ name: [UInt8], in parent: InodeNumber, _ state: State) -> FoundEntry {
        guard parent == .root, name == History.name, let snapshots = state.table[.snapshots] else {
            return .nothing(for: Self.trust)
        }
        return found(snapshots)
    }

    /// Programs that look for free inodes find as many as they like.
    private static let inodeCount: UInt64 = 1 << 40
    private static let blockByteCount: UInt64 = 4096

    func statistics(_ reply: Reply<SpaceStatistics>) {
        let (space, root) = with { ($0.space, $0.table[.root]?.content.entry) }
        var (total, left): (UInt64, UInt64) = (0, 0)
        if case .directory(let tree)? = root?.content { total = tree.bytes }
        if let space, !options.isReadOnly {
            (total, left) = (space.byteCount, space.leftByteCount - min(space.leftByteCount, cache.dirtyByteCount))
        }
        reply(
            SpaceStatistics(
                blockByteCount: Self.blockByteCount, blockCount: total / Self.blockByteCount,
                freeBlockCount: left / Self.blockByteCount, fileCount: Self.inodeCount,
                freeFileCount: options.isReadOnly ? 0 : Self.inodeCount, nameByteLimit: UInt64(Entry.nameByteLimit)))
    }
}
