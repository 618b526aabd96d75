public import Primitives
public import SCALE
public import Sealing

/// A signed record of the drive's whole state.
///
/// Format: Docs/Format/Commits.md.
public struct Commit: Equatable, Sendable, ScaleCodable {
    public static let signingContext = "cessdrive-commit-1"
    public static let parentLimit = 64
    public static let runLimit = 64
    public static let listLimit = 65_536

    public let drive: DriveID
    /// The drive's name at this commit, UTF-8, 1…255 bytes.
    public let driveName: [UInt8]
    /// The volume whose last segment holds this commit.
    public let volume: VolumeID
    /// One more than the greatest of its parents'; 1 for a drive's first.
    public let sequence: UInt64
    /// Empty for a drive's first.
    public let parents: [CommitReference]
    public let created: Timestamp
    public let device: DeviceID
    /// The root directory's own attributes; its content is `root`.
    public let rootAttributes: Entry
    /// The root directory; named by a whole reference.
    public let root: TreeRoot
    /// Inodes with several names, by link group.
    public let links: TreeRoot?
    public let index: [IndexRun]
    /// The live volumes, without this commit's own.
    public let volumes: TreeRoot?
    public let doomed: [DoomedVolume]
    public let folded: [FoldedVolume]
    public let keyRing: KeyRing
    /// For the log: what made it, UTF-8, at most 1024 bytes.
    public let message: [UInt8]

    public init(
        drive: DriveID, driveName: [UInt8], volume: VolumeID, sequence: UInt64, parents: [CommitReference],
        created: Timestamp, device: DeviceID, rootAttributes: Entry, root: TreeRoot, links: TreeRoot?,
        index: [IndexRun], volumes: TreeRoot?, doomed: [DoomedVolume], folded: [FoldedVolume], keyRing: KeyRing, message: [UInt8]
    ) {
        self.drive = drive
        self.driveName = driveName
        self.volume = volume
        self.sequence = sequence
        self.parents = parents
        self.created = created
        self.device = device
        self.rootAttributes = rootAttributes
        self.root = root
        self.links = links
        self.index = index
        self.volumes = volumes
        self.doomed = doomed
        self.folded = folded
        self.keyRing = keyRing
        self.message = Array(message.prefix(1024))
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        try RecordVersion.read("commit", from: &decoder)
        drive = try decoder.decode()
        driveName = try decoder.byteVector(limit: 255)
        volume = try decoder.decode()
        sequence = try decoder.integer()
        parents = try decoder.vector(limit: Self.parentLimit)
        created = try decoder.decode()
        device = try decoder.decode()
        rootAttributes = try decoder.decode()
        root = try decoder.decode()
        links = try decoder.option()
        index = try decoder.vector(limit: Self.runLimit)
        volumes = try decoder.option()
        doomed = try decoder.vector(limit: Self.listLimit)
        folded = try decoder.vector(limit: Self.listLimit)
        keyRing = try decoder.decode()
        message = try decoder.byteVector(limit: 1024)
        try Extensions.skip(in: "commit", &decoder)
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.integer(RecordVersion.one)
        encoder.encode(drive)
        encoder.byteVector(driveName)
        encoder.encode(volume)
        encoder.integer(sequence)
        encoder.vector(parents)
        encoder.encode(created)
        encoder.encode(device)
        encoder.encode(rootAttributes)
        encoder.encode(root)
        encoder.option(links)
        encoder.vector(index)
        encoder.option(volumes)
        encoder.vector(doomed)
        encoder.vector(folded)
        encoder.encode(keyRing)
        encoder.byteVector(message)
        Extensions.write(to: &encoder)
    }

    /// What is signed: network genesis ‖ drive id ‖ the whole record.
    public func signedBytes(genesis: Bytes32) -> [UInt8] {
        var encoder = ScaleEncoder()
        encoder.encode(genesis)
        encoder.encode(drive)
        encode(to: &encoder)
        return encoder.bytes
    }
}

/// A commit with its signature: the plaintext of a blob of kind `commit`.
public struct SignedCommit: Equatable, Sendable, ScaleCodable {
    public let commit: Commit
    public let signer: Signer
    /// sr25519, 64 bytes, context `Commit.signingContext`.
    public let signature: [UInt8]

    /// - Precondition: `signature` has 64 bytes.
    public init(commit: Commit, signer: Signer, signature: [UInt8]) {
        precondition(signature.count == 64)
        self.commit = commit
        self.signer = signer
        self.signature = signature
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        commit = try decoder.decode()
        signer = try decoder.decode()
        signature = try decoder.raw(64)
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(commit)
        encoder.encode(signer)
        encoder.raw(signature)
    }

    public enum Signer: UInt8, Sendable, ScaleCodable {
        /// The drive's account.
        case account = 0
        /// The commit's `device`, whose certificate is in the commit's key ring.
        case device = 1

        public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
            let offset = decoder.offset
            let index = try decoder.byte()
            guard let signer = Signer(rawValue: index) else {
                throw .unknownVariant(index, type: "Signer", offset: offset)
            }
            self = signer
        }

        public func encode(to encoder: inout ScaleEncoder) { encoder.integer(rawValue) }
    }
}

/// A commit from outside: its volume, and the id of its blob.
public struct CommitReference: Hashable, Sendable, ScaleCodable {
    public let volume: VolumeID
    public let commit: BlobID

    public init(volume: VolumeID, commit: BlobID) {
        self.volume = volume
        self.commit = commit
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        volume = try decoder.decode()
        commit = try decoder.decode()
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(volume)
        encoder.encode(commit)
    }
}

/// One run of the index: a tree from blob id to pointer. A newer run hides an older one; runs are listed newest first.
public struct IndexRun: Hashable, Sendable, ScaleCodable {
    /// 0 for what one commit added; runs of a level are merged into one of the next.
    public let level: UInt8
    public let root: TreeRoot

    public init(level: UInt8, root: TreeRoot) {
        self.level = level
        self.root = root
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        level = try decoder.byte()
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
        volume = try decoder.decode()
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
        old = try decoder.decode()
        new = try decoder.decode()
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(old)
        encoder.encode(new)
    }
}
