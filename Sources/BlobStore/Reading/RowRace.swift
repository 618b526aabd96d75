/// Decides which rows to ask for in order to get the bytes of one: the row itself, or any four others.
///
/// Pure: what happens goes in, rows to ask come out. Bytes of any row may be those of zeros, known beforehand.
struct RowRace {
    enum Winner: Equatable {
        case row
        /// Four other rows, from which it is rebuilt.
        case others([Int])
    }

    private let wanted: Int
    /// Rows not asked yet, best first; the wanted one stands among them until it is asked.
    private var waiting: [Int]
    private var asked: Set<Int> = []
    private var answered: [Int] = []
    private var hasRow = false
    /// How many other rows should be there or on their way.
    private var target = 0

    /// - Parameters:
    ///   - wanted: the row.
    ///   - others: the rows that may stand in for it, best first.
    ///   - known: those of them whose bytes are there already.
    ///   - asksRowFirst: whether the row's own node is worth waiting for.
    init(wanted: Int, others: [Int], known: [Int] = [], asksRowFirst: Bool) {
        self.wanted = wanted
        answered = known
        waiting = others.filter { !known.contains($0) }
        if asksRowFirst { waiting.insert(wanted, at: 0) } else { waiting.append(wanted) }
    }

    var winner: Winner? {
        if hasRow { return .row }
        return answered.count >= 4 ? .others(Array(answered.prefix(4))) : nil
    }

    /// Whether the row's bytes cannot be had any more.
    var isLost: Bool { winner == nil && asked.isEmpty && waiting.isEmpty }
    var canAskMore: Bool { !waiting.isEmpty }
    /// Rows that answered.
    var answeredCount: Int { answered.count + (hasRow ? 1 : 0) }

    /// The first rows to ask.
    mutating func start() -> [Int] {
        if waiting.first == wanted {
            asked.insert(waiting.removeFirst())
            return [wanted]
        }
        target = 4
        return refill()
    }

    /// It takes longer than it should: four other rows, or one more than were asked before.
    mutating func hedge() -> [Int] {
        target = target == 0 ? 4 : target + 1
        return refill()
    }

    mutating func answered(_ row: Int) {
        asked.remove(row)
        if row == wanted { hasRow = true } else { answered.append(row) }
    }

    /// - Returns: the rows to ask instead.
    mutating func failed(_ row: Int) -> [Int] {
        asked.remove(row)
        if row == wanted { target = max(target, 4) }
        return refill()
    }

    private mutating func refill() -> [Int] {
        var next: [Int] = []
        while asked.count(where: { $0 != wanted }) + answered.count < target, !waiting.isEmpty {
            let row = waiting.removeFirst()
            asked.insert(row)
            next.append(row)
        }
        return next
    }
}
