public import BlobStore
public import DriveFormat
internal import FUSE
internal import Foundation
internal import LocalCache
internal import Synchronization

/// How a mount stands.
public struct MountStatus: Sendable {
    public let isReadOnly: Bool
    /// Whether it is unmounted, and what was changed is still on its way.
    public let isEnding: Bool
    /// What is not in the drive yet, by path: not all where it is much.
    public let changes: [LocalChange]
    public let changeCount: Int
    /// Bytes that were written and are in no commit.
    public let dirtyByteCount: UInt64
    /// What its cache takes on the disk.
    public let cacheByteCount: UInt64
    public let commitCount: Int
    public let lastCommit: (id: String, time: Timestamp)?
    /// Why the last attempt to commit has failed; nil where it has not.
    public let failure: String?
    /// Until the next commit; nil for a mount that makes none.
    public let untilNextCommit: Duration?
    /// So much of the territory this mount's commits have taken, in bytes, and in what time.
    public let takenByteCount: UInt64
    public let uptime: Duration
}

/// Something that was changed in a mount and is not in the drive yet.
public struct LocalChange: Sendable {
    /// Below the mount point.
    public let path: [UInt8]
    public let byteCount: UInt64
    /// Whether it is gone.
    public let isRemoved: Bool
    /// How far a commit has it; nil where it is on this machine alone.
    public let stage: Stage?
}

extension Mount {
    /// - Parameter limit: of changes that are named.
    public func status(limit: Int) -> MountStatus {
        let state = committing.withLock {
            (last: $0.last, count: $0.count, failure: $0.failure, taken: $0.takenByteCount, next: $0.next)
        }
        let (changes, count) = mounted.changes(limit: limit)
        return MountStatus(
            isReadOnly: options.isReadOnly, isEnding: isEnding, changes: changes, changeCount: count,
            dirtyByteCount: mounted.cache.dirtyByteCount, cacheByteCount: mounted.cache.byteCount,
            commitCount: state.count, lastCommit: state.last.map { ($0.commit, $0.time) }, failure: state.failure,
            untilNextCommit: options.isReadOnly
                ? nil : max(.zero, (state.next ?? started + options.commitInterval) - .now),
            takenByteCount: state.taken, uptime: .now - started)
    }
}

extension MountedDrive {
    /// What is not in the drive yet: what is in a directory in the order of the names.
    func changes(limit: Int) -> (changes: [LocalChange], count: Int) {
        changing.lock()
        defer { changing.unlock() }
        let committing = with(\.committing)
        var (changes, count): ([LocalChange], Int) = ([], 0)
        var listed: Set<InodeNumber> = []
        func add(_ path: [UInt8], _ inode: Inode?, _ revision: UInt64) {
            count += 1
            guard changes.count < limit else { return }
            let content = inode?.content
            changes.append(
                LocalChange(
                    path: path, byteCount: content?.entry.type == .file ? content?.size ?? 0 : 0,
                    isRemoved: inode == nil,
                    stage: committing.stage(of: revision)))
        }
        func walk(_ root: Inode) {
            var next: [(directory: Inode, path: [UInt8])] = [(root, [])]
            while let (directory, above) = next.popLast() {
                var below: [(directory: Inode, path: [UInt8])] = []
                for (name, edit) in directory.edits.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                    let path = above.isEmpty ? name : above + [UInt8(ascii: "/")] + name
                    guard let inode = edit.inode else {
                        if edit.inDrive != .nothing { add(path, nil, edit.revision) }
                        continue
                    }
                    listed.insert(inode.number)
                    let isOther = inode.content.entry.type != .directory
                    let isChanged = inode.content.revision != nil
                    // A directory with changed names is changed for their sake.
                    if isOther
                        ? isChanged : !edit.isSame || isChanged && !inode.edits.values.contains(where: \.isOfNote)
                    {
                        add(path, inode, max(edit.revision, inode.content.revision ?? 0))
                    }
                    below.append((inode, path))
                }
                next += below.reversed()
            }
        }
        with { state in
            if let root = state.table[.root] {
                walk(root)
                if root.content.revision != nil, !root.edits.values.contains(where: \.isOfNote) {
                    add([UInt8(ascii: ".")], root, root.content.revision ?? 0)
                }
            }
            // One of several names was not changed itself.
            for inode in state.changedGroups.values where !listed.contains(inode.number) {
                let path = Array(path(of: inode.place, state).joined(separator: [UInt8(ascii: "/")]))
                add(path, inode, inode.content.revision ?? 0)
            }
        }
        return (changes, count)
    }

    /// From the root on, as far as that is known.
    func path(of place: Place, _ state: State) -> [[UInt8]] {
        var (names, place) = ([place.name], place)
        while place.parent != .root, let parent = state.table[place.parent], names.count < 4096 {
            place = parent.place
            names.append(place.name)
        }
        return names.reversed()
    }
}

extension NameEdit {
    /// Not where what had the name has come and gone.
    fileprivate var isOfNote: Bool { inode != nil || inDrive != .nothing }
}

/// A commit that is being made of a mount's changes.
struct UnderWay {
    /// The last change in it.
    let revision: UInt64
    /// How far it has come; nil before it is staged.
    var stage: Stage?
}

extension UnderWay? {
    /// How far a change has come; nil where it is on this machine alone.
    ///
    /// - Parameter revision: its number; nil for what is in the drive.
    func stage(of revision: UInt64?) -> Stage? {
        guard let revision else { return .complete }
        return flatMap { revision <= $0.revision ? $0.stage : nil }
    }
}
