internal import CESS
internal import DriveFormat
internal import ErasureCoding
internal import Primitives
internal import Substrate

/// Sends one row of a volume: the fragments with the same index of all its segments, to one node.
///
/// Parity is computed again here, one fragment at a time from the spooled segment, so that a slow node holds 8 MiB.
struct RowSender: Sendable {
    let files: SpoolFiles
    let nodes: any FragmentNodes

    /// - Parameter sent: called with the length of each fragment, its zeros counted.
    /// - Throws: what the node answered; or `StoreError.spoolDamaged`, which is not the node's fault.
    func send(
        row: Int, of volume: VolumeID, record: VolumeRecord, to node: NodePool.Candidate,
        sent: @Sendable (Int) -> Void
    ) async throws {
        for (number, segment) in record.segments.enumerated() {
            try Task.checkCancellation()
            let mapped = try files.map(number, in: volume)
            let hash = FragmentHash(segment.fragments[row])
            // Without the zeros behind its last byte.
            var content = Self.fragment(row, of: mapped)
            content.removeLast(content.count - content.span.countWithoutTrailingZeros)
            do {
                try await nodes.put(
                    FragmentContent(content), hash: hash, fid: FID(record.fid), to: node.endpoint,
                    capabilities: node.capabilities)
            } catch NodeError.refused(let code, let message) {
                // What was damaged on this disk every node refuses. It is hashed only now: refusals are rare.
                guard SHA256.hash(Self.fragment(row, of: mapped)) == hash.bytes else {
                    throw StoreError.spoolDamaged(volume: volume, segment: number)
                }
                throw NodeError.refused(code: code, message: message)
            }
            sent(SegmentLayout.fragmentByteCount)
        }
    }

    private static func fragment(_ row: Int, of segment: MappedFile) -> [UInt8] {
        segment.withBytes { bytes in
            var content = [UInt8](repeating: 0, count: SegmentLayout.fragmentByteCount)
            var span = content.mutableSpan
            ReedSolomon().shard(row, of: bytes, into: &span)
            return content
        }
    }
}
