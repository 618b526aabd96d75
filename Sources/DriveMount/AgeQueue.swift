internal import FUSE

/// Inodes, the oldest first. One may stand in it several times: what counts is where it was put last.
struct AgeQueue {
    private(set) var items: [(number: InodeNumber, age: UInt64)] = []
    /// That of the youngest one: so many were put into it.
    private(set) var lastAge: UInt64 = 0

    /// - Returns: its age: the greater, the younger.
    mutating func append(_ number: InodeNumber) -> UInt64 {
        lastAge += 1
        items.append((number, lastAge))
        return lastAge
    }

    mutating func removeAll(where isOver: (InodeNumber, UInt64) -> Bool) {
        items.removeAll { isOver($0.number, $0.age) }
    }
}
