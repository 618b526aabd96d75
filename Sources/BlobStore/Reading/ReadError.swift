internal import CESS
public import DriveFormat
public import SCALE
public import Sealing
public import Substrate

/// Why bytes of the drive could not be read.
public enum ReadError: Error, CustomStringConvertible {
    case unknownVolume(VolumeID)
    case noSuchSegment(VolumeID?, segment: Int)
    /// A pointer to bytes that cannot be a blob.
    case impossiblePointer(BlobReference)
    /// Fewer than 4 rows of a segment could be had: `answered` of them, the others failed as listed.
    case tooFewRows(volume: VolumeID?, segment: Int, answered: Int, failures: [RowFailure])
    /// Four fragments are, by their hashes, what was uploaded, and yet do not open: the damage is older than the upload.
    case damagedAtOrigin(volume: VolumeID?, segment: Int, blob: BlobID?)
    /// A blob opens and is what its writer sealed, but cannot be unpacked or decoded.
    case malformed(BlobID, reason: String)
    /// The keys at hand do not include the epoch that a blob is sealed in.
    case unknownEpoch(EpochID, blob: BlobID)
    /// A segment of another drive's, or of nobody's that we know.
    case foreignSegment(VolumeID?, segment: Int)
    /// A prelude opens, but not as a prelude of this format.
    case malformedPrelude(VolumeID?, segment: Int, ScaleError)
    /// A node answers with other bytes than were sent to it.
    case sampleDiffers(VolumeID?, segment: Int, row: Int, node: AccountID)
    case sampleUnreadable(VolumeID?, segment: Int, RowFailure)

    public var description: String {
        switch self {
        case .unknownVolume(let volume): "volume \(volume) is not known"
        case .noSuchSegment(let volume, let segment): "there is no \(Self.place(volume, segment))"
        case .impossiblePointer(let reference):
            "the pointer of blob \(reference.id) to segment \(reference.pointer.segment) of volume "
                + "\(reference.pointer.volume) leads nowhere"
        case .tooFewRows(let volume, let segment, let answered, let failures):
            "\(Self.place(volume, segment)): only \(answered) of 12 rows could be read and 4 are needed ("
                + failures.map(\.description).joined(separator: "; ") + ")"
        case .damagedAtOrigin(let volume, let segment, let blob):
            "\(Self.place(volume, segment)) was damaged before it was uploaded"
                + (blob.map { " (blob \($0))" } ?? "")
        case .malformed(let blob, let reason): "blob \(blob) cannot be unpacked: \(reason)"
        case .unknownEpoch(let epoch, let blob):
            "blob \(blob) is sealed in epoch \(epoch), which is not open here"
        case .foreignSegment(let volume, let segment): "\(Self.place(volume, segment)) does not open with these keys"
        case .malformedPrelude(let volume, let segment, let error):
            "the prelude of \(Self.place(volume, segment)) cannot be read: \(error)"
        case .sampleDiffers(let volume, let segment, let row, let node):
            "node \(node) answers other bytes for row \(row + 1) of \(Self.place(volume, segment)) than it was sent"
        case .sampleUnreadable(let volume, let segment, let failure):
            "\(Self.place(volume, segment)) could not be read back: \(failure)"
        }
    }

    /// Whether enough rows may be had another time. Those that their nodes do not have, or not as they were sent, do not
    /// come back by waiting.
    public var isTemporary: Bool {
        guard case .tooFewRows(_, _, _, let failures) = self else { return false }
        let lost = Set(failures.filter(\.isLost).map(\.row)).count
        return VolumeRecord.Segment.fragmentCount - lost >= VolumeRecord.Segment.sufficientCount
    }

    /// Whether bytes that were there once are not: their volume may have been folded.
    var isAbsence: Bool {
        switch self {
        case .unknownVolume, .tooFewRows: true
        default: false
        }
    }

    private static func place(_ volume: VolumeID?, _ segment: Int) -> String {
        volume.map { "segment \(segment) of volume \($0)" } ?? "segment \(segment)"
    }
}

/// What became of asking for one row of a segment.
public struct RowFailure: Error, CustomStringConvertible {
    /// 0…11.
    public let row: Int
    public let node: AccountID
    public let reason: Reason

    public enum Reason: Sendable {
        /// The node is not registered, or its address is empty.
        case noEndpoint
        /// No answer, or none that was of use.
        case failed(any Error)
        /// Another number of bytes than was asked for.
        case wrongLength(Int)
        /// Bytes that do not have the fragment's hash, or were found out otherwise.
        case corrupt
    }

    fileprivate var isLost: Bool {
        switch reason {
        case .corrupt, .failed(NodeError.absent): true
        default: false
        }
    }

    public init(row: Int, node: AccountID, reason: Reason) {
        self.row = row
        self.node = node
        self.reason = reason
    }

    public var description: String {
        let what =
            switch reason {
            case .noEndpoint: "has no address"
            case .failed(let error): "\(error)"
            case .wrongLength(let count): "sent \(count) bytes, not those asked for"
            case .corrupt: "sent damaged bytes"
            }
        return "row \(row + 1), node \(node): \(what)"
    }
}
