import FUSE
import Testing

@testable import DriveMount

struct AgeQueueTests {
    @Test func `inodes come out in the order in which they went in, the oldest first`() {
        var queue = AgeQueue()
        var ages: [UInt64] = []
        for number in 1...1000 as ClosedRange<UInt64> { ages.append(queue.append(InodeNumber(rawValue: number))) }
        #expect(ages == ages.sorted() && Set(ages).count == 1000)
        for number in 1...600 as ClosedRange<UInt64> {
            let first = queue.popFirst()
            #expect(first?.0 == InodeNumber(rawValue: number) && first?.1 == ages[Int(number) - 1])
        }
        #expect(queue.count == 400)
        queue.removeAll { number, _ in number.rawValue.isMultiple(of: 2) }
        #expect(queue.count == 200 && queue.popFirst()?.0 == InodeNumber(rawValue: 601))
        while queue.popFirst() != nil {}
        #expect(queue.count == 0)
        #expect(queue.append(.root) > ages[999], "an age is nobody's twice")
    }
}
