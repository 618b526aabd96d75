internal import BlobStore
public import DriveFormat
internal import SCALE
internal import Sealing

extension Snapshot {
    /// Where the next data or the next hole of a file is.
    ///
    /// - Parameters:
    ///   - wantsHole: whether a hole is looked for; else data.
    ///   - range: bytes of the file that are looked at.
    /// - Returns: its first byte within the range; nil if there is none.
    public func next(
        _ file: Entry, wantsHole: Bool, in range: Range<UInt64>
    ) async throws -> UInt64? {
        let range = range.clamped(to: 0..<file.size)
        guard !range.isEmpty else { return nil }
        guard case .chunks(let list) = file.content else { return wantsHole ? nil : range.lowerBound }
        var start = try await trees.chunkLists.locate(byte: range.lowerBound, in: list)?.start ?? 0
        for try await item in trees.chunkLists.entries(of: list, fromByte: range.lowerBound) {
            let chunk = try ChunkKey(scaleBytes: item.key)
            if chunk.isHole == wantsHole { return max(start, range.lowerBound) }
            let (end, isTooLong) = start.addingReportingOverflow(chunk.length)
            guard !isTooLong else { throw ProllyError.wrongTotals }
            start = end
            if start >= range.upperBound { break }
        }
        return nil
    }

    /// The volume that holds a file's first byte, by name; nil where the bytes stand in the entry, or there are none.
    public func volume(of file: Entry) async throws -> String? {
        let id: BlobID
        switch file.content {
        case .chunk(let chunk, _): id = chunk
        case .chunks(let list):
            var first: BlobID?
            for try await item in trees.chunkLists.entries(of: list) {
                let chunk = try ChunkKey(scaleBytes: item.key)
                first = chunk.isHole ? nil : chunk.id
                if first != nil { break }
            }
            guard let first else { return nil }
            id = first
        case .none, .inline, .directory, .device: return nil
        }
        return try await trees.index.reference(to: id).pointer.volume.description
    }
}
