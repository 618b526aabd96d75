/// The extents of one file, in order and without overlaps.
///
/// Two levels: small sorted arrays in a sorted array. In one array, a write of 4 KiB into a fragmented file of 1 GiB would move
/// five megabytes of extents. Copies share what neither has changed, which makes freezing a file cheap.
struct ExtentMap {
    /// None of them is empty.
    private var leaves: [[Extent]] = []
    private static let leafCapacity = 256

    private struct Place {
        var leaf: Int
        var index: Int
    }

    var isEmpty: Bool { leaves.isEmpty }
    var count: Int { leaves.reduce(0) { $0 + $1.count } }

    /// Every extent that overlaps the range, whole, in order.
    func forEach(in range: Range<UInt64>, _ body: (Extent) -> Void) {
        var place = place(of: range.lowerBound)
        while place.leaf < leaves.count {
            while place.index < leaves[place.leaf].count {
                let extent = leaves[place.leaf][place.index]
                if extent.start >= range.upperBound { return }
                body(extent)
                place.index += 1
            }
            place = Place(leaf: place.leaf + 1, index: 0)
        }
    }

    /// What of the extents lies in the range, in order.
    func clipped(to range: Range<UInt64>) -> [Extent] {
        var parts: [Extent] = []
        if range.isEmpty { return parts }
        forEach(in: range) { parts.append($0.clipped(to: range)) }
        return parts
    }

    /// Where no extent lies, in order.
    func gaps(in range: Range<UInt64>) -> [Range<UInt64>] {
        var gaps: [Range<UInt64>] = []
        var end = range.lowerBound
        forEach(in: range) { extent in
            if extent.start > end { gaps.append(end..<extent.start) }
            end = max(end, extent.end)
        }
        if end < range.upperBound { gaps.append(end..<range.upperBound) }
        return gaps
    }

    /// Sets the used bit of what overlaps the range.
    mutating func markUsed(_ range: Range<UInt64>) {
        var place = place(of: range.lowerBound)
        while place.leaf < leaves.count {
            while place.index < leaves[place.leaf].count {
                if leaves[place.leaf][place.index].start >= range.upperBound { return }
                // Looked at before it is written: a leaf that a frozen file shares would be copied.
                if !leaves[place.leaf][place.index].isUsed { leaves[place.leaf][place.index].isUsed = true }
                place.index += 1
            }
            place = Place(leaf: place.leaf + 1, index: 0)
        }
    }

    /// Puts an extent, or nothing, in the place of whatever lies in the range, and appends that to `removed`.
    ///
    /// - Precondition: `new` fills the range; it is not empty.
    mutating func replace(_ range: Range<UInt64>, with new: Extent?, removed: inout [Extent]) {
        let first = place(of: range.lowerBound)
        var (before, after): (Extent?, Extent?)
        var end = first
        while end.leaf < leaves.count {
            let leaf = leaves[end.leaf]
            while end.index < leaf.count, leaf[end.index].start < range.upperBound {
                let extent = leaf[end.index]
                removed.append(extent.clipped(to: range))
                if extent.start < range.lowerBound {
                    before = extent.clipped(to: extent.start..<range.lowerBound)
                }
                if extent.end > range.upperBound { after = extent.clipped(to: range.upperBound..<extent.end) }
                end.index += 1
            }
            if end.index < leaf.count || end.leaf + 1 == leaves.count { break }
            if leaves[end.leaf + 1][0].start >= range.upperBound { break }
            end = Place(leaf: end.leaf + 1, index: 0)
        }
        splice(first, end, before, new, after)
    }

    /// Removes what lies between two places and puts up to three extents there.
    private mutating func splice(_ first: Place, _ end: Place, _ a: Extent?, _ b: Extent?, _ c: Extent?) {
        guard first.leaf < leaves.count else {
            let new = [a, b, c].compactMap { $0 }
            if !new.isEmpty { leaves.append(new) }
            return
        }
        if first.leaf == end.leaf {
            leaves[first.leaf].removeSubrange(first.index..<end.index)
        } else {
            leaves[end.leaf].removeSubrange(0..<end.index)
            leaves[first.leaf].removeSubrange(first.index...)
        }
        // Backwards, each before the one that follows it.
        if let c { leaves[first.leaf].insert(c, at: first.index) }
        if let b { leaves[first.leaf].insert(b, at: first.index) }
        if let a { leaves[first.leaf].insert(a, at: first.index) }
        if first.leaf != end.leaf {
            let isLastEmpty = leaves[end.leaf].isEmpty
            leaves.removeSubrange(first.leaf + 1..<(isLastEmpty ? end.leaf + 1 : end.leaf))
        }
        if leaves[first.leaf].isEmpty { leaves.remove(at: first.leaf) } else { split(first.leaf) }
    }

    private mutating func split(_ leaf: Int) {
        let count = leaves[leaf].count
        guard count > Self.leafCapacity else { return }
        // A file that is written from its start to its end leaves full leaves behind.
        let isLast = leaf + 1 == leaves.count
        let kept = isLast ? Self.leafCapacity : count / 2
        let tail = Array(leaves[leaf][kept...])
        leaves[leaf].removeSubrange(kept...)
        leaves.insert(tail, at: leaf + 1)
    }

    /// The first extent that ends behind the offset; if there is none, the end of the last leaf.
    private func place(of offset: UInt64) -> Place {
        // The last leaf that begins at the offset or before it.
        let next = firstIndex(0..<leaves.count) { leaves[$0][0].start > offset }
        let leaf = max(next - 1, 0)
        guard leaf < leaves.count else { return Place(leaf: 0, index: 0) }
        let index = firstIndex(0..<leaves[leaf].count) { leaves[leaf][$0].end > offset }
        if index == leaves[leaf].count, leaf + 1 < leaves.count { return Place(leaf: leaf + 1, index: 0) }
        return Place(leaf: leaf, index: index)
    }

    /// The first index for which the condition holds, which then holds for all that follow.
    private func firstIndex(_ range: Range<Int>, _ isBehind: (Int) -> Bool) -> Int {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if isBehind(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
