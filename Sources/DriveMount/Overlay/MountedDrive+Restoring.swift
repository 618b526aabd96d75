internal import Drive
internal import DriveFormat
internal import FUSE
internal import LocalCache
internal import SCALE

extension MountedDrive {
    /// Takes up what an earlier mount has changed and not committed, on top of the drive as it is now.
    ///
    /// - Parameter isInDrive: whether an attempt to commit is.
    /// - Throws: `ScaleError` for a record that no version of this has written; what reading the drive throws.
    func restore(
        _ records: [[UInt8]: [UInt8]], isInDrive: (Attempt) async throws -> Bool
    ) async throws {
        var contents: [InodeNumber: InodeContent] = [:]
        var names: [Place: NameRecord] = [:]
        var files: [[UInt8]: FileNumber] = [:]
        var nodes: [[UInt8]: KeptNodes.Place] = [:]
        for (key, value) in records {
            switch OverlayKey(key) {
            case .inode(let number): contents[number] = try InodeRecord(scaleBytes: value).content
            case .name(let place): names[place] = try NameRecord(scaleBytes: value)
            case .content(let id):
                if let number = InodeNumber(littleEndian: value) { files[id] = FileNumber(number.rawValue) }
            case .node(let id): nodes[id] = KeptNodes.Place(value)
            case .attempt:
                let attempt = try Attempt(scaleBytes: value)
                with { $0.attempt = attempt }
            case nil: continue
            }
        }
        // What a changed inode owns is nobody else's, and what is said to be of two contents may be of either: such records were made late,
        // or are left of a settling that was cut off.
        let owned = Set(contents.values.compactMap(\.file))
        let counts = Dictionary(files.values.map { ($0, 1) }, uniquingKeysWith: +)
        let wrong = files.filter { owned.contains($0.value) || counts[$0.value] != 1 }
        let (found, known, used, kept) = (contents, names, files.filter { wrong[$0.key] == nil }, nodes)
        // Where the mount has ended between a commit and what follows it.
        let cache = cache
        try await Self.onThread {
            for file in used.values where cache.extents(of: file, in: 0..<(1 << 44)).contains(where: \.kind.isDirty) {
                try cache.clean(cache.freeze(file))
            }
            // Files that had no name any more were still open then.
            let known = owned.union(used.values).union(kept.values.map(\.file))
            let there = Set(cache.files)
            let lost = there.subtracting(known)
            // Of what was evicted nothing has to be remembered.
            let gone =
                wrong.keys.map { OverlayKey.content($0) }
                + used.filter { !there.contains($0.value) }.map { OverlayKey.content($0.key) }
                + kept.filter { !there.contains($0.value.file) }.map { OverlayKey.node($0.key) }
            let changes: [CacheChange] = lost.map { .remove($0) } + gone.map { .record(.delete(key: $0.bytes)) }
            for start in stride(from: 0, to: changes.count, by: 10_000) {
                try cache.apply(Array(changes[start..<min(changes.count, start + 10_000)]))
            }
        }
        let dead = try with { state in try self.restore(found, known, used, &state) }
        if let attempt = with(\.attempt), try await isInDrive(attempt) { try await standOnLastAttempt() }
        try await rebase(.root, onto: liveView.snapshot.root, since: nil)
        try await countNamesInDrive()
        try await Self.onThread { try self.journal(dead.map { .delete(key: $0.bytes) }) }
    }

    private func restore(
        _ contents: [InodeNumber: InodeContent], _ names: [Place: NameRecord], _ files: [[UInt8]: FileNumber],
        _ state: inout State
    ) throws -> [OverlayKey] {
        state.contentFiles = files.mapValues { ContentFile(file: $0) }
        for (number, content) in contents {
            var content = content
            content.revision = 0
            if number == .root {
                state.table[.root]?.content = content
            } else {
                let inode = state.table.restore(number, in: liveView, content)
                if let group = content.group { state.changedGroups[group] = inode }
            }
        }
        var dead: [OverlayKey] = []
        for (place, record) in names {
            let inode = record.inode.flatMap { state.table[$0] }
            // A name without what it stands for, or in a directory that is as in the drive, is left of a settling that was cut off.
            guard let directory = state.table[place.parent], record.inode == nil || inode != nil else {
                dead.append(.name(place))
                continue
            }
            directory.edits[place.name] = NameEdit(
                inode: inode, base: record.base,
                inDrive: record.isInBase ? NameInDrive(record.base ?? record.staged?.entry) : .nothing,
                isSame: record.isSame, revision: 0, staged: record.staged)
            _ = state.table.rename(place, to: inode)
        }
        // Nor does anybody find a directory without a name.
        for (number, content) in contents where number != .root && content.entry.type == .directory {
            guard let inode = state.table[number], !inode.isNamed, inode.edits.isEmpty else { continue }
            dead.append(.inode(number))
            state.table.dropIfUnused(inode)
        }
        return dead
    }

    private func countNamesInDrive() async throws {
        let types = with { $0.changedGroups.mapValues(\.content.entry.type) }
        var names: [LinkGroup: UInt32] = [:]
        for (group, type) in types {
            names[group] = try await liveView.snapshot.inode(of: Entry(type, in: group))?.names
        }
        let found = names
        with { state in
            for (group, inode) in state.changedGroups { inode.content.namesInDrive = found[group] ?? 0 }
            state.countNames()
        }
    }

    /// Lays what was changed in a directory over what the drive has there now, and so on below.
    ///
    /// - Parameter base: what the drive had there when the change began, where that is known.
    private func rebase(_ number: InodeNumber, onto now: Entry, since base: Entry?) async throws {
        let edits = with { state -> [[UInt8]: NameEdit] in
            guard let inode = state.table[number] else { return [:] }
            guard inode.content.revision != nil else {
                inode.content = InodeContent(entry: now, group: nil, linkCount: 1)
                return [:]
            }
            inode.content.takeOver(now, since: inode.content.base ?? base)
            return inode.edits
        }
        for (name, edit) in edits {
            let found = try await liveView.snapshot.lookUp(name, in: now)
            with { $0.table[number]?.edits[name]?.inDrive = NameInDrive(found?.entry) }
            guard edit.isSame, let child = edit.inode, child.content.entry.type == .directory, let found,
                found.entry.type == .directory
            else { continue }
            try await rebase(child.number, onto: found.entry, since: edit.base)
        }
    }
}
