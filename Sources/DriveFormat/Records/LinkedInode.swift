public import SCALE

/// What all names of one inode share: the value of the tree of link groups.
///
/// Format: Docs/Format/Entries.md, "Link groups".
public struct LinkedInode: Equatable, Sendable, ScaleCodable {
    /// How many names of the drive belong to it, as its writer counted them.
    public let names: UInt32
    /// Anything but a directory, in no group.
    public let entry: Entry

    public init(names: UInt32, entry: Entry) {
        self.names = names
        self.entry = entry
    }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        let offset = decoder.offset
        names = try decoder.integer()
        entry = try decoder.decode()
        guard names > 0, entry.type != .directory, entry.linkGroup == nil else {
            throw .invalid("a link group of \(names) names and a \(entry.type)", offset: offset)
        }
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.integer(names)
        encoder.encode(entry)
    }
}
