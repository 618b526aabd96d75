internal import CESS
internal import DriveFormat
internal import Primitives
internal import Substrate

/// One segment of a volume, with all that reading it needs.
struct SegmentPlace: Sendable {
    /// Nil while a drive is being found again: then nothing of it is on this disk.
    let volume: VolumeID?
    let segment: Int
    let fid: FID
    let fragments: [FragmentHash]
    let nodes: [AccountID]
    let hash: Bytes32

    /// - Returns: nil if the volume has no such segment.
    init?(_ placement: VolumePlacement, volume: VolumeID?, segment: Int) {
        guard placement.record.segments.indices.contains(segment) else { return nil }
        let record = placement.record.segments[segment]
        self.volume = volume
        self.segment = segment
        fid = placement.fid
        fragments = record.fragments.map(FragmentHash.init)
        nodes = placement.nodes[segment]
        hash = record.hash
    }

    /// Fragments of zeros need no node to be known.
    func isZero(_ row: Int) -> Bool { fragments[row] == .zero }
}
