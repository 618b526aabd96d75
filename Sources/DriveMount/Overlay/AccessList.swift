internal import DriveFormat

/// A POSIX ACL as it stands in an extended attribute (acl(5); linux/posix_acl_xattr.h).
struct AccessList: Equatable {
    static let access = Array("system.posix_acl_access".utf8)
    static let standard = Array("system.posix_acl_default".utf8)

    private struct Item: Equatable {
        let tag: UInt16
        var permissions: UInt16
        let id: UInt32
    }

    private static let version: UInt32 = 2
    private static let owner: UInt16 = 0x01
    private static let group: UInt16 = 0x04
    private static let mask: UInt16 = 0x10
    private static let others: UInt16 = 0x20

    private var items: [Item]

    /// Nil for what is none.
    init?(_ bytes: [UInt8]) {
        func number(_ offset: Int, _ count: Int) -> UInt32 {
            var value: UInt32 = 0
            for index in (0..<count).reversed() { value = value << 8 | UInt32(bytes[offset + index]) }
            return value
        }
        guard bytes.count >= 4, (bytes.count - 4).isMultiple(of: 8), number(0, 4) == Self.version else { return nil }
        items = stride(from: 4, to: bytes.count, by: 8).map { start in
            Item(
                tag: UInt16(number(start, 2)), permissions: UInt16(number(start + 2, 2)) & 7, id: number(start + 4, 4))
        }
        for tag in [Self.owner, Self.group, Self.others] where !items.contains(where: { $0.tag == tag }) { return nil }
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        func append(_ value: UInt32, _ count: UInt32) {
            for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
        }
        append(Self.version, 4)
        for item in items {
            append(UInt32(item.tag), 2)
            append(UInt32(item.permissions), 2)
            append(item.id, 4)
        }
        return bytes
    }

    private subscript(tag: UInt16) -> UInt16? { items.first { $0.tag == tag }?.permissions }

    private mutating func set(_ tag: UInt16, _ permissions: UInt16) {
        for index in items.indices where items[index].tag == tag { items[index].permissions = permissions & 7 }
    }

    /// The nine permission bits that stand for it: the mask is in the place of the group.
    var mode: UInt16 {
        let group = self[Self.mask] ?? self[Self.group] ?? 0
        return (self[Self.owner] ?? 0) << 6 | group << 3 | (self[Self.others] ?? 0)
    }

    /// Whether it says no more than nine bits do.
    var isPlain: Bool { items.count == 3 }

    /// What chmod(2) does to it.
    mutating func set(mode: UInt16) {
        set(Self.owner, mode >> 6)
        set(self[Self.mask] != nil ? Self.mask : Self.group, mode >> 3)
        set(Self.others, mode)
    }

    /// What a new file gets of a directory's default: no more than its maker has asked for.
    mutating func restrict(to mode: UInt16) { set(mode: self.mode & mode) }
}
