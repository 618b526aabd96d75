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
            let mapped = try segments.map(number, in: volume)
            let hash = FragmentHash(segment.fragments[row])
            do {
                try await nodes.put(
                    FragmentContent(Self.content(row, of: mapped)), hash: hash, fid: FID(record.fid), to: node.endpoint,
                    capabilities: node.capabilities)
            } catch NodeError.refused(let code, let message) {
                // What was damaged on this disk every node refuses. It is hashed only now: refusals are rare.
                guard SHA256.hash(Self.whole(Self.content(row, of: mapped))) == hash.bytes else {
                    throw StoreError.spoolDamaged(volume: volume, segment: number)
                }
                throw NodeError.refused(code: code, message: message)
            }
            sent(SegmentLayout.fragmentByteCount)
        }
    }

    /// A fragment without the zeros behind its last byte. Behind the last byte of the longest data row there are none in
    /// the parity either, and what need not be computed is not.
    private static func content(_ row: Int, of segment: MappedFile) -> [UInt8] {
        segment.withBytes { bytes in
            let byteCount = SegmentLayout.fragmentByteCount
            func dataByteCount(_ row: Int) -> Int {
                bytes.extracting(row * byteCount..<(row + 1) * byteCount).countWithoutTrailingZeros
            }
            if row < ReedSolomon.dataShardCount {
                let content = bytes.extracting(row * byteCount..<row * byteCount + dataByteCount(row))
                return unsafe content.withUnsafeBufferPointer { unsafe Array($0) }
            }
            let longest = (0..<ReedSolomon.dataShardCount).map(dataByteCount).max() ?? 0
            guard longest > 0 else { return [] }
            var content = unsafe [UInt8](unsafeUninitializedCapacity: longest) { buffer, initialized in
                var span = unsafe MutableSpan(_unsafeElements: buffer)
                ReedSolomon().encode(rows: row..<row + 1, of: bytes, range: 0..<longest, into: &span)
                initialized = longest
            }
            content.removeLast(longest - content.span.countWithoutTrailingZeros)
            return content
        }
    }

    private static func whole(_ content: [UInt8]) -> [UInt8] {
        content + [UInt8](repeating: 0, count: SegmentLayout.fragmentByteCount - content.count)
    }
}
