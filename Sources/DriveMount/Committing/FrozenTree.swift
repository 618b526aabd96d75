internal import DriveFormat
internal import FUSE
internal import Foundation
internal import LocalCache

/// All that was changed in a mount, as it was at one moment: what a commit is made of while changing goes on.
struct FrozenTree: Sendable {
    /// The number of the last change in it.
    let revision: UInt64
    let root: FrozenInode
    /// Those with several names, which directories name by their groups.
    let linked: [LinkGroup: FrozenInode]

    /// Every changed directory, each after the one that it lies in.
    var directories: [FrozenInode] {
        var (found, next) = ([FrozenInode](), [root])
        while let directory = next.popLast() {
            found.append(directory)
            next += directory.names.compactMap(\.child).filter { $0.content.entry.type == .directory }
        }
        return found
    }

    /// Changed directories by the names that lead to them.
    var directoriesByPlace: [Place: InodeNumber] {
        var found: [Place: InodeNumber] = [:]
        for directory in directories {
            for name in directory.names {
                guard let child = name.child, child.content.entry.type == .directory else { continue }
                found[Place(parent: directory.inode.number, name: name.name)] = child.inode.number
            }
        }
        return found
    }

    /// What was made of the changed names; nil where one is gone.
    var madeByPlace: [Place: Entry?] {
        var found: [Place: Entry?] = [:]
        for directory in directories {
            for name in directory.names {
                found.updateValue(name.made, forKey: Place(parent: directory.inode.number, name: name.name))
            }
        }
        return found
    }

    /// Whether something is brought to where the drive has nothing of it that may have names of groups that are gone: others have taken
    /// it away, or have changed it, before it was moved here.
    var bringsBack: Bool {
        let (directories, replaced) = (directories, Set(directories.flatMap { $0.names.compactMap(\.replaced) }))
        return directories.contains { directory in
            guard directory.isPutBack, case .directory(let tree) = directory.content.entry.content else { return false }
            return !replaced.contains(tree)
        }
    }

    /// Files that were left out of what was made of it.
    var leftOut: [FrozenInode] {
        linked.values.filter { $0.result == nil } + directories.flatMap { $0.leftOut.compactMap(\.child) }
    }

    /// Every changed inode, each once.
    var inodes: [FrozenInode] {
        var found = Array(linked.values)
        var next = [root]
        while let inode = next.popLast() {
            found.append(inode)
            next += inode.names.compactMap(\.child)
        }
        return found
    }
}

/// A changed inode at that moment, and, of a directory, its changed names.
final class FrozenInode: @unchecked Sendable {  // made under the table's lock, and then one commit's alone
    let inode: Inode
    let content: InodeContent
    /// Its bytes, where any were written.
    let bytes: FrozenFile?
    fileprivate(set) var names: [FrozenName] = []
    /// Names that are not among them any more, since what they stand for cannot be read.
    private(set) var leftOut: [FrozenName] = []
    /// Of what has several names: where those are, or were, that are known; each from the root on.
    fileprivate(set) var paths: [[[UInt8]]] = []
    /// Of a directory that was made here and elsewhere: the names that the drive had in it.
    var taken: [[UInt8]] = []
    /// Of a directory that the drive has not where it is here: whether what was in it before is brought there.
    var isPutBack = false
    /// Of a group: what the drive had before, as far as others have not changed it.
    var before: Entry?
    /// What the commit has made of it.
    var result: Entry?

    init(_ inode: Inode, bytes: FrozenFile?) {
        self.inode = inode
        content = inode.content
        self.bytes = bytes
    }

    /// The names stay changed, whatever becomes of the commit.
    func leaveOut(_ unread: [FrozenName]) {
        guard !unread.isEmpty else { return }
        let unreadNames = Set(unread.map(\.name))
        names.removeAll { unreadNames.contains($0.name) }
        leftOut = unread
    }
}

/// A changed name at that moment.
final class FrozenName: @unchecked Sendable {  // as above
    let name: [UInt8]
    let edit: NameEdit
    /// Nil where the name is gone, or is one of several.
    let child: FrozenInode?
    /// Set for one of several names.
    let group: LinkGroup?
    /// What the drive had before, as far as others have not changed it.
    var before: Entry?
    /// What the commit has made of it; nil where it is gone.
    var made: Entry?
    /// Whether others have made this directory, too: the next attempt has to find out anew what is in it.
    var isShared = false
    /// What the drive has there, where that is a directory that has another name here, or is gone.
    var replaced: TreeRoot?

    init(name: [UInt8], edit: NameEdit, child: FrozenInode?, group: LinkGroup?) {
        self.name = name
        self.edit = edit
        self.child = child
        self.group = group
    }
}

extension MountedDrive {
    /// Nil where nothing is changed.
    func freeze() -> FrozenTree? {
        changing.lock()
        defer { changing.unlock() }
        return with { state in
            guard let root = state.table[.root] else { return nil }
            guard root.content.revision != nil || !state.changedGroups.isEmpty else { return nil }
            let linked = state.changedGroups.mapValues { inode in
                let result = frozen(inode)
                // What an earlier mount has changed may have no known name yet.
                result.paths = ([inode.place] + inode.otherPlaces).map { path(of: $0, state) }.filter {
                    !$0.contains([])
                }
                return result
            }
            return FrozenTree(revision: state.revision, root: frozenDirectory(root), linked: linked)
        }
    }

    /// With all that is changed below it, however deep.
    private func frozenDirectory(_ root: Inode) -> FrozenInode {
        let result = FrozenInode(root, bytes: nil)
        var next = [(root, result)]
        while let (inode, directory) = next.popLast() {
            directory.names = inode.edits.map { name, edit in
                guard let child = edit.inode else { return FrozenName(name: name, edit: edit, child: nil, group: nil) }
                if let group = child.content.group {
                    return FrozenName(name: name, edit: edit, child: nil, group: group)
                }
                guard child.content.entry.type == .directory else {
                    return FrozenName(name: name, edit: edit, child: frozen(child), group: nil)
                }
                let below = FrozenInode(child, bytes: nil)
                next.append((child, below))
                return FrozenName(name: name, edit: edit, child: below, group: nil)
            }
        }
        return result
    }

    private func frozen(_ inode: Inode) -> FrozenInode {
        let frozen = FrozenInode(inode, bytes: inode.content.file.map { cache.freeze($0) })
        // From here on it counts anew how far the file is cut off.
        inode.content.lowestSize = .max
        return frozen
    }
}
