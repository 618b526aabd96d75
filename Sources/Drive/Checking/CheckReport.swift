internal import BlobStore
internal import DriveFormat
internal import SCALE

/// How thoroughly a drive is looked through.
public struct CheckOptions: Sendable {
    /// Whether the contents of files are read and opened, too, not only what leads to them.
    public var readsContents = false
    /// Of the contents, how many: 1 for all, 0.05 for one chunk of twenty, drawn anew each time.
    public var sample = 1.0
    /// Called with what is being done, and how many bytes of contents of how many were read.
    public var progress: @Sendable (_ stage: String, _ done: Int, _ total: Int?) -> Void = { _, _, _ in }

    public init() {}
}

/// What a check looked at. What occurs in several places is counted once, unless something is wrong with it.
public struct CheckReport: Sendable {
    /// The commit's id.
    public let commit: String
    public internal(set) var volumes = 0
    public internal(set) var segments = 0
    /// Entries of the index, older ones of one blob counted as well.
    public internal(set) var indexEntries = 0
    /// Nodes of all trees that were read and opened.
    public internal(set) var nodes = 0
    public internal(set) var directories = 0
    public internal(set) var files = 0
    public internal(set) var chunks = 0
    /// Of contents that were read and opened.
    public internal(set) var chunksRead = 0
    public internal(set) var bytesRead: UInt64 = 0
    public internal(set) var damaged = 0
    /// What could not be looked at, since too few nodes answered.
    public internal(set) var unreachable = 0
    /// Whether the index could not be read whole, or does not know a blob that is named.
    public internal(set) var isIndexDamaged = false
}

/// Something that a check found wrong.
public struct CheckFinding: Sendable {
    public enum Subject: Sendable {
        /// What is at a path of the drive, with all below it that could not be read either.
        case path(DrivePath)
        /// A volume, by its id in hexadecimal digits.
        case volume(String)
        case commit
        case index
        case volumeSet
        /// What files of several names share.
        case links
    }

    public let subject: Subject
    /// False where too few nodes answered: another time it may be there.
    public let isDamaged: Bool
    public let reason: String
}

/// What keeps something from being read, told apart: what is damaged, and what nodes that do not answer may still have.
enum Obstacle {
    case damage
    case absence

    /// - Returns: nil for what says nothing of the drive: no server, a full disk, an interruption.
    init?(_ error: any Error) {
        switch error {
        case let error as ReadError: self = error.isTemporary ? .absence : .damage
        case is ProllyError, is ScaleError, is DriveError: self = .damage
        default: return nil
        }
    }
}
