internal import Drive
internal import DriveFormat
internal import FUSE
internal import LocalCache
internal import Foundation
internal import SystemPackage

/// A file's bytes as they were when somebody asked for them.
struct ReadableFile: Sendable {
    let inode: Inode
    let entry: Entry
    let size: UInt64
    let file: FileNumber?
    /// Where what the drive has ends.
    let baseEnd: UInt64
    let snapshot: Snapshot

    init(_ inode: Inode) {
        self.inode = inode
        entry = inode.content.entry
        size = inode.content.size
        file = inode.content.file ?? inode.used?.file
        baseEnd = min(entry.size, inode.content.baseLimit)
        snapshot = inode.view.snapshot
    }

    /// Whether its bytes are still where they were: a commit moves them.
    var isCurrent: Bool {
        file == inode.content.file ?? inode.used?.file && entry.content == inode.content.entry.content
    }
}

/// What of a range of a file is on this machine.
struct FoundBytes: Sendable {
    let file: ReadableFile
    /// Within the file.
    let range: Range<UInt64>
    /// Of the range; zeros where something is missing.
    let bytes: [UInt8]
    /// What has to be fetched.
    let missing: [Range<UInt64>]
}

extension MountedDrive {
    func read(_ number: InodeNumber, handle: UInt64, offset: UInt64, count: Int, _ reply: Reply<Bytes>) {
        let handle = with { state -> FileHandle? in
            let handle = state.files[handle]
            if !options.isReadOnly { handle?.inode.content.noteAccess() }
            return handle
        }
        guard let handle else { return reply.fail(.badFileDescriptor) }
        do {
            let found = try find(handle.inode, from: offset, count: UInt64(count))
            guard !found.range.isEmpty else { return reply(Bytes([])) }
            let distance = handle.walk.note(found.range)
            if found.missing.isEmpty {
                fetching.goAhead(of: found.range.upperBound, by: distance, found.file, handle.walk, self)
                return reply(Bytes(found.bytes))
            }
            later(reply) { Bytes(try await self.fetch(found, handle.walk, distance)) }
        } catch { reply.fail(Errno(error)) }
    }

    /// Bytes from wherever they are.
    func bytes(of found: FoundBytes, _ walk: ReadWalk) async throws -> [UInt8] {
        let distance = walk.note(found.range)
        return found.missing.isEmpty ? found.bytes : try await fetch(found, walk, distance)
    }

    /// Looks at a file where its bytes are. A commit moves them; what was looked at meanwhile is looked at anew.
    func whileCurrent<R>(_ inode: Inode, _ body: (ReadableFile) throws -> R) rethrows -> R {
        while true {
            let file = with { _ in ReadableFile(inode) }
            let result = try body(file)
            if with({ _ in file.isCurrent }) { return result }
        }
    }

    /// Reads what is on this machine of a file. Blocks.
    func find(_ inode: Inode, from offset: UInt64, count: UInt64) throws -> FoundBytes {
        try whileCurrent(inode) { file in
            let (end, isBeyond) = offset.addingReportingOverflow(count)
            let range = offset..<max(offset, min(isBeyond ? .max : end, file.size))
            var bytes = [UInt8](repeating: 0, count: range.count)
            let missing = range.isEmpty ? [] : try readHere(file, range, into: &bytes)
            return FoundBytes(file: file, range: range, bytes: bytes, missing: missing)
        }
    }

    /// Reads what is on this machine; what is nowhere is zero.
    ///
    /// - Returns: what has to be fetched.
    private func readHere(
        _ file: ReadableFile, _ range: Range<UInt64>, into bytes: inout [UInt8]
    ) throws -> [Range<UInt64>] {
        var missing = [range]
        if let number = file.file {
            var span = bytes.mutableSpan
            let filled = try cache.read(number, range, into: &span)
            missing = range.without(filled)
        }
        missing = missing.compactMap { part in
            let needed = part.clamped(to: 0..<file.baseEnd)
            return needed.isEmpty ? nil : needed
        }
        guard case .inline(let base) = file.entry.content else { return missing }
        for part in missing {
            for position in part { bytes[Int(position - range.lowerBound)] = base[Int(position)] }
        }
        return []
    }

    /// Reads what is missing of what the drive has, and then goes ahead.
    private func fetch(_ found: FoundBytes, _ walk: ReadWalk, _ distance: UInt64) async throws -> [UInt8] {
        var bytes = found.bytes
        let (file, range) = (found.file, found.range)
        let order = fetching.order(found.missing, of: file, self)
        fetching.goAhead(of: range.upperBound, by: distance, file, walk, self)
        try await fetching.fill(&bytes, from: range.lowerBound, with: order, of: file, self)
        return bytes
    }

    /// Keeps what was fetched, unless it is out of date by now. That it is kept is no promise.
    func keep(_ bytes: [UInt8], of file: ReadableFile, at offset: UInt64) async {
        guard let number = file.file else { return }
        _ = try? await Self.onThread {
            // What is cut off meanwhile must not come back.
            try self.changing.withLock {
                let content = file.inode.content
                let end = min(content.entry.size, content.baseLimit)
                let current = content.file ?? self.with { _ in file.inode.used?.file }
                // Nor what was in the drive before: what was written over it may be committed and evicted by now.
                guard current == number, offset < end, content.entry.content == file.entry.content else { return }
                let count = min(UInt64(bytes.count), end - offset)
                try self.cache.keep(bytes.span.extracting(0..<Int(count)), of: number, at: offset)
            }
        }
    }
}

extension InodeContent {
    /// Takes note of a reading as file systems do by default (mount(8), "relatime"): where it was not read since it was changed, and
    /// once a day.
    mutating func noteAccess() {
        let (now, last) = (Timestamp.now, accessed ?? entry.modified)
        guard last <= max(entry.modified, entry.changed) || now.seconds - last.seconds >= 86_400 else { return }
        accessed = now
    }
}

extension Range<UInt64> {
    /// The parts that are in none of these.
    func without(_ others: [Range<UInt64>]) -> [Range<UInt64>] {
        var rest: [Range<UInt64>] = []
        var start = lowerBound
        for other in others {
            if start < other.lowerBound { rest.append(start..<other.lowerBound) }
            start = Swift.max(start, other.upperBound)
        }
        if start < upperBound { rest.append(start..<upperBound) }
        return rest
    }

    /// From one multiple of a number to another.
    func widened(to grain: UInt64, within end: UInt64) -> Range<UInt64> {
        let start = lowerBound / grain * grain
        return start..<Swift.max(upperBound, Swift.min(end, (upperBound + grain - 1) / grain * grain))
    }
}
