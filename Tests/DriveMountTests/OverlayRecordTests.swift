import DriveFormat
import FUSE
import LocalCache
import Primitives
import SCALE
import Sealing
import Testing

@testable import DriveMount

struct OverlayRecordTests {
    private static let time = Timestamp(seconds: 1_700_000_000, nanoseconds: 5)

    private static var content: InodeContent {
        var entry = Entry(type: .file, mode: 0o640, owner: Owner(id: 7, name: [1]), modified: time, changed: time)
        entry.content = .inline([1, 2, 3])
        entry.size = 3
        var content = InodeContent(entry: entry, group: LinkGroup(.random()), linkCount: 2)
        content.size = 1 << 40
        content.file = FileNumber(9)
        content.baseLimit = 2
        content.attributes = [Attribute(name: [5], value: [6])]
        content.base = entry
        entry.mode = 0o600
        content.staged = StagedInode(entry: entry, own: content.base, base: entry)
        return content
    }

    @Test func `keys are read as they were written`() {
        let place = Place(parent: InodeNumber(rawValue: .max - 1), name: Array("name".utf8))
        for key in [OverlayKey.inode(.root), .name(place), .content([1, 2]), .node([3]), .attempt] {
            #expect(OverlayKey(key.bytes) == key)
        }
    }

    @Test func `what is no key is none`() {
        let bad: [[UInt8]] = [
            [], [0], [1], [5, 0], [1, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0, 0, 0], [2, 0, 0, 0, 0, 0, 0, 0, 0], [9, 9],
        ]
        for bytes in bad { #expect(OverlayKey(bytes) == nil) }
        #expect(OverlayKey([2, 0, 0, 0, 0, 0, 0, 0, 0, UInt8(ascii: "/")]) == nil)
    }

    @Test func `an inode is read as it was written`() throws {
        let content = Self.content
        let read = try InodeRecord(scaleBytes: InodeRecord(content).scaleBytes).content
        #expect(read.entry == content.entry && read.group == content.group && read.linkCount == 2)
        #expect(read.size == content.size && read.file == content.file && read.baseLimit == 2)
        #expect(read.attributes == content.attributes && read.revision == nil)
        #expect(read.base == content.base && read.staged == content.staged)
    }

    @Test func `the root's tree, which is named in another way, is left to the drive`() throws {
        var content = Self.content
        content.entry = Entry(type: .directory, mode: 0o755, modified: Self.time, changed: Self.time)
        let reference = [UInt8](repeating: 1, count: BlobReference.byteCount)
        content.entry.content = .directory(TreeRoot(reference: reference, level: 0, count: 4, bytes: 0))
        content.base = content.entry
        content.staged = StagedInode(entry: content.entry, own: content.entry, base: content.entry)
        let read = try InodeRecord(scaleBytes: InodeRecord(content).scaleBytes).content
        #expect(read.isNew && read.base?.content == .newDirectory)
        #expect(read.staged?.entry.content == .newDirectory && read.staged?.base?.content == .newDirectory)
    }

    @Test func `a name is read as it was written`() throws {
        let entry = Self.content.entry
        for staged in [
            nil, StagedName(entry: nil), StagedName(entry: entry, isReplaced: true),
            StagedName(entry: entry, isShared: true),
        ] {
            let edit = NameEdit(inode: nil, base: entry, inDrive: .single, isSame: false, revision: 3, staged: staged)
            let read = try NameRecord(scaleBytes: NameRecord(edit).scaleBytes)
            #expect(read.inode == nil && read.base == entry && read.isInBase && !read.isSame && read.staged == staged)
        }
    }

    @Test func `records that are cut off or damaged are errors`() {
        let edit = NameEdit(inode: nil, base: Self.content.entry, inDrive: .single, isSame: true, revision: 3)
        let (inode, name) = (InodeRecord(Self.content).scaleBytes, NameRecord(edit).scaleBytes)
        for count in 0..<inode.count {
            #expect(throws: ScaleError.self) { try InodeRecord(scaleBytes: Array(inode.prefix(count))) }
        }
        for count in 0..<name.count {
            #expect(throws: ScaleError.self) { try NameRecord(scaleBytes: Array(name.prefix(count))) }
        }
        for index in inode.indices {
            var damaged = inode
            damaged[index] ^= 0xff
            // Whatever comes out, it does not trap.
            _ = try? InodeRecord(scaleBytes: damaged)
        }
    }
}
