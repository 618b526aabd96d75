public import CESS
public import DriveFormat
public import Substrate

/// All that reading a volume needs: what its bytes hash to, and which nodes hold them.
public struct VolumePlacement: Sendable, Equatable {
    /// Ours, from the set of volumes; or, where a drive is being found again, what the chain says.
    public let record: VolumeRecord
    public let fid: FID
    /// By segment, then by row: 12 nodes each.
    public let nodes: [[AccountID]]

    /// - Precondition: 12 nodes for each segment of the record.
    public init(record: VolumeRecord, fid: FID, nodes: [[AccountID]]) {
        precondition(nodes.count == record.segments.count, "nodes for every segment")
        precondition(nodes.allSatisfy { $0.count == VolumeRecord.Segment.fragmentCount }, "a node for every row")
        self.record = record
        self.fid = fid
        self.nodes = nodes
    }
}

/// Where volumes and nodes are.
///
/// Both questions may be asked often and are answered from memory or a local database where that knows; the `refresh`
/// forms ask the chain, and are called, sparingly, after what they told last has failed.
public protocol VolumeCatalog: Sendable {
    /// - Throws: `ReadError.unknownVolume` if there is no such volume.
    func placement(of volume: VolumeID) async throws -> VolumePlacement
    /// The node's HTTP address as its operator set it; nil if the node is not registered (any more).
    func endpoint(of node: AccountID) async throws -> String?

    /// - Throws: `ReadError.unknownVolume` if there is no such volume.
    func refreshPlacement(of volume: VolumeID) async throws -> VolumePlacement
    func refreshEndpoint(of node: AccountID) async throws -> String?
}

/// Segments that are still on this disk.
public protocol LocalSegments: Sendable {
    /// Bytes of a segment as it was spooled; nil if this disk does not have them (any more).
    func bytes(volume: VolumeID, segment: Int, range: Range<Int>) throws -> [UInt8]?
}
