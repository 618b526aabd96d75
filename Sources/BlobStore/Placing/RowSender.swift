internal import CESS
internal import DriveFormat
internal import ErasureCoding
internal import Primitives
internal import Substrate

/// Sends one row of a volume: the fragments with the same index of all its segments, to one node.
///
/// Parity is computed again here, one fragment at a time from the spooled segment, so that a slow node holds 8 MiB.
struct RowSender: Sendable {
    let segments: MappedSegments
    let nodes: any FragmentNodes

    /// - Parameter sent: called with the length of each fragment, its zeros counted.
    /// - Throws: what the node answered; or `StoreError.spoolDamaged`, which is not the node's fault.
    func send(
        row: Int, of volume: VolumeID, record: VolumeRecord, to node: NodePool.Candidate,
        sent: @Sendable (Int) -> Void
    ) async throws {
        for (number, segment) in record.segments.enumerated() {
            try Task.checkCancellation()
            let hash = FragmentHash(segment.fragments[row])
            do {
                try await nodes.put(
                    FragmentContent(try content(row, of: number, in: volume)), hash: hash, fid: FID(record.fid),
                    to: node.endpoint, capabilities: node.capabilities)
            } catch NodeError.refused(let code, let message) {
                // What was damaged on this disk every node refuses. It is hashed only now: refusals are rare.
                guard SHA256.hash(Self.whole(try content(row, of: number, in: volume))) == hash.bytes else {
                    throw StoreError.spoolDamaged(volume: volume, segment: number)
                }
                throw NodeError.refused(code: code, message: message)
            }
            sent(SegmentLayout.fragmentByteCount)
        }
    }

    /// A fragment without the zeros behind its last byte.
    private func content(_ row: Int, of segment: Int, in volume: VolumeID) throws(StoreError) -> [UInt8] {
        guard row < ReedSolomon.dataShardCount else {
            return try segments.map(segment, in: volume).withBytes { Self.parity(row, of: $0) }
        }
        // Read, not mapped: pages of a mapping are counted as memory of this process for as long as other rows need it.
        let byteCount = SegmentLayout.fragmentByteCount
        let place = row * byteCount..<(row + 1) * byteCount
        guard var content = try segments.files.read(place, of: segment, in: volume, isTrimmed: true) else {
            throw .spoolDamaged(volume: volume, segment: segment)
        }
        content.removeLast(content.count - content.span.countWithoutTrailingZeros)
        return content
    }

    /// Behind the last byte of the longest data row there are only zeros in the parity either, and what need not be computed is
    /// not.
    private static func parity(_ row: Int, of segment: Span<UInt8>) -> [UInt8] {
        let byteCount = SegmentLayout.fragmentByteCount
        let longest =
            (0..<ReedSolomon.dataShardCount).map {
                segment.extracting($0 * byteCount..<($0 + 1) * byteCount).countWithoutTrailingZeros
            }.max() ?? 0
        guard longest > 0 else { return [] }
        var content = unsafe [UInt8](unsafeUninitializedCapacity: longest) { buffer, initialized in
            var span = unsafe MutableSpan(_unsafeElements: buffer)
            ReedSolomon().encode(rows: row..<row + 1, of: segment, range: 0..<longest, into: &span)
            initialized = longest
        }
        content.removeLast(longest - content.span.countWithoutTrailingZeros)
        return content
    }

    private static func whole(_ content: [UInt8]) -> [UInt8] {
        content + [UInt8](repeating: 0, count: SegmentLayout.fragmentByteCount - content.count)
    }
}
