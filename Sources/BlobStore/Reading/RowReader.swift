internal import ErasureCoding
internal import Substrate

/// Ranges of a segment's rows, whoever of the twelve nodes answers.
struct RowReader: Sendable {
    let source: RowSource
    let options: ReadOptions
    private let code = ReedSolomon()
    private var health: NodeHealth { source.health }

    init(source: RowSource, options: ReadOptions) {
        self.source = source
        self.options = options
    }

    /// Windows of a data row, as fast as may be: from its node, or rebuilt from four others once that seems quicker.
    ///
    /// Nothing of it is checked but lengths.
    /// - Throws: `ReadError.tooFewRows`, or `CancellationError`.
    func pieces(_ row: Int, of place: SegmentPlace, windows: Range<Int>) async throws -> [RowCache.Piece] {
        if let ready = source.ready(row, of: place, windows: windows) { return ready }
        let byteCount = windows.count * SegmentGeometry.windowByteCount
        let others = ranking(of: place, byteCount: byteCount).filter { $0 != row }
        let known = others.compactMap { row in
            source.ready(row, of: place, windows: windows).map { (row: row, pieces: $0) }
        }
        var race = RowRace(
            wanted: row, others: others, known: known.map(\.row),
            asksRowFirst: isWorthAsking(row, before: others, of: place, byteCount: byteCount))
        let patience = patience(row, others: others, of: place, byteCount: byteCount)
        return try await withThrowingTaskGroup(of: RaceEvent.self) { group in
            defer { group.cancelAll() }
            var failures: [RowFailure] = []
            // Held here, since the cache may drop them meanwhile.
            var rows = Dictionary(uniqueKeysWithValues: known.map { ($0.row, $0.pieces) })
            var next = race.winner == nil ? race.start() : []
            var isWaiting = false
            while true {
                for row in next {
                    group.addTask { try await ask(row, of: place, windows: windows) }
                }
                if !isWaiting, race.canAskMore {
                    isWaiting = true
                    group.addTask {
                        try? await Task.sleep(for: patience)
                        return .impatience
                    }
                }
                switch race.winner {
                case .row: return rows[row] ?? []
                case .others(let choice):
                    let parts = choice.compactMap { row in
                        rows[row].map { (index: row, bytes: RowSource.join($0, windows: windows)) }
                    }
                    let bytes = try code.rebuild([row], from: parts)[0]
                    source.cache.insert(bytes, of: place.fragments[row], windows: windows)
                    return [RowCache.Piece(windows: windows, origin: windows.lowerBound, bytes: bytes)]
                case nil: break
                }
                guard !race.isLost, let event = try await group.next() else {
                    throw ReadError.tooFewRows(
                        volume: place.volume, segment: place.segment, answered: race.answeredCount, failures: failures)
                }
                switch event {
                case .bytes(let row, let pieces):
                    rows[row] = pieces
                    race.answered(row)
                    next = []
                case .failure(let failure):
                    failures.append(failure)
                    next = race.failed(failure.row)
                case .impatience:
                    try Task.checkCancellation()
                    isWaiting = false
                    next = health.takeHedge() ? race.hedge() : []
                }
            }
        }
    }

    /// A row's part, rebuilt from just these four others.
    func rebuild(
        _ wanted: [Int], of place: SegmentPlace, from choice: [Int], windows: Range<Int>
    ) async throws -> [[UInt8]] {
        try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
            for row in choice {
                group.addTask { (row, try await source.bytes(row, of: place, windows: windows)) }
            }
            var parts: [(index: Int, bytes: [UInt8])] = []
            for try await (row, bytes) in group { parts.append((row, bytes)) }
            return try code.rebuild(wanted, from: parts)
        }
    }

    /// All rows, best first: zeros are known, then nodes by what their bytes cost.
    func ranking(of place: SegmentPlace, byteCount: Int) -> [Int] {
        (0..<SegmentGeometry.rowCount)
            .map { (row: $0, cost: place.isZero($0) ? 0 : health.cost(place.nodes[$0], byteCount: byteCount)) }
            .sorted { ($0.cost, $0.row) < ($1.cost, $1.row) }
            .map(\.row)
    }

    private enum RaceEvent: Sendable {
        case bytes(row: Int, [RowCache.Piece])
        case failure(RowFailure)
        /// It takes longer than it should.
        case impatience
    }

    private func ask(_ row: Int, of place: SegmentPlace, windows: Range<Int>) async throws -> RaceEvent {
        do {
            return .bytes(row: row, try await source.pieces(row, of: place, windows: windows))
        } catch let failure as RowFailure {
            // The fetch may have been begun for another segment with the same fragment.
            return .failure(RowFailure(row: row, node: failure.node, reason: failure.reason))
        } catch {
            try Task.checkCancellation()
            return .failure(RowFailure(row: row, node: place.nodes[row], reason: .failed(error)))
        }
    }

    /// Not if it is known to be dead or to lie, as long as four others are better; nor if it is so slow that four
    /// others' bytes come far sooner, which take the line four times as long.
    private func isWorthAsking(_ row: Int, before others: [Int], of place: SegmentPlace, byteCount: Int) -> Bool {
        let own = health.cost(place.nodes[row], byteCount: byteCount)
        let fourth = health.cost(place.nodes[others[3]], byteCount: byteCount)
        guard health.isUsable(place.nodes[row]) else { return own <= fourth }
        return own <= max(0.25, 8 * health.cost(place.nodes[others[3]], byteCount: 4 * byteCount))
    }

    private func patience(_ row: Int, others: [Int], of place: SegmentPlace, byteCount: Int) -> Duration {
        let own = health.patience(place.nodes[row], byteCount: byteCount, options: options)
        let fourth = health.patience(place.nodes[others[3]], byteCount: byteCount, options: options)
        return min(own, max(options.leastHedge, fourth * 3))
    }
}
