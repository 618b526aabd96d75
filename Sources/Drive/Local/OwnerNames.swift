public import DriveFormat
internal import Glibc
internal import Synchronization

/// This machine's users and groups by number and by name, each asked for once.
public final class OwnerNames: Sendable {
    private let users = Mutex<[UInt32: [UInt8]]>([:])
    private let groups = Mutex<[UInt32: [UInt8]]>([:])
    private let userNumbers = Mutex<[[UInt8]: UInt32?]>([:])
    private let groupNumbers = Mutex<[[UInt8]: UInt32?]>([:])

    public init() {}

    /// A user of this machine as the drive keeps it: without a name where it has none.
    public func user(_ id: UInt32) -> Owner {
        Owner(id: id, name: users.withLock { Self.name(id, in: &$0, look: Self.userName) })
    }

    public func group(_ id: UInt32) -> Owner {
        Owner(id: id, name: groups.withLock { Self.name(id, in: &$0, look: Self.groupName) })
    }

    /// The number that a user of the drive has on this machine, by its name; where no one has this name, the number that it had
    /// where it was stored.
    public func number(ofUser owner: Owner) -> UInt32 {
        userNumbers.withLock { Self.number(owner, in: &$0, look: Self.userNumber) }
    }

    public func number(ofGroup owner: Owner) -> UInt32 {
        groupNumbers.withLock { Self.number(owner, in: &$0, look: Self.groupNumber) }
    }

    private static func name(
        _ id: UInt32, in known: inout [UInt32: [UInt8]], look: (UInt32) -> [UInt8]
    ) -> [UInt8] {
        if let name = known[id] { return name }
        let name = look(id)
        known[id] = name
        return name
    }

    private static func number(
        _ owner: Owner, in known: inout [[UInt8]: UInt32?], look: ([CChar]) -> UInt32?
    ) -> UInt32 {
        guard !owner.name.isEmpty else { return owner.id }
        if let number = known[owner.name] { return number ?? owner.id }
        let number = look(owner.name.map { CChar(bitPattern: $0) } + [0])
        known[owner.name] = .some(number)
        return number ?? owner.id
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

    private static func userNumber(_ name: [CChar]) -> UInt32? {
        var record = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        let result = unsafe getpwnam_r(name, &record, &buffer, buffer.count, &found)
        return unsafe result == 0 && found != nil ? record.pw_uid : nil
    }

    private static func groupNumber(_ name: [CChar]) -> UInt32? {
        var record = unsafe Glibc.group()
        var found: UnsafeMutablePointer<Glibc.group>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        let result = unsafe getgrnam_r(name, &record, &buffer, buffer.count, &found)
        return unsafe result == 0 && found != nil ? record.gr_gid : nil
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
