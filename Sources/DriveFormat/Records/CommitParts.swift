public import Primitives
public import SCALE
public import Sealing

/// A commit from outside: its volume, and the id of its blob.
public struct CommitReference: Hashable, Sendable, ScaleCodable {
    public let volume: VolumeID
    public let commit: BlobID

    public init(volume: VolumeID, commit: BlobID) {
        self.volume = volume
        self.commit = commit
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        volume = try VolumeID.named(in: &decoder)
        commit = try decoder.decode()
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(volume)
        encoder.encode(commit)
    }
}

/// One run of the index: a tree from blob id to pointer. A newer run hides an older one; runs are listed newest first.
public struct IndexRun: Hashable, Sendable, ScaleCodable {
    public static let levelLimit: UInt8 = 15

    /// 0 for what one commit added; runs of a level are merged into one of the next.
    public let level: UInt8
    public let root: TreeRoot

    public init(level: UInt8, root: TreeRoot) {
        self.level = level
        self.root = root
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        let offset = decoder.offset
        level = try decoder.byte()
        guard level <= Self.levelLimit else {
            throw .invalid("a run of the index has level \(level)", offset: offset)
        }
        root = try decoder.decode()
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.integer(level)
        encoder.encode(root)
    }
}

/// A volume that nothing needs any more and that is deleted after a time of grace.
public struct DoomedVolume: Hashable, Sendable, ScaleCodable {
    public let volume: VolumeID
    public let fid: Bytes32
    public let since: Timestamp

    public init(volume: VolumeID, fid: Bytes32, since: Timestamp) {
        self.volume = volume
        self.fid = fid
        self.since = since
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        volume = try VolumeID.named(in: &decoder)
        fid = try decoder.decode()
        since = try decoder.decode()
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(volume)
        encoder.encode(fid)
        encoder.encode(since)
    }
}

/// A small volume whose live blobs were copied into another.
public struct FoldedVolume: Hashable, Sendable, ScaleCodable {
    public let old: VolumeID
    public let new: VolumeID

    public init(old: VolumeID, new: VolumeID) {
        self.old = old
        self.new = new
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        old = try VolumeID.named(in: &decoder)
        new = try VolumeID.named(in: &decoder)
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(old)
        encoder.encode(new)
    }
}
