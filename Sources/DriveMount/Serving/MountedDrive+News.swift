internal import Drive
internal import DriveFormat
internal import FUSE
internal import Foundation

extension Invalidation {
    static func name(_ place: Place) -> Invalidation { .name(place.name, in: place.parent) }
}

extension MountedDrive {
    /// The state that names are looked up in.
    var snapshot: Snapshot { liveView.snapshot }

    /// The drive has gone on: names are looked up in the new state from now on. What is open stays what it was, and what was
    /// changed gets another inode, as if it had been replaced by rename(2).
    ///
    /// - Parameter withLastAttempt: whether the last attempt to commit is in it, whatever was said of that: what was changed here stands
    ///   on what it has made then.
    /// - Returns: what the kernel has to forget.
    func adopt(_ new: Snapshot, withLastAttempt: Bool = false) async throws -> [Invalidation] {
        let old = snapshot
        var changes: [Change] = []
        if old.id != new.id {
            try await collect(from: old.root, to: new.root, number: .root, new, into: &changes)
            try await new.forEachChangedGroup(since: old) { changes.append(.group($0, $1)) }
        }
        if withLastAttempt { try await collectAttempted(in: new, into: &changes) }
        let found = changes
        return try await Self.onThread {
            self.changing.lock()
            defer { self.changing.unlock() }
            let standing = withLastAttempt ? self.standingOnLastAttempt() : Standing()
            guard old.id != new.id || !standing.isEmpty else { return [] }
            try self.journal(standing.records)
            return self.with { state in
                standing.apply()
                return self.goOn(to: new, found, &state)
            }
        }
    }

    /// - Precondition: called with the right to change.
    func goOn(to new: Snapshot, _ changes: [Change], _ state: inout State) -> [Invalidation] {
        liveView.replace(with: new)
        var invalid: [Invalidation] = []
        for change in changes { apply(change, &state, &invalid) }
        state.countNames()
        return invalid
    }

    enum Change {
        /// A directory is one still, with other attributes or names.
        case directory(InodeNumber, old: Entry, new: Entry)
        /// A name stands for something else; nil where it is gone.
        case name(Place, Entry?)
        /// A link group has another inode, or another number of names; nil where it is gone.
        case group(LinkGroup, LinkedInode?)
    }

    /// Looks only below directories that the kernel knows.
    ///
    /// - Parameter ours: directories that `old` has from here.
    func collect(
        from old: Entry, to new: Entry, number: InodeNumber, _ snapshot: Snapshot,
        _ ours: [Place: InodeNumber] = [:], into changes: inout [Change]
    ) async throws {
        changes.append(.directory(number, old: old, new: new))
        var below: [(InodeNumber, Entry, Entry)] = []
        var names: [(Place, Entry?)] = []
        func place(_ name: [UInt8]) -> Place { Place(parent: number, name: name) }
        try await snapshot.forEachChange(from: old, to: new) { change in
            guard let new = change.new, new.type == .directory else {
                return names.append((place(change.name), change.new))
            }
            let known = self.with { state -> (number: InodeNumber, entry: Entry)? in
                guard let found = state.table.inode(named: change.name, in: number) else { return nil }
                let edit = state.table[number]?.edits[change.name]
                if let old = change.old, old.type == .directory {
                    // What took the directory's place here, or came from elsewhere, is not what the drive has.
                    let isOurs = found.number == ours[place(change.name)]
                    return isOurs || edit?.isSame ?? true ? (found.number, old) : nil
                }
                // Others have taken it away, and made it anew.
                let isChanged = edit?.isSame == true && found.content.entry.type == .directory && !found.content.isNew
                return isChanged ? (found.number, found.content.entry) : nil
            }
            // Who looks it up in the meantime finds what it was.
            if let known { below.append((known.number, known.entry, new)) }
            if known == nil || change.old?.type != .directory { names.append((place(change.name), new)) }
        }
        changes += names.map { .name($0, $1) }
        for (number, old, new) in below {
            try await collect(from: old, to: new, number: number, snapshot, ours, into: &changes)
        }
    }

    private func apply(_ change: Change, _ state: inout State, _ invalid: inout [Invalidation]) {
        switch change {
        case .directory(let number, let old, let entry):
            guard let inode = state.table[number], inode.content.entry.type == .directory, !inode.content.isNew else {
                return
            }
            if inode.content.revision == nil {
                inode.content.entry = entry
                // What was read of it before may not be so any more.
                inode.content.attributes = nil
            } else {
                // What was changed here stays, over what the drive has now.
                inode.content.takeOver(entry, since: inode.content.base ?? old)
            }
            invalid.append(.inode(number))
        case .name(let place, let new):
            // What was changed here stays until it is committed, and both are kept then.
            if let directory = state.table[place.parent], directory.edits[place.name] != nil {
                // One that is in no commit may have been moved meanwhile.
                if !directory.content.isNew { directory.edits[place.name]?.inDrive = NameInDrive(new) }
                return
            }
            // Whoever has it open goes on where only attributes are others.
            if let new, new.linkGroup == nil, let inode = state.table.inode(named: place.name, in: place.parent),
                inode.content.group == nil, inode.content.holdsSame(as: new)
            {
                inode.content.entry = new
                return invalid.append(.attributes(of: inode.number))
            }
            // Also where nothing was: the kernel remembers that, too.
            invalid.append(.name(place))
            state.table.lose(place)
        case .group(let group, let new):
            if let inode = state.changedGroups[group] {
                inode.content.namesInDrive = new?.names ?? 0
                return invalid.append(.attributes(of: inode.number))
            }
            guard let inode = state.table.inode(of: group, in: liveView) else { return }
            if let new, inode.content.holdsSame(as: new.entry) {
                (inode.content.entry, inode.content.linkCount) = (new.entry, new.names)
                return invalid.append(.attributes(of: inode.number))
            }
            invalid += ([inode.place] + inode.otherPlaces).map { .name($0) }
            state.table.lose(inode)
        }
    }
}

extension InodeContent {
    /// Whether it is a file as the drive has it, and an entry of the same bytes.
    fileprivate func holdsSame(as new: Entry) -> Bool {
        revision == nil && entry.type != .directory && entry.type == new.type && entry.content == new.content
            && entry.size == new.size
    }

    /// Takes over what others have changed of a directory that is changed here, too.
    ///
    /// - Parameter old: as the drive had it; nil where that is not known, and all but its tree is as it was changed here.
    mutating func takeOver(_ new: Entry, since old: Entry?) {
        let own = entry.attributes
        if let old { entry = entry.mergingAttributes(with: new, since: old, staged) }
        // Changed ones lie over those of the drive.
        if attributes != nil { entry.attributes = own }
        entry.content = new.content
        base = new
    }
}
