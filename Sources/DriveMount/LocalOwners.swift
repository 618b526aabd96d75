internal import DriveFormat
internal import Glibc
internal import Synchronization

/// The numbers that the drive's owners have on this machine, by their names, each asked for once.
final class LocalOwners: Sendable {
    private let users = Mutex<[[UInt8]: UInt32?]>([:])
    private let groups = Mutex<[[UInt8]: UInt32?]>([:])

    /// The number of the user of this name; the number in the drive where there is none.
    func user(_ owner: Owner) -> UInt32 {
        guard !owner.name.isEmpty else { return owner.id }
        return users.withLock { Self.number(of: owner.name, in: &$0, look: Self.userNumber) } ?? owner.id
    }

    func group(_ owner: Owner) -> UInt32 {
        guard !owner.name.isEmpty else { return owner.id }
        return groups.withLock { Self.number(of: owner.name, in: &$0, look: Self.groupNumber) } ?? owner.id
    }

    private static func number(
        of name: [UInt8], in known: inout [[UInt8]: UInt32?], look: ([CChar]) -> UInt32?
    ) -> UInt32? {
        if let number = known[name] { return number }
        let number = look(name.map { CChar(bitPattern: $0) } + [0])
        known[name] = .some(number)
        return number
    }

    private static func userNumber(_ name: [CChar]) -> UInt32? {
        var record = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard unsafe getpwnam_r(name, &record, &buffer, buffer.count, &found) == 0, unsafe found != nil else {
            return nil
        }
        return unsafe record.pw_uid
    }

    private static func groupNumber(_ name: [CChar]) -> UInt32? {
        var record = unsafe Glibc.group()
        var found: UnsafeMutablePointer<Glibc.group>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard unsafe getgrnam_r(name, &record, &buffer, buffer.count, &found) == 0, unsafe found != nil else {
            return nil
        }
        return unsafe record.gr_gid
    }
}
