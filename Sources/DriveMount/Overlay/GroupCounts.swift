internal import DriveFormat
internal import FUSE

extension MountedDrive.State {
    /// Counts the names of changed link groups anew where the drive has gone on: its own, without what was taken away here, and with what
    /// was added.
    ///
    /// What was taken away in directories that the drive has elsewhere, or no more, is not taken off: a name too many is
    /// corrected by the next commit, one too few gives a file up that still has one. For the same reason it is at least
    /// one: what was changed here, and has lost all names by others, stays.
    ///
    /// - Complexity: O(changed names).
    func countNames() {
        guard !changedGroups.isEmpty, let root = table[.root] else { return }
        var counts = changedGroups.mapValues { Int($0.content.namesInDrive) }
        var next = [(directory: root, isInDrive: true)]
        while let (directory, isInDrive) = next.popLast() {
            for edit in directory.edits.values {
                if let group = edit.inode?.content.group { counts[group]? += 1 }
                if isInDrive, case .oneOf(let group) = edit.inDrive { counts[group]? -= 1 }
                guard let child = edit.inode, child.content.entry.type == .directory else { continue }
                next.append((child, isInDrive && edit.isSame && edit.inDrive == .directory))
            }
        }
        for (group, inode) in changedGroups { inode.content.linkCount = UInt32(clamping: max(1, counts[group] ?? 1)) }
    }
}
