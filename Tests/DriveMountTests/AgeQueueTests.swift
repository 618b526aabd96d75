import FUSE
import Testing

@testable import DriveMount

struct AgeQueueTests {
    @Test func `inodes stand in the order in which they came, and have ages that nobody else has`() {
        var queue = AgeQueue()
        for number in (1...1000 as ClosedRange<UInt64>).reversed() { _ = queue.append(InodeNumber(rawValue: number)) }
        queue.removeAll { number, age in number.rawValue.isMultiple(of: 2) || age > 500 }
        #expect(queue.items.map(\.number.rawValue) == Array(stride(from: 999, through: 501, by: -2)))
        #expect(queue.append(.root) == 1001)
    }
}
