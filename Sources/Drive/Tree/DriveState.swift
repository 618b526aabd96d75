internal import DriveFormat
internal import SCALE

/// What the drive is at a commit: the root directory, and the inodes that have several names in it.
struct DriveState: Equatable, Sendable, ScaleCodable {
    var root: Entry
    /// The tree of link groups; nil where nothing has several names.
    var links: TreeRoot? = nil

    /// The same state with its trees named by blob ids alone, so that equal states are equal.
    var named: DriveState {
        var root = root
        if let tree = root.directory { root.content = .directory(tree.named) }
        return DriveState(root: root, links: links?.named)
    }

    init(root: Entry, links: TreeRoot? = nil) {
        self.root = root
        self.links = links
    }

    init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        root = try decoder.decode()
        links = try decoder.option()
    }

    /// - Precondition: named by blob ids, as entries are.
    func encode(to encoder: inout ScaleEncoder) {
        encoder.encode(root)
        encoder.option(links)
    }
}
