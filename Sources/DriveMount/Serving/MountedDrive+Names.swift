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
        let isGone = with { _ in directory.edits[name] != nil || directory.hasEmptyBase }
        if isGone { return reply(.nothing(for: Self.trust)) }
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
                guard let named, directory.edits[name] == nil else { return .nothing(for: Self.trust) }
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

    func statistics(_ reply: Reply<SpaceStatistics>) {
        let statistics = with(\.statistics)
        reply(
            statistics
                ?? SpaceStatistics(
                    blockByteCount: 4096, blockCount: 0, freeBlockCount: 0, fileCount: 0, freeFileCount: 0,
                    nameByteLimit: UInt64(Entry.nameByteLimit)))
    }
}
