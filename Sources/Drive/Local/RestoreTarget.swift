internal import DriveFormat
internal import SystemPackage

/// A file that is being written, a further name that waits for the first, or a directory that gets its times when
/// everything in it has been.
struct RestoreTarget {
    let item: RestoreWalk.Item
    let temporary: [UInt8]
    /// Opened when its first chunk is there: of all that wait, one at a time is open.
    var file: LocalFile?
    /// All of a small file, which is written in one go.
    var bytes: [UInt8]?
    /// Where the chunks go, in order.
    var places: [UInt64] = []
    var written = 0
    var isListed = false
    var isFurtherName = false
    /// Its disk failed: its chunks are dropped as they come.
    var failure: Errno?

    var parent: LocalFile { item.parent }
    var entry: Entry { item.entry }
}

/// A target that has all its bytes.
struct WholeTarget {
    let target: RestoreTarget
    let extended: [Attribute]

    /// Completes these one after another; what fails leaves nothing behind.
    static func complete(_ files: ArraySlice<WholeTarget>, replacing: Bool) -> [Result<RefusedAttributes, Errno>] {
        files.map { file in
            Result { () throws(Errno) in
                do throws(Errno) { return try file.complete(replacing: replacing) } catch {
                    try? file.target.parent.remove(named: file.target.temporary)
                    throw error
                }
            }
        }
    }

    /// Writes a file, if that has not been done yet, and gives it its name.
    ///
    /// - Returns: which of its attributes the file system refused.
    private func complete(replacing: Bool) throws(Errno) -> RefusedAttributes {
        if let failure = target.failure { throw failure }
        let (parent, name, temporary) = (target.parent, target.item.name, target.temporary)
        let file: LocalFile
        if let opened = target.file { file = opened } else { file = try parent.createFile(named: temporary) }
        if let bytes = target.bytes { try file.write(bytes, at: 0) }
        if UInt64(target.bytes?.count ?? 0) != target.entry.size { try file.setSize(target.entry.size) }
        // After power loss there must be what was there before, or what takes its place. A file that takes nobody's is not
        // waited for: the drive still has it.
        if replacing, try parent.has(name) { try file.sync() }
        var refused = parent.setAttributes(of: file, named: temporary, target.entry, extended: extended)
        // Before the name, which says that it is whole, and the times, which a late write would change.
        try file.close()
        do { try parent.setTimes(of: temporary, modified: target.entry.modified) } catch { refused.note(error) }
        try parent.rename(temporary, to: name, replacing: replacing)
        return refused
    }
}

/// The targets that wait, first in, first out.
struct RestoreQueue {
    private var targets: [RestoreTarget] = []
    private var start = 0

    var first: RestoreTarget? { start < targets.count ? targets[start] : nil }
    var last: RestoreTarget? { start < targets.count ? targets.last : nil }
    mutating func append(_ target: RestoreTarget) { targets.append(target) }
    mutating func removeLast() { targets.removeLast() }

    mutating func modifyFirst(_ body: (inout RestoreTarget) -> Void) { body(&targets[start]) }

    mutating func modifyLast(_ body: (inout RestoreTarget) -> Void) {
        guard start < targets.count else { return }
        body(&targets[targets.count - 1])
    }

    mutating func removeFirst() {
        start += 1
        guard start * 2 >= targets.count else { return }
        targets.removeFirst(start)
        start = 0
    }
}
