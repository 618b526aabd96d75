public import CESS
public import DriveFormat
public import Substrate

/// Where volumes and nodes are, from this machine's memory and, where that fails, from the chain.
public struct Catalog: VolumeCatalog {
    private let chain: any StorageChain
    private let database: StoreDatabase
    private let named: NamedVolumes

    public init(chain: any StorageChain, database: StoreDatabase, named: NamedVolumes) {
        self.chain = chain
        self.database = database
        self.named = named
    }

    public func placement(of volume: VolumeID) async throws -> VolumePlacement {
        let record = try await record(of: volume)
        if let nodes = try await database.nodes(of: record.fid) {
            return VolumePlacement(record: record, fid: FID(record.fid), nodes: nodes)
        }
        return VolumePlacement(
            record: record, fid: FID(record.fid), nodes: try await stored(volume, record).nodes)
    }

    /// Too few rows came under the hashes that the drive has. Of a commit's own volume these are what a server said of the
    /// chain when the next commit was made (Docs/Format/Volumes.md, "Set of volumes"): if they are wrong, those that the
    /// chain shows now may be right, as long as they are of the same segments.
    public func refreshPlacement(of volume: VolumeID) async throws -> VolumePlacement {
        let record = try await record(of: volume)
        let (file, nodes) = try await stored(volume, record)
        let shown = VolumePlacement(fid: FID(record.fid), file: file)?.record.segments
        let segments = shown?.map(\.hash) == record.segments.map(\.hash) ? shown : nil
        let known = VolumeRecord(
            fid: record.fid, segments: segments ?? record.segments, sealedBytes: record.sealedBytes,
            liveBytes: record.liveBytes, extensions: record.extensions)
        return VolumePlacement(record: known, fid: FID(record.fid), nodes: nodes)
    }

    private func record(of volume: VolumeID) async throws -> VolumeRecord {
        if let record = try await database.volume(volume) { return record }
        guard let found = try await named.placement(of: volume) else { throw ReadError.unknownVolume(volume) }
        try await database.learnFound(found, of: volume)
        return found.record
    }

    /// What the chain has of a volume; its nodes are remembered.
    private func stored(
        _ volume: VolumeID, _ record: VolumeRecord
    ) async throws -> (file: FileInfo, nodes: [[AccountID]]) {
        let fid = FID(record.fid)
        let block = try await chain.bestBlock()
        guard let file = try await chain.files([fid], at: block.hash)[fid]?.value,
            let nodes = Self.nodes(of: file, segmentCount: record.segments.count)
        else { throw ReadError.unknownVolume(volume) }
        try await database.setNodes(nodes, of: record.fid)
        return (file, nodes)
    }

    /// By segment and row; nil if the chain's list has not the volume's shape.
    static func nodes(of file: FileInfo, segmentCount: Int) -> [[AccountID]]? {
        guard file.segments.count == segmentCount,
            file.segments.allSatisfy({ $0.fragments.count == VolumeRecord.Segment.fragmentCount })
        else { return nil }
        return file.segments.map { $0.fragments.map(\.node) }
    }

    public func endpoint(of node: AccountID) async throws -> String? {
        if let endpoint = try await database.endpoint(of: node) { return endpoint }
        return try await refreshEndpoint(of: node)
    }

    public func refreshEndpoint(of node: AccountID) async throws -> String? {
        let block = try await chain.bestBlock()
        guard let found = try await chain.nodes([node], at: block.hash)[node] else { return nil }
        try await database.setEndpoint(found.endpoint, of: node)
        return found.endpoint
    }
}

/// What the chain says of a file, as a record of ours: where a drive is being found again there is no other.
extension VolumePlacement {
    /// - Returns: nil if the file has not the shape of a volume, or its hashes are not those that its name is made of.
    public init?(fid: FID, file: FileInfo) {
        guard !file.segments.isEmpty, file.segments.count <= SegmentLayout.maximumSegmentsPerVolume,
            let nodes = Catalog.nodes(of: file, segmentCount: file.segments.count)
        else { return nil }
        let segments = file.segments.map {
            VolumeRecord.Segment(hash: $0.hash.bytes, fragments: $0.fragments.map(\.hash.bytes))
        }
        guard FID.of(segments: file.segments.map(\.hash)) == fid else { return nil }
        let bytes = UInt64(segments.count * SegmentLayout.byteCount)
        let record = VolumeRecord(fid: fid.bytes, segments: segments, sealedBytes: bytes, liveBytes: bytes)
        self.init(record: record, fid: fid, nodes: nodes)
    }

    /// - Parameter end: where the last segment's bytes end; those before it are full.
    func filled(upTo end: Int) -> VolumePlacement {
        let full = (record.segments.count - 1) * SegmentLayout.byteCount
        let bytes = UInt64(full + end - SegmentLayout.preludeByteCount)
        let record = VolumeRecord(fid: record.fid, segments: record.segments, sealedBytes: bytes, liveBytes: bytes)
        return VolumePlacement(record: record, fid: fid, nodes: nodes)
    }
}
