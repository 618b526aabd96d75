internal import DriveFormat
internal import FUSE

extension MountedDrive.State {
    /// Directories with changed names, and the root; and whether the drive has each of them under the names that lead to it here.
    ///
    /// - Complexity: O(changed names).
    var changedDirectories: [(directory: Inode, isInDrive: Bool)] {
        var found: [(directory: Inode, isInDrive: Bool)] = []
        var next = table[.root].map { [(directory: $0, isInDrive: true)] } ?? []
        while let (directory, isInDrive) = next.popLast() {
            found.append((directory, isInDrive))
            for edit in directory.edits.values {
                guard let child = edit.inode, child.content.entry.type == .directory else { continue }
                next.append((child, isInDrive && edit.isSame && edit.inDrive == .directory))
            }
        }
        return found
    }

    /// Counts the names of changed link groups anew where the drive has gone on: its own, without what was taken away here, and with what
    /// was added.
    ///
    /// What was taken away in directories that the drive has elsewhere, or no more, is not taken off: a name too many is
    /// corrected by the next commit, one too few gives a file up that still has one. For the same reason it is at least
    /// one: what was changed here, and has lost all names by others, stays.
    func countNames() {
        guard !changedGroups.isEmpty else { return }
        var counts = changedGroups.mapValues { Int($0.content.namesInDrive) }
        for (directory, isInDrive) in changedDirectories {
            for edit in directory.edits.values {
                if let group = edit.inode?.content.group { counts[group]? += 1 }
                if isInDrive, case .oneOf(let group) = edit.inDrive { counts[group]? -= 1 }
            }
        }
        for (group, inode) in changedGroups { inode.content.linkCount = UInt32(clamping: max(1, counts[group] ?? 1)) }
    }
}
