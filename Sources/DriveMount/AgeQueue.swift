internal import FUSE

/// Inodes, the oldest first. One may stand in it several times: what counts is where it was put last.
struct AgeQueue {
    private var items: [(number: InodeNumber, age: UInt64)] = []
    private var first = 0
    private var lastAge: UInt64 = 0

    var count: Int { items.count - first }

    /// - Returns: its age: the greater, the younger.
    mutating func append(_ number: InodeNumber) -> UInt64 {
        lastAge += 1
        items.append((number, lastAge))
        return lastAge
    }

    mutating func popFirst() -> (InodeNumber, UInt64)? {
        guard first < items.count else { return nil }
        defer {
            first += 1
            if first > items.count / 2 {
                items.removeSubrange(..<first)
                first = 0
            }
        }
        return items[first]
    }

    mutating func removeAll(where isOver: (InodeNumber, UInt64) -> Bool) {
        items = items[first...].filter { !isOver($0.number, $0.age) }
        first = 0
    }
}
