internal import Drive
internal import DriveFormat
internal import FUSE
internal import SystemPackage

extension MountedDrive {
    func openDirectory(_ number: InodeNumber, _ reply: Reply<Opened>) {
        if number == .snapshots {
            return later(reply) {
                guard let listing = try await self.snapshotListing() else { throw Errno.noSuchFileOrDirectory }
                return self.opened(listing)
            }
        }
        reply.with {
            let inode = try inode(number)
            guard try content(of: number).entry.type == .directory else { throw Errno.notDirectory }
            return opened(with { _ in DirectoryListing(inode) }, cachesEntries: true)
        }
    }

    private func opened(_ listing: DirectoryListing, cachesEntries: Bool = false) -> Opened {
        let handle = with { state in
            state.lastHandle += 1
            state.listings[state.lastHandle] = listing
            return state.lastHandle
        }
        return Opened(handle: handle, cachesEntries: cachesEntries) { self.with { $0.listings[handle] = nil } }
    }

    func releaseDirectory(_ number: InodeNumber, handle: UInt64, _ reply: Reply<Done>) {
        with { $0.listings[handle] = nil }
        reply(Done())
    }

    func list(
        _ number: InodeNumber, handle: UInt64, from offset: UInt64, into listing: Listing, _ reply: Reply<Listing>
    ) {
        guard let directory = with({ $0.listings[handle] }) else { return reply.fail(.badFileDescriptor) }
        // Places 0 and 1 are those of the dots.
        let place = max(offset, 2) - 2
        if let page = directory.known(place) {
            return reply(filled(listing, from: offset, with: page, of: directory.directory))
        }
        later(reply) {
            let page = try await directory.read(place)
            return self.filled(listing, from: offset, with: page, of: directory.directory)
        }
    }

    private func filled(
        _ empty: Listing, from offset: UInt64, with page: DirectoryListing.Page, of directory: Inode
    ) -> Listing {
        with { state in
            var listing = empty
            let isCurrent = page.generation == directory.view.generation
            if offset < 2 {
                let above = state.table[directory.place.parent] ?? directory
                for (next, name, inode) in [(1, ".", directory), (2, "..", above)] as [(UInt64, String, Inode)]
                where next > offset {
                    guard listing.addDots(Array(name.utf8), attributes(of: inode), next: next) else { return listing }
                }
            }
            for (index, named) in zip(page.names.indices, page.names) {
                let next = page.start + UInt64(index) + 3
                // What the drive has lost is left out here: who asks for it by name is told.
                guard next > offset else { continue }
                // What was changed since the directory was opened is told as it is: a name that is gone must not come back, and
                // another inode's attributes are not this one's.
                let edit = directory.edits[named.name]
                if edit != nil || named.changed != nil {
                    guard let inode = edit.map(\.inode) ?? state.table.inode(named: named.name, in: directory.number)
                    else {
                        continue
                    }
                    guard listing.add(named.name, found(inode), next: next) else { break }
                    if listing.withAttributes { inode.lookups += 1 }
                    continue
                }
                guard let found = named.found, let linked = found.inode else { continue }
                // Of what may be another thing by now only the name is told.
                guard listing.withAttributes, isCurrent else {
                    let number = state.table.number(of: found, in: directory)
                    guard listing.add(named.name, number, mode: linked.entry.type.bits, next: next) else { break }
                    continue
                }
                guard let inode = state.table.insert(found, in: directory) else { continue }
                inode.lookups += 1
                guard listing.add(named.name, self.found(inode), next: next) else {
                    state.table.forget(inode.number, lookups: 1)
                    break
                }
            }
            return listing
        }
    }
}
