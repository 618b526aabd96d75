public import DriveFormat
public import Primitives
public import SCALE

/// The volumes of one commit on their way to the network, in the order of their declaration: contents, then the commit's
/// own. Kept on disk until the commit is published.
public struct PlacementPlan: Equatable, Sendable, ScaleCodable {
    public struct Volume: Equatable, Sendable, ScaleCodable {
        public let id: VolumeID
        /// What the commit calls it: as long as it is this, the commit may be declared.
        public let fid: Bytes32
        /// On chain.
        public let name: [UInt8]

        public init(id: VolumeID, fid: Bytes32, name: [UInt8]) {
            self.id = id
            self.fid = fid
            self.name = name
        }

        public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
            id = try decoder.decode()
            fid = try decoder.decode()
            name = try decoder.byteVector(limit: 63)
        }

        public func encode(to encoder: inout ScaleEncoder) {
            encoder.encode(id)
            encoder.encode(fid)
            encoder.byteVector(name)
        }
    }

    public let contents: [Volume]
    /// Its last row is withheld until all contents are files at a finalized block (Docs/Design.md, "Commits").
    public let commit: Volume

    public init(contents: [Volume], commit: Volume) {
        self.contents = contents
        self.commit = commit
    }

    public var volumes: [Volume] { contents + [commit] }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        contents = try decoder.vector()
        commit = try decoder.decode()
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.vector(contents)
        encoder.encode(commit)
    }
}
