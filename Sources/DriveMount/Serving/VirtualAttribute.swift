internal import BlobStore
internal import Drive
internal import DriveFormat
internal import FUSE
internal import Glibc
internal import SystemPackage

/// Extended attributes that the mount itself answers. They are not listed, so that no copy takes them along.
enum VirtualAttribute: String, CaseIterable {
    /// How far a file is on its way to the network: `local`, or a stage.
    case stage = "user.cessdrive.stage"
    /// The volume that holds a file's first byte; of what is in the drive, and not in a directory's entry.
    case volume = "user.cessdrive.volume"

    init?(_ name: [UInt8]) {
        guard let found = Self.allCases.first(where: { Array($0.rawValue.utf8) == name }) else { return nil }
        self = found
    }
}

extension MountedDrive {
    func attribute(_ attribute: VirtualAttribute, of inode: Inode, limit: Int, _ reply: Reply<AttributeValue>) {
        let (content, committing) = with { (inode.content, $0.committing) }
        switch attribute {
        case .stage:
            let stage = committing.stage(of: content.revision)
            reply(AttributeValue(Array((stage?.description ?? "local").utf8), limit: limit))
        case .volume:
            guard content.revision == nil else { return reply.fail(Errno(rawValue: ENODATA)) }
            let snapshot = inode.view.snapshot
            later(reply) {
                guard let volume = try await snapshot.volume(of: content.entry) else { throw Errno(rawValue: ENODATA) }
                return AttributeValue(Array(volume.utf8), limit: limit)
            }
        }
    }
}
