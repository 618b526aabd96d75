public import DriveFormat
public import Sealing

/// A blob that a segment's table lists.
public struct ListedBlob: Sendable {
    public let reference: BlobReference
    public let kind: BlobKind
}

/// What lies in volumes, as their segments themselves say: without index, and without the volumes' commits.
///
/// Format: Docs/Format/Segments.md, "Blob table".
public struct SegmentTables: Sendable {
    private let catalog: any VolumeCatalog
    private let preludes: PreludeReader
    private let keys: DriveKeys

    public init(catalog: any VolumeCatalog, preludes: PreludeReader, keys: DriveKeys) {
        self.catalog = catalog
        self.preludes = preludes
        self.keys = keys
    }

    /// Everything in a volume that is on the network, in the order in which it lies there.
    ///
    /// - Parameter epochs: with those that the volume's preludes name among them.
    /// - Throws: `ReadError`; what the catalog throws.
    public func blobs(of volume: VolumeID, epochs: EpochKeys) async throws -> [ListedBlob] {
        let placement = try await catalog.placement(of: volume)
        var blobs: [ListedBlob] = []
        for number in placement.record.segments.indices {
            blobs += try await self.blobs(of: volume, at: placement, segment: number, epochs)
        }
        return blobs
    }

    /// As above, of one of its segments.
    public func blobs(of volume: VolumeID, segment: Int, epochs: EpochKeys) async throws -> [ListedBlob] {
        try await blobs(of: volume, at: try await catalog.placement(of: volume), segment: segment, epochs)
    }

    private func blobs(
        of volume: VolumeID, at placement: VolumePlacement, segment: Int, _ epochs: EpochKeys
    ) async throws -> [ListedBlob] {
        let prelude = try await preludes.prelude(of: placement, segment: segment)
        guard prelude.volume == volume else { throw ReadError.foreignSegment(volume, segment: segment) }
        let table = try await preludes.blobTable(of: placement, prelude: prelude, keys: keys, epochs: epochs)
        return try table.entries.map { entry in
            let epoch: EpochID
            if entry.kind == .commit {
                epoch = .zero
            } else {
                guard Int(entry.epochIndex) < prelude.epochs.count else {
                    throw ReadError.malformed(prelude.table.id, reason: "it names an epoch that its prelude has not")
                }
                epoch = prelude.epochs[Int(entry.epochIndex)].epoch
            }
            let reference = entry.extent.reference(volume: volume, segment: prelude.segment, epoch: epoch)
            return ListedBlob(reference: reference, kind: entry.kind)
        }
    }
}
