internal import Drive
internal import DriveFormat
internal import FUSE
internal import Synchronization

/// A state of the drive that names are looked up in: the living drive, which goes on, or one commit under `.snapshots`.
final class View: Sendable {
    private let current: Mutex<(snapshot: Snapshot, generation: Int)>

    init(_ snapshot: Snapshot) { current = Mutex((snapshot, 0)) }

    var snapshot: Snapshot { current.withLock(\.snapshot) }
    /// Counts the states that it has been.
    var generation: Int { current.withLock(\.generation) }

    func replace(with snapshot: Snapshot) {
        current.withLock { $0 = (snapshot, $0.generation + 1) }
    }
}

/// A name in a directory.
struct Place: Hashable {
    let parent: InodeNumber
    let name: [UInt8]
}

/// What the kernel knows by a number. Its fields are read and changed under the lock of the table that holds it, save those
/// that never change.
final class Inode: @unchecked Sendable {  // see above
    let number: InodeNumber
    let view: View
    /// The name that it was found by.
    var place: Place
    /// More of its names that are known.
    var otherPlaces: [Place] = []
    /// What its names have in common where the drive has several.
    let group: LinkGroup?
    /// What it is: never one of several names, but what they stand for.
    var entry: Entry
    var linkCount: UInt32
    /// How often the kernel has been told of it and has not forgotten.
    var lookups: UInt64 = 0
    /// Whether names lead to it: not where something else has taken its place, and some program still has it open.
    var isNamed = true

    init(
        _ number: InodeNumber, in view: View, place: Place, group: LinkGroup?, entry: Entry, linkCount: UInt32
    ) {
        self.number = number
        self.view = view
        self.place = place
        self.group = group
        self.entry = entry
        self.linkCount = linkCount
    }
}
