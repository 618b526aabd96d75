public import DriveFormat
internal import SCALE

/// A name in a directory, and what it stands for.
public struct NamedInode: Sendable {
    public let name: [UInt8]
    /// As it stands in the directory: of one of several names, hardly more than the group.
    public let entry: Entry
    /// What it stands for, and how many names that has; nil where the drive has lost it.
    public let inode: LinkedInode?

    public init(name: [UInt8], entry: Entry, inode: LinkedInode?) {
        self.name = name
        self.entry = entry
        self.inode = inode
    }
}

extension Snapshot {
    /// What a name of a directory stands for; nil if it has no such name, or is no directory.
    ///
    /// Lookups of names that are near each other cost little after the first one.
    public func lookUp(_ name: [UInt8], in directory: Entry) async throws -> NamedInode? {
        guard case .directory(let tree) = directory.content,
            let value = try await trees.recentEntries.value(of: name, in: tree)
        else { return nil }
        let entry = try Entry(scaleBytes: value)
        return NamedInode(name: name, entry: entry, inode: try await inode(of: entry))
    }

    /// Entries of a directory in the order of their names' bytes.
    ///
    /// - Parameters:
    ///   - name: the first one that is wanted; nil to begin at the beginning. Up to its last entry a directory of any size
    ///     is read in this way.
    ///   - limit: at most so many.
    /// - Throws: `DriveError.invalidPath` where the directory holds a name that no file can have.
    public func entries(of directory: Entry, from name: [UInt8]?, limit: Int) async throws -> [NamedInode] {
        guard case .directory(let tree) = directory.content else { return [] }
        var page: [NamedInode] = []
        for try await item in trees.directories.entries(of: tree, from: name) {
            guard page.count < limit else { break }
            guard Entry.isValidName(item.key) else {
                throw DriveError.invalidPath(
                    String(decoding: item.key, as: UTF8.self), reason: "a directory of the drive holds a forbidden name"
                )
            }
            let entry = try Entry(scaleBytes: item.value)
            page.append(NamedInode(name: item.key, entry: entry, inode: try await inode(of: entry)))
        }
        return page
    }
}

/// A name that stands for something else in a later state, or is new, or gone.
public struct NameChange: Sendable {
    public let name: [UInt8]
    /// As they stand in the directory.
    public let old: Entry?
    public let new: Entry?
}

extension Snapshot {
    /// Hands over what differs between a directory of an earlier snapshot and one of this, in the order of the names, without
    /// looking at what is equal.
    public func forEachChange(
        from old: Entry, to new: Entry, _ body: (NameChange) async throws -> Void
    ) async throws {
        guard case .directory(let oldTree) = old.content, case .directory(let newTree) = new.content else { return }
        try await trees.directories.forEachDifference(from: oldTree, to: newTree) { change in
            try await body(
                NameChange(
                    name: change.key, old: change.old.map { try Entry(scaleBytes: $0) },
                    new: change.new.map { try Entry(scaleBytes: $0) }))
            return true
        }
    }

    /// Hands over the link groups that are not what they were in an earlier snapshot.
    public func forEachChangedGroup(since old: Snapshot, _ body: (LinkGroup, LinkedInode?) throws -> Void) async throws
    {
        func note(_ key: [UInt8], _ value: [UInt8]?) throws {
            try body(LinkGroup(scaleBytes: key), value.map { try LinkedInode(scaleBytes: $0) })
        }
        switch (old.commit.links, commit.links) {
        case (nil, nil): return
        case (let old?, let new?):
            try await trees.links.forEachDifference(from: old, to: new) { change in
                try note(change.key, change.new)
                return true
            }
        case (let old?, nil): for try await item in trees.links.entries(of: old) { try note(item.key, nil) }
        case (nil, let new?): for try await item in trees.links.entries(of: new) { try note(item.key, item.value) }
        }
    }
}
