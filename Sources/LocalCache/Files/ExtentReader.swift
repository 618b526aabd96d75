internal import Primitives

/// Reads what extents say out of segments.
struct ExtentReader: Sendable {
    let buffers: BufferPool

    struct Piece {
        let extent: Extent
        /// Nil if it was deleted.
        let segment: Segment?
    }

    private static let blocksAtOnce = 64

    /// Fills `output`, whose first byte is the file's at `start`, with what the pieces have; holes give zeros.
    ///
    /// - Parameter dropping: is told of clean bytes that are damaged: they are not here.
    /// - Returns: what was filled, neighbours as one.
    /// - Throws: `CacheError.damaged` for dirty bytes.
    func read(
        _ pieces: [Piece], of file: FileNumber, from start: UInt64, into output: inout MutableSpan<UInt8>,
        dropping: (Extent) -> Void
    ) throws(CacheError) -> [Range<UInt64>] {
        var filled: [Range<UInt64>] = []
        for piece in pieces {
            let extent = piece.extent
            let place = Int(extent.start - start)
            var part = output._mutatingExtracting(place..<place + Int(extent.count))
            if extent.isHole {
                part.update(repeating: 0)
            } else if !read(extent, piece.segment, into: &part) {
                if extent.isDirty { throw .damaged(file, extent.range) }
                dropping(extent)
                continue
            }
            if let last = filled.last, last.upperBound == extent.start {
                filled[filled.count - 1] = last.lowerBound..<extent.end
            } else {
                filled.append(extent.range)
            }
        }
        return filled
    }

    /// False if the bytes cannot be read or are not authentic; then `output` holds nothing of use.
    func read(_ extent: Extent, _ segment: Segment?, into output: inout MutableSpan<UInt8>) -> Bool {
        guard let segment else { return false }
        let wanted = extent.payloadOffset..<extent.payloadOffset + Int(extent.count)
        let blocks = wanted.lowerBound / SealedBlocks.byteCount..<SealedBlocks.count(payload: wanted.upperBound)
        let total = SealedBlocks.sealedByteCount(payload: extent.payloadByteCount)
        var sealed = buffers.take(SealedBlocks.sealedByteCount * min(blocks.count, Self.blocksAtOnce))
        let cipher = segment.takeCipher()
        defer {
            buffers.give(sealed)
            segment.give(cipher)
        }
        for first in stride(from: blocks.lowerBound, to: blocks.upperBound, by: Self.blocksAtOnce) {
            let group = first..<min(first + Self.blocksAtOnce, blocks.upperBound)
            let start = first * SealedBlocks.sealedByteCount
            let count = min(group.upperBound * SealedBlocks.sealedByteCount, total) - start
            guard count > 0 else { return false }
            var span = sealed.mutableSpan
            var bytes = span._mutatingExtracting(0..<count)
            let position = UInt64(extent.payloadPosition) + UInt64(start)
            guard (try? segment.file.read(at: position, into: &bytes)) == true else { return false }
            for block in group {
                let offset = (block - first) * SealedBlocks.sealedByteCount
                let sealedBlock = sealed.span.extracting(offset..<min(offset + SealedBlocks.sealedByteCount, count))
                let counter = UInt64(extent.blockCounter) + UInt64(block)
                guard open(sealedBlock, block, counter, wanted, cipher, into: &output) else { return false }
            }
        }
        return true
    }

    /// Opens a block straight into its place, or beside it if not all of it is wanted.
    private func open(
        _ sealed: Span<UInt8>, _ block: Int, _ counter: UInt64, _ wanted: Range<Int>, _ cipher: SegmentCipher,
        into output: inout MutableSpan<UInt8>
    ) -> Bool {
        let byteCount = sealed.count - SealedBlocks.tagByteCount
        guard byteCount > 0 else { return false }
        let whole = block * SealedBlocks.byteCount..<block * SealedBlocks.byteCount + byteCount
        let part = whole.clamped(to: wanted)
        let place = part.lowerBound - wanted.lowerBound
        var target = output._mutatingExtracting(place..<place + part.count)
        if part == whole { return cipher.open(block: sealed, counter: counter, into: &target) }
        var beside = buffers.take(SealedBlocks.byteCount)
        defer { buffers.give(beside) }
        var span = beside.mutableSpan
        var opened = span._mutatingExtracting(0..<byteCount)
        guard cipher.open(block: sealed, counter: counter, into: &opened) else { return false }
        let skipped = part.lowerBound - whole.lowerBound
        for index in 0..<part.count { target[index] = opened[skipped + index] }
        return true
    }
}
