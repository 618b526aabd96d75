/// Which four rows to rebuild from next, where some of those tried so far lied: first the best, then the next best
/// that share none with them, then any.
struct RowChoices {
    private var ranked: [Int]
    private let avoided: Set<Int>
    private var tried: Set<Set<Int>> = []
    private var state: UInt64 = 0x9e37_79b9_7f4a_7c15

    /// - Parameters:
    ///   - ranked: all rows, best first.
    ///   - avoided: rows already found wrong or likely so; they take part only where it does not go without them.
    init(ranked: [Int], avoided: Set<Int>) {
        self.ranked = ranked.filter { !avoided.contains($0) } + ranked.filter(avoided.contains)
        self.avoided = avoided
    }

    /// A row cannot be had.
    mutating func remove(_ row: Int) { ranked.removeAll { $0 == row } }

    /// Nil when every choice has been tried.
    mutating func next() -> [Int]? {
        let good = ranked.filter { !avoided.contains($0) }
        let pool = good.count >= 4 ? good : ranked
        guard pool.count >= 4 else { return nil }
        for start in [0, 4] where pool.count >= start + 4 {
            if let choice = taken(Array(pool[start..<start + 4])) { return choice }
        }
        // Wanting every choice of four of twelve is wanting 495; chance finds those left soon enough.
        for _ in 0..<200 {
            var rest = pool
            let drawn = (0..<4).map { _ in rest.remove(at: random(below: rest.count)) }
            if let choice = taken(drawn) { return choice }
        }
        return nil
    }

    private mutating func taken(_ choice: [Int]) -> [Int]? { tried.insert(Set(choice)).inserted ? choice : nil }

    /// Always the same sequence: a run can be repeated.
    private mutating func random(below bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }
}
