public import DriveFormat

/// What can go wrong with a drive as its user sees it.
public enum DriveError: Error, CustomStringConvertible {
    /// Nothing is known here of a drive of this name.
    case noDrive(name: String, known: [String])
    /// The drive's first commit was never completed.
    case empty(name: String)
    /// There is a drive of this name here already.
    case driveExists(name: String)
    /// The phrase has no drive on this network, or none of this name.
    case nothingToRecover(name: String?)
    /// The phrase has several drives, and none was chosen.
    case severalDrives(names: [String])
    /// A name or a path that cannot stand in the drive.
    case invalidPath(String, reason: String)
    case notFound(DrivePath)
    case notADirectory(DrivePath)
    case isADirectory(DrivePath)
    /// What is no directory would take the place of one.
    case directoryInTheWay(DrivePath)
    /// A link, a fifo or a device, which has no content to read.
    case notAFile(DrivePath)
    /// One of several names of something that is not in the drive.
    case damagedName(DrivePath)
    case exists(DrivePath)
    case directoryNotEmpty(DrivePath)
    /// A source on this machine that cannot be read at all.
    case unreadable(path: String, reason: String)
    case unwritable(path: String, reason: String)
    /// A target on this machine that would be replaced.
    case targetExists(path: String)
    case diskFull(path: String)
    /// A newer commit of another machine is the head now.
    case newerHead(ours: UInt64, theirs: UInt64)
    /// The newest finalized block is older than is acceptable.
    case staleNetwork(ageSeconds: UInt64)
    case noSuchCommit(String)
    /// The ids of several commits begin in this way.
    case ambiguousCommit(String, ids: [String])
    /// A moment when the drive had no commit yet.
    case beforeFirstCommit(String, first: Timestamp)
    /// Neither a commit nor a moment can be meant.
    case noState(String)
    /// Something that only later versions can do.
    case needsNewerVersion(String)
    case stateDamaged(path: String, reason: String)

    static let lostInode = "what it and its other names stood for is missing"

    public var description: String {
        switch self {
        case .noDrive(let name, _): "there is no drive named '\(name)' here"
        case .empty(let name): "the drive '\(name)' has no complete commit yet"
        case .driveExists(let name): "there is a drive named '\(name)' here already"
        case .nothingToRecover(let name?): "this phrase has no drive named '\(name)' on this network"
        case .nothingToRecover(nil): "this phrase has no drive on this network"
        case .severalDrives(let names): "this phrase has \(names.count) drives: \(names.joined(separator: ", "))"
        case .invalidPath(let path, let reason): "'\(path)' is not a path of the drive: \(reason)"
        case .notFound(let path): "\(path) does not exist in the drive"
        case .notADirectory(let path): "\(path) is not a directory"
        case .isADirectory(let path): "\(path) is a directory"
        case .directoryInTheWay(let path): "the drive has a directory at \(path)"
        case .notAFile(let path): "\(path) is not a file"
        case .damagedName(let path): "\(path) is damaged: \(Self.lostInode)"
        case .exists(let path): "\(path) exists in the drive already"
        case .directoryNotEmpty(let path): "\(path) is a directory that is not empty"
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .unwritable(let path, let reason): "\(path) cannot be written: \(reason)"
        case .targetExists(let path): "\(path) exists already"
        case .diskFull(let path): "the disk is full at \(path)"
        case .newerHead(let ours, let theirs):
            "another machine has made commit \(theirs) since this one read commit \(ours)"
        case .staleNetwork(let age): "the network's newest final block is \(age) seconds old"
        case .needsNewerVersion(let what): "this version of cessdrive cannot copy \(what)"
        case .noSuchCommit(let which): "there is no commit '\(which)'"
        case .ambiguousCommit(let which, let ids): "\(ids.count) commits begin with '\(which)'"
        case .beforeFirstCommit(let text, let first):
            "the drive's first commit was made at \(Moment.second(first)), after '\(text)'"
        case .noState(let text): "'\(text)' names neither a commit nor a time"
        case .stateDamaged(let path, let reason): "\(path) is damaged: \(reason)"
        }
    }
}
