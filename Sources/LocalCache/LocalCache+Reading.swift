internal import Primitives
internal import Synchronization

extension LocalCache {
    /// Reads what is here of a range; holes give zeros, and what is not here is left as it was in `output`.
    ///
    /// Clean bytes that are damaged are not here. Bytes that are written meanwhile may show in part.
    ///
    /// - Precondition: `output` is as long as the range.
    /// - Returns: what was filled, in order, neighbours as one.
    /// - Throws: `CacheError.damaged` if bytes cannot be read that are nowhere else.
    public func read(
        _ file: FileNumber, _ range: Range<UInt64>, into output: inout MutableSpan<UInt8>
    ) throws(CacheError) -> [Range<UInt64>] {
        precondition(UInt64(output.count) == range.upperBound - range.lowerBound)
        if range.isEmpty { return [] }
        let pieces = index.withLock { index in
            index.markUsed(range, of: file)
            var pieces: [ExtentReader.Piece] = []
            index.files[file]?.forEach(in: range) { extent in
                pieces.append(
                    ExtentReader.Piece(extent: extent.clipped(to: range), segment: index.segments[extent.segment]))
            }
            return pieces
        }
        return try readers.read(pieces, of: file, from: range.lowerBound, into: &output) { damaged in
            index.withLock { $0.drop(damaged, of: file) }
        }
    }

    /// The files of which something is here.
    public var files: [FileNumber] { Array(index.withLock(\.files.keys)) }

    /// What is here of a range, in order; neighbours of one kind are one.
    public func extents(of file: FileNumber, in range: Range<UInt64>) -> [(range: Range<UInt64>, kind: ExtentKind)] {
        Self.merged(index.withLock { $0.extents(of: file, in: range) })
    }

    static func merged(_ extents: [Extent]) -> [(range: Range<UInt64>, kind: ExtentKind)] {
        var merged: [(range: Range<UInt64>, kind: ExtentKind)] = []
        for extent in extents {
            if let last = merged.last, last.kind == extent.kind, last.range.upperBound == extent.start {
                merged[merged.count - 1].range = last.range.lowerBound..<extent.end
            } else {
                merged.append((extent.range, extent.kind))
            }
        }
        return merged
    }

    /// A view of a file that does not change, whatever is written, cleaned or evicted meanwhile.
    ///
    /// - Complexity: O(extents of the file), and each part of the file's index is copied once it changes.
    public func freeze(_ file: FileNumber) -> FrozenFile {
        index.withLock { index in
            let extents = index.files[file] ?? ExtentMap()
            var segments: [UInt32: Segment] = [:]
            extents.forEach(in: 0..<UInt64.max) { extent in
                if segments[extent.segment] == nil { segments[extent.segment] = index.segments[extent.segment] }
            }
            return FrozenFile(
                file: file, epoch: index.nextEpoch(), extents: extents, segments: segments, readers: readers)
        }
    }
}
