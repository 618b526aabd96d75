internal import DriveFormat
internal import Glibc
internal import Synchronization

/// The names of this machine's users and groups, asked for once each.
final class OwnerNames: Sendable {
    private let users = Mutex<[UInt32: [UInt8]]>([:])
    private let groups = Mutex<[UInt32: [UInt8]]>([:])

    func user(_ id: UInt32) -> Owner {
        Owner(id: id, name: users.withLock { Self.name(id, in: &$0, look: Self.userName) })
    }

    func group(_ id: UInt32) -> Owner {
        Owner(id: id, name: groups.withLock { Self.name(id, in: &$0, look: Self.groupName) })
    }

    private static func name(
        _ id: UInt32, in known: inout [UInt32: [UInt8]], look: (UInt32) -> [UInt8]
    ) -> [UInt8] {
        if let name = known[id] { return name }
        let name = look(id)
        known[id] = name
        return name
    }

    private static func userName(_ id: UInt32) -> [UInt8] {
        var record = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard unsafe getpwuid_r(id, &record, &buffer, buffer.count, &found) == 0, unsafe found != nil else { return [] }
        return unsafe bytes(of: record.pw_name)
    }

    private static func groupName(_ id: UInt32) -> [UInt8] {
        var record = unsafe Glibc.group()
        var found: UnsafeMutablePointer<Glibc.group>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard unsafe getgrgid_r(id, &record, &buffer, buffer.count, &found) == 0, unsafe found != nil else { return [] }
        return unsafe bytes(of: record.gr_name)
    }

    private static func bytes(of text: UnsafeMutablePointer<CChar>?) -> [UInt8] {
        guard let text = unsafe text else { return [] }
        return unsafe Array(UnsafeBufferPointer(start: text, count: strlen(text))).map { UInt8(bitPattern: $0) }
    }
}

extension Owner {
    /// Who runs this program.
    static var current: Owner { OwnerNames().user(geteuid()) }
    static var currentGroup: Owner { OwnerNames().group(getegid()) }
}
