internal import Drive
internal import DriveFormat
internal import FUSE
internal import LocalCache
internal import SystemPackage

extension MountedDrive {
    /// Bytes that are copied for one request; who asks for more asks again.
    private static let copyByteCount: UInt64 = 4 << 20

    /// What the drive has is copied by naming it again, without being read; the rest through this machine's memory.
    func copy(_ copy: RangeCopy, _ reply: Reply<Written>) {
        let found = with { state -> (source: FileHandle, target: FileHandle)? in
            guard let source = state.files[copy.sourceHandle], let target = state.files[copy.targetHandle] else {
                return nil
            }
            return (source, target)
        }
        guard let (source, target) = found else { return reply.fail(.badFileDescriptor) }
        do {
            _ = try changeable(target.inode.number)
            let (end, isBeyond) = copy.targetOffset.addingReportingOverflow(UInt64(copy.byteCount))
            guard !isBeyond, end <= Self.sizeLimit else { throw Errno.fileTooLarge }
            if let count = try reference(copy, source.inode, target.inode) {
                // It is read from where the drive's content is kept from now on.
                with { state in
                    self.endUse(of: target.inode, &state)
                    if target.inode.opens > 0 { _ = self.use(target.inode, &state) }
                }
                return reply(Written(byteCount: count))
            }
        } catch { return reply.fail(Errno(error)) }
        later(reply) {
            let found = try await Self.onThread {
                let count = min(UInt64(copy.byteCount), Self.copyByteCount)
                return try self.find(source.inode, from: copy.sourceOffset, count: count)
            }
            guard !found.range.isEmpty else { return Written(byteCount: 0) }
            let bytes = try await self.bytes(of: found, source.walk)
            return try await Self.onThread {
                try self.write(bytes.span, to: target.inode, at: copy.targetOffset)
                return Written(byteCount: bytes.count)
            }
        }
    }

    /// Lets a file be what the drive has of another one: where it is empty and gets that from the beginning on, or where it was
    /// made so and gets the next part.
    ///
    /// - Returns: how many bytes it got; nil where they have to be copied.
    private func reference(_ copy: RangeCopy, _ source: Inode, _ target: Inode) throws -> Int? {
        guard source !== target, copy.sourceOffset == copy.targetOffset else { return nil }
        return try change { transaction in
            try checkIsReached(target)
            let (from, to) = (source.content, transaction.content(of: target))
            let start = copy.sourceOffset
            let baseEnd = min(from.entry.size, from.baseLimit, from.size)
            guard start < baseEnd else { return nil }
            let end = min(baseEnd, start + UInt64(copy.byteCount))
            // Short files are copied as fast, and the rest of a longer one comes with the next request.
            guard from.entry.content.identifier != nil, end == from.size || end - start >= Self.copyByteCount,
                from.file.map({ isClean($0, start..<end) }) ?? true
            else { return nil }
            let goesOn = to.entry.content == from.entry.content && to.baseLimit == start && to.file == nil
            guard to.size == start, start == 0 || goesOn else { return nil }
            if start == 0, let file = to.file { transaction.cacheChanges.append(.remove(file)) }
            let revision = transaction.revision
            transaction.modify(target) { content in
                if start == 0 {
                    content.file = nil
                    content.entry.content = from.entry.content
                    content.entry.size = from.entry.size
                }
                // A commit that is under way has less of it.
                content.baseRevision = revision
                content.baseLimit = end
                content.size = end
                content.entry.modified = content.entry.changed
            }
            return Int(end - start)
        }
    }

    private func isClean(_ file: FileNumber, _ range: Range<UInt64>) -> Bool {
        !cache.extents(of: file, in: range).contains { $0.kind.isDirty }
    }
}
