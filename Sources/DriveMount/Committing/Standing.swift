internal import Drive
internal import DriveFormat
internal import LocalCache
internal import SCALE

/// What inodes and names are to be that stand on something else in the drive from now on.
struct Standing {
    var contents: [(inode: Inode, content: InodeContent)] = []
    var edits: [(directory: Inode, name: [UInt8], edit: NameEdit)] = []

    var isEmpty: Bool { contents.isEmpty && edits.isEmpty }

    /// A directory comes before its name: where only that is said to be the drive's, nobody knows what the drive had in it.
    var records: [RecordChange] {
        let inodes = contents.map { inode, content -> RecordChange in
            .put(key: OverlayKey.inode(inode.number).bytes, value: InodeRecord(content).scaleBytes)
        }
        return inodes
            + edits.map { directory, name, edit in
                let key = OverlayKey.name(Place(parent: directory.number, name: name)).bytes
                return .put(key: key, value: NameRecord(edit).scaleBytes)
            }
    }

    /// - Precondition: called under the lock of the table.
    func apply() {
        for (directory, name, edit) in edits { directory.edits[name] = edit }
        for (inode, content) in contents { inode.content = content }
    }
}

extension NameEdit {
    /// The directory that the last attempt has had under the name.
    var attempted: Inode? {
        guard let staged, !staged.isReplaced, staged.entry?.type == .directory,
            inode?.content.entry.type == .directory
        else { return nil }
        return inode
    }
}

extension InodeContent {
    /// A directory's, where the last attempt is in the drive.
    ///
    /// - Parameter isShared: whether others had made it, too: the attempt has left its attributes theirs.
    mutating func stand(isShared: Bool) {
        guard let staged else { return }
        let (made, own) = (staged.entry, staged.own ?? staged.entry)
        // What the drive has had since then was taken over already.
        let now = if let base, let then = staged.base { base.taking(made, whereSame: base, then) } else { made }
        entry = entry.taking(now, whereSame: entry, own)
        // Else what others give it from now on would lie below these.
        if isShared || attributes.map(made.attributes.holds) ?? false {
            (attributes, entry.attributes) = (nil, now.attributes)
        }
        (base, self.staged) = (now, nil)
    }
}

extension Attributes {
    /// Whether they are these. Of those that do not stand in an entry nobody knows.
    fileprivate func holds(_ list: [Attribute]) -> Bool {
        switch self {
        case .none: list.isEmpty
        case .inline(let own): AttributeList(list) == own
        case .blob: false
        }
    }
}

extension Entry {
    /// A directory's content here with the attributes of both sides, where an attempt may be in the drive without anybody's knowing: what
    /// that has made is nobody else's change.
    func mergingAttributes(with their: Entry, since old: Entry, _ attempt: StagedInode?) -> Entry {
        let merged = mergingAttributes(with: their, since: old)
        guard let attempt else { return merged }
        let own = attempt.own ?? attempt.entry
        return merged.taking(taking(their, whereSame: self, own), whereSame: their, attempt.entry)
    }

    /// With those attributes of another one that are the same in two.
    fileprivate func taking(_ other: Entry, whereSame first: Entry, _ second: Entry) -> Entry {
        var result = self
        if first.mode == second.mode { result.mode = other.mode }
        if first.owner == second.owner { result.owner = other.owner }
        if first.group == second.group { result.group = other.group }
        if first.modified == second.modified { result.modified = other.modified }
        if first.changed == second.changed { result.changed = other.changed }
        if first.attributes == second.attributes { result.attributes = other.attributes }
        return result
    }
}
