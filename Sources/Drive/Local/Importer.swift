internal import BlobStore
internal import DriveFormat
internal import Primitives
internal import SCALE
internal import Sealing
internal import SystemPackage

/// Reads files and directories of this machine into the spool: contents as chunks, directories as trees. What cannot be
/// read is named in the report, and the rest is stored.
///
/// Memory: a few chunks, the names of the directories on the way, and what `HardLinks` remembers.
actor Importer {
    private let trees: DriveTrees
    private let spool: Spool
    private let keys: DriveKeys
    /// The link groups that the drive has.
    private let groups: TreeRoot?
    private let contents: ContentWriter.Store
    private let owners = OwnerNames()
    private let disk = BlockingQueue("sources")
    /// Reads half of the small files.
    private let otherDisk = BlockingQueue("other-sources")
    private let observer: StoreObserver
    private(set) var report = TransferReport()
    private(set) var links = HardLinks()
    /// What the names that were stored change.
    private(set) var counts: LinkCounts

    /// - Parameter groups: the tree of link groups of what the change is made on.
    init(
        trees: DriveTrees, groups: TreeRoot?, spool: Spool, keys: DriveKeys, observer: @escaping StoreObserver
    ) {
        self.groups = groups
        counts = LinkCounts(trees)
        self.trees = trees
        self.spool = spool
        self.keys = keys
        self.observer = observer
        contents = ContentWriter.Store(trees: trees, spool: spool, keys: keys)
    }

    // MARK: Entries

    /// Stores what is at a path of this machine. A link at the path itself is stored as a link, unless a trailing slash asks
    /// for the directory that it leads to.
    ///
    /// - Parameters:
    ///   - target: where this will go.
    ///   - existing: what the drive has there; directories are merged with it.
    /// - Returns: nil if it could not be read; the report says why.
    func entry(at path: [UInt8], to target: DrivePath, replacing existing: Entry?) async throws -> Entry? {
        let place = DrivePlace.at(target)
        do {
            let (directory, name) = Self.namesDirectory(path) ? (path, Array(".".utf8)) : Self.split(path)
            let parent = try await disk.run { try LocalFile.openDirectory(directory) }
            // `dir/.` and `/` name a directory by itself.
            guard name != Array(".".utf8) else {
                return try await directoryEntry(
                    parent, status: try parent.status(), path: path, to: place, replacing: existing)
            }
            let status = try await disk.run { try parent.status(of: name) }
            let stored = try await entry(
                named: name, in: parent, status: status, path: path, to: place, replacing: existing)
            if let stored { counts.replace(existing, by: stored) }
            return stored
        } catch let error as Errno {
            fail(path, error)
            return nil
        }
    }

    /// The bytes of a stream that has no place on this machine.
    func entry(
        ofStream read: @escaping @Sendable (Int) async throws -> [UInt8], mode: UInt16
    ) async throws -> Entry {
        let now = Timestamp.now
        var entry = Entry(
            type: .file, mode: mode, owner: .current, group: .currentGroup, modified: now, changed: now)
        var writer = contentWriter()
        while true {
            let more = try await read(writer.room)
            if more.isEmpty { break }
            try await writer.append(more)
        }
        (entry.content, entry.size) = try await writer.finish()
        report.files += 1
        return entry
    }

    private func entry(
        named name: [UInt8], in directory: LocalFile, status: LocalStatus, path: [UInt8], to place: DrivePlace?,
        replacing existing: Entry?
    ) async throws -> Entry? {
        do {
            if status.type == .directory {
                let opened = try await disk.run { try directory.openDirectory(named: name) }
                return try await directoryEntry(opened, status: status, path: path, to: place, replacing: existing)
            }
            if status.linkCount > 1, let group = try links.group(ofFurther: status) {
                let isUnchanged = existing?.linkGroup == group
                if status.type == .file, isUnchanged { report.unchanged += 1 }
                if status.type == .file, !isUnchanged { report.files += 1 }
                return isUnchanged ? existing : Entry(status.type, in: group)
            }
            // A name whose group is missing is stored anew.
            var former = existing
            if let name = existing, name.linkGroup != nil {
                former = try await trees.inode(of: name, in: groups)?.entry
            }
            let (entry, read) = try await inode(named: name, in: directory, status, path, former)
            // The root is no file.
            guard read.linkCount > 1, let place else { return entry }
            let group = entry == former ? existing?.linkGroup : nil
            links.note(entry, read, at: place, in: group)
            return group == nil ? entry : existing
        } catch let error as Errno {
            fail(path, error)
            return nil
        }
    }

    /// What is no directory, and the status that it had when it was read.
    private func inode(
        named name: [UInt8], in directory: LocalFile, _ status: LocalStatus, _ path: [UInt8], _ former: Entry?
    ) async throws -> (Entry, LocalStatus) {
        if let former, former.isUnchanged(status) {
            if status.type == .file { report.unchanged += 1 }
            var entry = standardAttributes(status)
            entry.size = former.size
            entry.content = former.content
            entry.attributes = former.attributes
            return (entry, status)
        }
        if status.type == .file {
            let file = try await disk.run { try directory.openFile(named: name) }
            return try await fileEntry(file, path: path)
        }
        let (settled, found, target) = try await disk.run {
            let settled = try directory.settledStatus(of: name)
            let target = settled.type == .symlink ? try directory.linkTarget(of: name) : []
            return (settled, directory.attributes(of: name), target)
        }
        guard settled.type == status.type else { throw Errno.invalidArgument }
        var entry = standardAttributes(settled)
        switch settled.type {
        case .symlink: entry.content = .inline(target)
        case .characterDevice, .blockDevice:
            entry.content = .device(major: Self.major(settled.device), minor: Self.minor(settled.device))
        default: break
        }
        entry.attributes = try await store(found, of: path)
        return (entry, settled)
    }

    private func standardAttributes(_ status: LocalStatus) -> Entry {
        Entry(
            type: status.type, mode: status.mode, owner: owners.user(status.uid), group: owners.group(status.gid),
            modified: status.modified, changed: status.changed)
    }

    /// Extended attributes as they stand in an entry; those that could not be read are named.
    private func store(_ found: LocalAttributes, of path: [UInt8]) async throws -> Attributes {
        for (name, error) in found.unreadable {
            let which = name.map { "attribute \(String(decoding: $0, as: UTF8.self))" } ?? "attributes"
            report.failures.append(.init(path: path, reason: "stored, but not its \(which): \(error.description)"))
        }
        guard !found.attributes.isEmpty else { return .none }
        guard let list = AttributeList(found.attributes) else {
            report.failures.append(.init(path: path, reason: "stored, but not its attributes: there are too many"))
            return .none
        }
        return try await BlobWriter(spool: spool, keys: keys).store(list)
    }

    private func fail(_ path: [UInt8], _ error: Errno) {
        report.failures.append(.init(path: path, reason: error.description))
    }

    // MARK: Directories

    private func directoryEntry(
        _ directory: LocalFile, status: LocalStatus, path: [UInt8], to place: DrivePlace?, replacing existing: Entry?
    ) async throws -> Entry {
        report.directories += 1
        let isUnchanged = existing?.isUnchanged(status) ?? false
        let (settled, found, names) = try await disk.run {
            if isUnchanged { return (status, LocalAttributes(), try directory.names()) }
            return (try directory.settledStatus(), directory.attributes(), try directory.names())
        }
        let base = existing?.directory
        var former = FormerEntries(of: base, in: trees.directories)
        var edits: [ProllyEdit] = []
        for start in stride(from: 0, to: names.count, by: Self.batchCount) {
            var children = try await look(at: names[start..<min(names.count, start + Self.batchCount)], in: directory)
            for index in children.indices {
                children[index].former = try await former.entry(named: children[index].name)
            }
            for index in children.indices {
                try Task.checkCancellation()
                if children[index].isSmall, children[index].content == nil {
                    try await read(&children[index...], in: directory)
                }
                let child = children[index]
                // What it held is in its entry now, or in the spool.
                children[index].content = nil
                let childPath = path + (Self.namesDirectory(path) ? [] : [UInt8(ascii: "/")]) + child.name
                do {
                    let entry = try await entry(of: child, in: directory, path: childPath, to: place)
                    guard let entry, entry != child.former else { continue }
                    edits.append(ProllyEdit(key: child.name, value: entry.scaleBytes))
                    counts.replace(child.former, by: entry)
                } catch let error as Errno {
                    fail(childPath, error)
                }
            }
        }
        var entry = standardAttributes(settled)
        entry.attributes = try await isUnchanged ? existing?.attributes ?? .none : store(found, of: path)
        if let base {
            entry.content = .directory(edits.isEmpty ? base : try await trees.directories.apply(edits, to: base))
        } else {
            let entries = edits.map { ProllyEntry(key: $0.key, value: $0.value ?? []) }
            entry.content = .directory(try await trees.directories.build(entries))
        }
        return entry
    }

    // MARK: Small files

    /// Names of a directory that are looked at together, and what small files of them may hold together.
    private static let batchCount = 128
    private static let batchByteCount = 8 << 20

    /// A name in a directory of this machine, and what the drive has under it.
    private struct Child: Sendable {
        let name: [UInt8]
        let status: Result<LocalStatus, Errno>
        var former: Entry?
        /// Of a small file, once that has been read; a success without one if it has to be read by itself.
        var content: Result<SmallFile?, Errno>?

        /// Whether it is read together with others.
        var isSmall: Bool {
            guard let status = try? status.get() else { return false }
            return status.type == .file && status.size <= UInt64(SmallFile.byteLimit) && status.linkCount == 1
                && former.map { $0.type != .directory && $0.linkGroup == nil && !$0.isUnchanged(status) } ?? true
        }

        /// Whether something of it may have to lie before what comes after it.
        var isStoredByItself: Bool {
            guard let status = try? status.get(), !isSmall else { return false }
            return status.type == .directory
                || status.type == .file && status.linkCount == 1 && former?.isUnchanged(status) != true
        }
    }

    private func look(at names: ArraySlice<[UInt8]>, in directory: LocalFile) async throws -> [Child] {
        try await disk.run {
            names.map { name in
                Child(name: name, status: Result { () throws(Errno) in try directory.status(of: name) })
            }
        }
    }

    /// Reads small files from the first child on, two at a time, and stores their contents in order. Small files behind
    /// something that is stored by itself have to wait.
    private func read(_ children: inout ArraySlice<Child>, in directory: LocalFile) async throws {
        var small: [Int] = []
        var byteCount: UInt64 = 0
        for (index, child) in zip(children.indices, children) {
            if child.isStoredByItself || byteCount >= Self.batchByteCount { break }
            guard child.isSmall, child.content == nil, let size = try? child.status.get().size else { continue }
            small.append(index)
            byteCount += size
        }
        let (names, keys) = (small.map { children[$0].name }, keys)
        let half = names.count / 2
        async let others = otherDisk.run {
            names[..<half].map { name in
                Result { () throws(Errno) in try SmallFile(named: name, in: directory, keys: keys) }
            }
        }
        let last = try await disk.run {
            names[half...].map { name in
                Result { () throws(Errno) in try SmallFile(named: name, in: directory, keys: keys) }
            }
        }
        let contents = try await others + last
        for (index, content) in zip(small, contents) { children[index].content = .some(content) }
        try await spool.append(contents.compactMap { try? $0.get()?.chunk })
    }

    private func entry(
        of child: Child, in directory: LocalFile, path: [UInt8], to place: DrivePlace?
    ) async throws -> Entry? {
        let status = try child.status.get()
        // Equal names are replaced, but nothing is deleted.
        guard child.former?.type != .directory || status.type == .directory else {
            report.failures.append(.init(path: path, reason: "the drive has a directory there"))
            return nil
        }
        guard let small = try child.content?.get() else {
            return try await entry(
                named: child.name, in: directory, status: status, path: path, to: DrivePlace(child.name, in: place),
                replacing: child.former)
        }
        var entry = standardAttributes(small.status)
        entry.size = small.status.size
        entry.content = small.content
        entry.attributes = try await store(small.attributes, of: path)
        report.files += 1
        report.bytes += entry.size
        observer(.staging(read: Int(clamping: report.bytes), sealed: await spool.sealedBytes))
        return entry
    }

    // MARK: Files

    /// A file that changes while it is read is read again, and named if it changes then, too.
    private func fileEntry(_ file: LocalFile, path: [UInt8]) async throws -> (Entry, LocalStatus) {
        let before = report.bytes
        for isLast in [false, true] {
            let (status, found) = try await disk.run { (try file.settledStatus(), file.attributes()) }
            guard status.type == .file else { throw Errno.invalidArgument }
            report.bytes = before
            var entry = try await content(of: file, status)
            let after = try await disk.run { try file.status() }
            let isSame =
                after.size == status.size && after.modified == status.modified && after.changed == status.changed
            guard isSame || isLast else { continue }
            report.files += 1
            if !isSame { report.failures.append(.init(path: path, reason: "it changed while it was read")) }
            entry.attributes = try await store(found, of: path)
            return (entry, status)
        }
        preconditionFailure("the last attempt returns")
    }

    private func content(of file: LocalFile, _ status: LocalStatus) async throws -> Entry {
        var entry = standardAttributes(status)
        if status.size <= UInt64(Content.inlineByteLimit) {
            let bytes = try await disk.run { try file.read(Content.inlineByteLimit, at: 0) }
            entry.size = UInt64(bytes.count)
            entry.content = bytes.isEmpty ? .none : .inline(bytes)
            report.bytes += entry.size
            return entry
        }
        let extents = try await disk.run { try file.extents(size: status.size) }
        var writer = contentWriter()
        for extent in extents {
            if extent.isHole {
                try await writer.append(hole: UInt64(extent.range.count))
            } else {
                let isComplete = try await read(extent.range, of: file, into: &writer)
                if !isComplete { break }  // it has become shorter while it was read
            }
        }
        (entry.content, entry.size) = try await writer.finish()
        return entry
    }

    /// - Returns: whether all of the range was there.
    private func read(_ range: Range<UInt64>, of file: LocalFile, into writer: inout ContentWriter) async throws -> Bool
    {
        var position = range.lowerBound
        while position < range.upperBound {
            let (at, wanted) = (position, Int(min(UInt64(writer.room), range.upperBound - position)))
            let next = try await disk.run { try file.read(wanted, at: at) }
            position += UInt64(next.count)
            try await writer.append(next)
            if next.count < wanted { break }
        }
        try await writer.endRun()
        return position == range.upperBound
    }

    private func contentWriter() -> ContentWriter {
        ContentWriter(contents) { [self] in await noteStored($0) }
    }

    private func noteStored(_ byteCount: Int) async {
        report.bytes += UInt64(byteCount)
        observer(.staging(read: Int(clamping: report.bytes), sealed: await spool.sealedBytes))
    }

    // MARK: Parts

    /// Whether a path ends with a slash: only a directory, or a link to one, is meant.
    private static func namesDirectory(_ path: [UInt8]) -> Bool { path.last == UInt8(ascii: "/") }

    /// A path's directory and its last name, `.` where it names a directory by itself.
    static func split(_ path: [UInt8]) -> (directory: [UInt8], name: [UInt8]) {
        let slash = UInt8(ascii: "/")
        var trimmed = path[...]
        while trimmed.count > 1, trimmed.last == slash { trimmed = trimmed.dropLast() }
        let dot = Array(".".utf8)
        let isUpwards = trimmed.split(separator: slash).last == Array("..".utf8)[...]
        if trimmed == [slash] || isUpwards || Array(trimmed) == dot {
            return (Array(trimmed), dot)
        }
        guard let last = trimmed.lastIndex(of: slash) else { return (dot, Array(trimmed)) }
        return (last == 0 ? [slash] : Array(trimmed[..<last]), Array(trimmed[(last + 1)...]))
    }

    private static func major(_ device: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: (device >> 8) & 0xfff | (device >> 32) & 0xffff_f000)
    }

    private static func minor(_ device: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: device & 0xff | (device >> 12) & 0xffff_ff00)
    }
}
