internal import Drive
internal import DriveFormat
internal import FUSE
internal import LocalCache
internal import SystemPackage

extension MountedDrive {
    func seek(
        _ number: InodeNumber, handle: UInt64, to kind: SeekKind, from offset: UInt64, _ reply: Reply<FileOffset>
    ) {
        guard let inode = with({ Held($0.files[handle]?.inode) }).inode else { return reply.fail(.badFileDescriptor) }
        let (file, pieces) = whileCurrent(inode) { file in
            (file, offset < file.size ? self.pieces(of: file, in: offset..<file.size) : [])
        }
        guard offset < file.size else { return reply.fail(.noSuchAddressOrDevice) }
        // Only a list of chunks has holes.
        guard case .chunks = file.entry.content, pieces.contains(where: { $0.kind == .base }) else {
            return now(reply) {
                try Self.found(kind, pieces.first { $0.kind.matches(kind) }?.range.lowerBound, in: file)
            }
        }
        later(reply) {
            for piece in pieces {
                if piece.kind == .base {
                    let place = try await file.snapshot.next(file.entry, wantsHole: kind == .hole, in: piece.range)
                    if let place { return FileOffset(place) }
                } else if piece.kind.matches(kind) {
                    return FileOffset(piece.range.lowerBound)
                }
            }
            return try Self.found(kind, nil, in: file)
        }
    }

    /// Every file ends with a hole, which is its end.
    private static func found(_ kind: SeekKind, _ place: UInt64?, in file: ReadableFile) throws -> FileOffset {
        if let place { return FileOffset(place) }
        guard kind == .hole else { throw Errno.noSuchAddressOrDevice }
        return FileOffset(file.size)
    }

    private enum PieceKind {
        case data, hole
        /// As the drive has it.
        case base

        /// Of what the drive has nothing but bytes, as long as nobody looks.
        func matches(_ kind: SeekKind) -> Bool { (self == .hole) == (kind == .hole) }
    }

    /// What was written here and what the drive has, in order, without gaps.
    private func pieces(of file: ReadableFile, in range: Range<UInt64>) -> [(range: Range<UInt64>, kind: PieceKind)] {
        var pieces: [(range: Range<UInt64>, kind: PieceKind)] = []
        func add(_ part: Range<UInt64>, _ kind: PieceKind) {
            if !part.isEmpty { pieces.append((part, kind)) }
        }
        func addBase(_ part: Range<UInt64>) {
            let border = max(part.lowerBound, min(part.upperBound, file.baseEnd))
            add(part.lowerBound..<border, .base)
            add(border..<part.upperBound, .hole)
        }
        var position = range.lowerBound
        // What was only fetched is as the drive has it.
        for extent in file.file.map({ cache.extents(of: $0, in: range) }) ?? [] where extent.kind.isDirty {
            addBase(position..<extent.range.lowerBound)
            add(extent.range, extent.kind == .dirtyHole ? .hole : .data)
            position = extent.range.upperBound
        }
        addBase(position..<range.upperBound)
        return pieces
    }
}
