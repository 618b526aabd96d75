internal import BlobStore
internal import Chunking
internal import DriveFormat
internal import Primitives
internal import SCALE
internal import Sealing
internal import SystemPackage

/// Reads files and directories of this machine into the spool: contents as chunks, directories as trees. What cannot be
/// read is named in the report, and the rest is stored.
///
/// Memory: a few chunks, and the names of the directories on the way.
actor Importer {
    /// Small files whose chunks are being named and compressed at once.
    private static let parallel = 4
    private static let windowByteCount = 2 * Chunker.maximumByteCount

    private let trees: DriveTrees
    private let spool: Spool
    private let keys: DriveKeys
    private let chunker: Chunker
    private let owners = OwnerNames()
    private let disk = BlockingQueue("sources")
    private let observer: StoreObserver
    private(set) var report = TransferReport()

    init(trees: DriveTrees, spool: Spool, keys: DriveKeys, observer: @escaping StoreObserver) {
        self.trees = trees
        self.spool = spool
        self.keys = keys
        self.observer = observer
        chunker = Chunker(seed: keys.chunkerSeed)
    }

    // MARK: Entries

    /// Stores what is at a path of this machine. A link at the path itself is stored as a link, unless a trailing slash asks
    /// for the directory that it leads to.
    ///
    /// - Parameter existing: what the drive has where this will go; directories are merged with it.
    /// - Returns: nil if it could not be read; the report says why.
    func entry(at path: [UInt8], replacing existing: Entry?) async throws -> Entry? {
        do {
            let (directory, name) = Self.namesDirectory(path) ? (path, Array(".".utf8)) : Self.split(path)
            let parent = try await disk.run { try LocalFile.openDirectory(directory) }
            // `dir/.` and `/` name a directory by itself.
            guard name != Array(".".utf8) else {
                return try await directoryEntry(parent, status: try parent.status(), path: path, replacing: existing)
            }
            let status = try await disk.run { try parent.status(of: name) }
            return try await entry(named: name, in: parent, status: status, path: path, replacing: existing)
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
        var chunks = ChunkList(in: trees.chunkLists)
        var window: [UInt8] = []
        var isAtEnd = false
        while true {
            while !isAtEnd, window.count < Self.windowByteCount {
                let more = try await read(Self.windowByteCount - window.count)
                isAtEnd = more.isEmpty
                window += more
            }
            if chunks.isEmpty, isAtEnd, window.count <= Content.inlineByteLimit {
                entry.size = UInt64(window.count)
                entry.content = window.isEmpty ? .none : .inline(window)
                report.files += 1
                report.bytes += entry.size
                return entry
            }
            try await storeChunks(of: &window, isLast: isAtEnd, into: &chunks)
            if isAtEnd { break }
        }
        entry.size = chunks.byteCount
        entry.content = try await chunks.finish()
        report.files += 1
        return entry
    }

    private func entry(
        named name: [UInt8], in directory: LocalFile, status: LocalStatus, path: [UInt8], replacing existing: Entry?
    ) async throws -> Entry? {
        do {
            switch status.type {
            case .directory:
                let opened = try await disk.run { try directory.openDirectory(named: name) }
                return try await directoryEntry(opened, status: status, path: path, replacing: existing)
            case .file:
                if let existing, Self.isUnchanged(existing, status) {
                    report.unchanged += 1
                    var entry = attributes(status)
                    entry.size = existing.size
                    entry.content = existing.content
                    return entry
                }
                let file = try await disk.run { try directory.openFile(named: name) }
                return try await fileEntry(file, path: path)
            case .symlink:
                var entry = attributes(status)
                let target = try await disk.run { try directory.linkTarget(of: name) }
                entry.content = .inline(target)
                return entry
            case .characterDevice, .blockDevice:
                var entry = attributes(status)
                entry.content = .device(major: Self.major(status.device), minor: Self.minor(status.device))
                return entry
            case .fifo, .socket: return attributes(status)
            }
        } catch let error as Errno {
            fail(path, error)
            return nil
        }
    }

    private func attributes(_ status: LocalStatus) -> Entry {
        Entry(
            type: status.type, mode: status.mode, owner: owners.user(status.uid), group: owners.group(status.gid),
            modified: status.modified, changed: status.changed)
    }

    /// Size and both times are those of the last `put`: the kernel changes the second with every write.
    private static func isUnchanged(_ existing: Entry, _ status: LocalStatus) -> Bool {
        existing.type == .file && existing.size == status.size && existing.modified == status.modified
            && existing.changed == status.changed
    }

    private func fail(_ path: [UInt8], _ error: Errno) {
        report.failures.append(.init(path: path, reason: error.description))
    }

    // MARK: Directories

    private func directoryEntry(
        _ directory: LocalFile, status: LocalStatus, path: [UInt8], replacing existing: Entry?
    ) async throws -> Entry {
        report.directories += 1
        let names = try await disk.run { try directory.names() }
        var base: TreeRoot?
        if case .directory(let tree)? = existing?.content { base = tree }
        var former = FormerEntries(of: base, in: trees.directories)
        var edits: [ProllyEdit] = []
        for name in names {
            try Task.checkCancellation()
            let childPath = path + (Self.namesDirectory(path) ? [] : [UInt8(ascii: "/")]) + name
            do {
                let status = try await disk.run { try directory.status(of: name) }
                let child = try await former.entry(named: name)
                // Equal names are replaced, but nothing is deleted.
                guard child?.type != .directory || status.type == .directory else {
                    report.failures.append(.init(path: childPath, reason: "the drive has a directory there"))
                    continue
                }
                let entry = try await entry(
                    named: name, in: directory, status: status, path: childPath, replacing: child)
                if let entry, entry != child { edits.append(ProllyEdit(key: name, value: entry.scaleBytes)) }
            } catch let error as Errno {
                fail(childPath, error)
            }
        }
        var entry = attributes(status)
        if let base {
            entry.content = .directory(edits.isEmpty ? base : try await trees.directories.apply(edits, to: base))
        } else {
            let entries = edits.map { ProllyEntry(key: $0.key, value: $0.value ?? []) }
            entry.content = .directory(try await trees.directories.build(entries))
        }
        return entry
    }

    // MARK: Files

    /// A file that changes while it is read is read again, and named if it changes then, too.
    private func fileEntry(_ file: LocalFile, path: [UInt8]) async throws -> Entry {
        let before = report.bytes
        for isLast in [false, true] {
            let status = try await disk.run { try file.settledStatus() }
            guard status.type == .file else { throw Errno.invalidArgument }
            report.bytes = before
            let entry = try await entry(of: file, status)
            let after = try await disk.run { try file.status() }
            let isSame =
                after.size == status.size && after.modified == status.modified && after.changed == status.changed
            guard isSame || isLast else { continue }
            report.files += 1
            if !isSame { report.failures.append(.init(path: path, reason: "it changed while it was read")) }
            return entry
        }
        preconditionFailure("the last attempt returns")
    }

    private func entry(of file: LocalFile, _ status: LocalStatus) async throws -> Entry {
        var entry = attributes(status)
        if status.size <= UInt64(Content.inlineByteLimit) {
            let bytes = try await disk.run { try file.read(Content.inlineByteLimit, at: 0) }
            entry.size = UInt64(bytes.count)
            entry.content = bytes.isEmpty ? .none : .inline(bytes)
            report.bytes += entry.size
            return entry
        }
        let extents = try await disk.run { try file.extents(size: status.size) }
        var chunks = ChunkList(in: trees.chunkLists)
        for extent in extents {
            if extent.isHole {
                try await chunks.append(.hole(UInt64(extent.range.count)))
            } else {
                let isComplete = try await store(extent.range, of: file, into: &chunks)
                if !isComplete { break }  // it has become shorter while it was read
            }
        }
        entry.size = chunks.byteCount
        entry.content = try await chunks.finish()
        return entry
    }

    /// Cuts a run of bytes and stores its chunks, in order; several are being named and compressed at once.
    ///
    /// - Returns: whether all of the range was there.
    private func store(_ range: Range<UInt64>, of file: LocalFile, into chunks: inout ChunkList) async throws -> Bool {
        var position = range.lowerBound
        var window: [UInt8] = []
        var isAtEnd = false
        while true {
            let wanted = min(UInt64(Self.windowByteCount - window.count), range.upperBound - position)
            if wanted > 0, window.count < Chunker.maximumByteCount, !isAtEnd {
                let at = position
                let next = try await disk.run { try file.read(Int(wanted), at: at) }
                position += UInt64(next.count)
                if UInt64(next.count) < wanted { isAtEnd = true }
                window += next
            }
            let isLast = isAtEnd || position == range.upperBound
            try await storeChunks(of: &window, isLast: isLast, into: &chunks)
            if isLast { return position == range.upperBound }
        }
    }

    /// Stores everything in the window that can be cut without reading on, and takes it away.
    private func storeChunks(of window: inout [UInt8], isLast: Bool, into chunks: inout ChunkList) async throws {
        var cuts: [Range<Int>] = []
        var start = 0
        while let length = chunker.cut(window.span.extracting(start..<window.count), isLast: isLast) {
            cuts.append(start..<start + length)
            start += length
        }
        try await store(window, cuts, into: &chunks)
        window.removeFirst(start)
    }

    private func store(_ window: [UInt8], _ cuts: [Range<Int>], into chunks: inout ChunkList) async throws {
        let keys = keys
        try await withThrowingTaskGroup(of: (Int, PreparedBlob).self) { group in
            var ready: [Int: PreparedBlob] = [:]
            var started = 0
            for index in cuts.indices {
                while started < min(cuts.count, index + Self.parallel) {
                    let (number, cut) = (started, cuts[started])
                    group.addTask { (number, PreparedBlob(Array(window[cut]), kind: .chunk, keys: keys, padded: true)) }
                    started += 1
                }
                while ready[index] == nil, let (number, blob) = try await group.next() { ready[number] = blob }
                guard let blob = ready.removeValue(forKey: index) else { throw CancellationError() }
                try await chunks.append(try await append(blob, byteCount: cuts[index].count))
            }
        }
    }

    private func append(_ blob: PreparedBlob, byteCount: Int) async throws -> ChunkKey {
        try await spool.append(blob)
        report.bytes += UInt64(byteCount)
        observer(.staging(read: Int(clamping: report.bytes), sealed: await spool.sealedBytes))
        return ChunkKey(id: blob.id, length: UInt64(byteCount))
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
