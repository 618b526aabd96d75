public import Primitives
public import SCALE

/// A signed record of the drive's whole state.
///
/// Format: Docs/Format/Commits.md.
public struct Commit: Equatable, Sendable, ScaleCodable {
    public static let signingContext = "cessdrive-commit-1"
    public static let nameByteLimit = 255
    public static let messageByteLimit = 1024
    /// The first sequence that there is none of: names of volumes count in 48 bits.
    public static let sequenceLimit = VolumeName.counterLimit
    public static let parentLimit = 64
    public static let runLimit = 64
    public static let listLimit = 65_536

    public let drive: DriveID
    /// The drive's name at this commit, UTF-8, at most 255 bytes.
    public let driveName: [UInt8]
    /// The volume whose last segment holds this commit.
    public let volume: VolumeID
    /// One more than the greatest of its parents'; 1 for a drive's first; below 2⁴⁸.
    public let sequence: UInt64
    /// Empty for a drive's first.
    public let parents: [CommitReference]
    public let created: Timestamp
    public let device: DeviceID
    /// The root directory's own attributes; its content is `root`, named by blob id alone.
    public let rootAttributes: Entry
    /// The root directory; named by a whole reference.
    public let root: TreeRoot
    /// Inodes with several names, by link group.
    public let links: TreeRoot?
    public let index: [IndexRun]
    /// The live volumes, without this commit's own.
    public let volumes: TreeRoot?
    /// By volume, ascending.
    public let doomed: [DoomedVolume]
    /// By old volume, ascending.
    public let folded: [FoldedVolume]
    public let keyRing: KeyRing
    /// For the log: what made it, UTF-8, at most 1024 bytes.
    public let message: [UInt8]
    public let extensions: Extensions

    /// Texts that are too long are cut, and lists that have an order are put into it.
    ///
    /// - Precondition: `root`, `links`, `volumes` and the runs are named by whole references.
    public init(
        drive: DriveID, driveName: [UInt8], volume: VolumeID, sequence: UInt64, parents: [CommitReference],
        created: Timestamp, device: DeviceID, rootAttributes: Entry, root: TreeRoot, links: TreeRoot?,
        index: [IndexRun], volumes: TreeRoot?, doomed: [DoomedVolume], folded: [FoldedVolume], keyRing: KeyRing,
        message: [UInt8], extensions: Extensions = .none
    ) {
        self.drive = drive
        self.driveName = Rules.text(driveName, limit: Self.nameByteLimit)
        self.volume = volume
        self.sequence = sequence
        self.parents = parents
        self.created = created
        self.device = device
        var rootAttributes = rootAttributes
        rootAttributes.content = .directory(root.named)
        self.rootAttributes = rootAttributes
        self.root = root
        self.links = links
        self.index = index
        self.volumes = volumes
        self.doomed = doomed.sorted { $0.volume < $1.volume }
        self.folded = folded.sorted { $0.old < $1.old }
        self.keyRing = keyRing
        self.message = Rules.text(message, limit: Self.messageByteLimit)
        self.extensions = extensions
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        try RecordVersion.read("commit", from: &decoder)
        drive = try decoder.decode()
        driveName = try Rules.text(&decoder, limit: Self.nameByteLimit)
        volume = try VolumeID.named(in: &decoder)
        let offset = decoder.offset
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
        message = try Rules.text(&decoder, limit: Self.messageByteLimit)
        extensions = try Extensions.read(in: "commit", &decoder)
        try checkHistory(offset)
        try checkTrees(offset)
        try checkLists(offset)
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
        extensions.write(to: &encoder)
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
