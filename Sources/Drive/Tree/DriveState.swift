internal import DriveFormat

/// What the drive is at a commit: the root directory, and the inodes that have several names in it.
struct DriveState: Equatable, Sendable {
    var root: Entry
    /// The tree of link groups; nil where nothing has several names.
    var links: TreeRoot? = nil
}
