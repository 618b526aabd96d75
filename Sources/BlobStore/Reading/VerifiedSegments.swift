internal import CESS
internal import DriveFormat
internal import ErasureCoding
internal import Primitives
internal import Synchronization

/// Whole segments of which every byte has been checked, for those where a node was caught lying.
///
/// A range cannot be checked by itself: only a whole fragment has a hash that we know. So such a segment is fetched
/// whole, once, and kept while there is room.
final class VerifiedSegments: Sendable {
    private struct State {
        /// By the segments' own hashes.
        var marked: Set<Bytes32> = []
        /// Least lately used first.
        var kept: [(hash: Bytes32, fetch: SharedTask<[UInt8]>)] = []
    }

    private let source: RowSource
    private let limit: Int
    private let state = Mutex(State())

    init(source: RowSource, limit: Int) {
        self.source = source
        self.limit = max(1, limit)
    }

    func isMarked(_ place: SegmentPlace) -> Bool { state.withLock { $0.marked.contains(place.hash) } }

    /// From now on this segment is read verified.
    func mark(_ place: SegmentPlace) { _ = state.withLock { $0.marked.insert(place.hash) } }

    /// The segment's bytes, decoded from four fragments with the right hashes.
    ///
    /// - Throws: `ReadError.tooFewRows` if four cannot be had.
    func bytes(of place: SegmentPlace) async throws -> [UInt8] {
        while true {
            let fetch = fetch(of: place)
            do { return try await fetch.value() } catch {
                if fetch.result != nil { forget(fetch) }
                guard error is SharedTask<[UInt8]>.Abandoned else { throw error }
            }
        }
    }

    /// The one that is kept, or under way, or else a new one.
    private func fetch(of place: SegmentPlace) -> SharedTask<[UInt8]> {
        let source = source
        return state.withLock { state in
            if let index = state.kept.firstIndex(where: { $0.hash == place.hash }) {
                let entry = state.kept.remove(at: index)
                state.kept.append(entry)
                return entry.fetch
            }
            let fetch = SharedTask { try await Self.fetch(place, source: source) }
            state.kept.append((place.hash, fetch))
            if state.kept.count > limit { state.kept.removeFirst() }
            return fetch
        }
    }

    private func forget(_ fetch: SharedTask<[UInt8]>) { state.withLock { $0.kept.removeAll { $0.fetch === fetch } } }

    private static func fetch(_ place: SegmentPlace, source: RowSource) async throws -> [UInt8] {
        let whole = 0..<SegmentGeometry.fragmentByteCount
        var waiting = (0..<SegmentGeometry.rowCount)
            .filter { !place.isZero($0) }
            .map { (row: $0, cost: source.health.cost(place.nodes[$0], byteCount: whole.count)) }
            .sorted { ($0.cost, $0.row) < ($1.cost, $1.row) }
            .map(\.row)[...]
        var good: [(index: Int, bytes: [UInt8])] = (0..<SegmentGeometry.rowCount).filter(place.isZero).prefix(4)
            .map { ($0, [UInt8](repeating: 0, count: whole.count)) }
        var failures: [RowFailure] = []
        try await withThrowingTaskGroup(of: (Int, Result<[UInt8], RowFailure>).self) { group in
            defer { group.cancelAll() }
            var running = 0
            while good.count < 4 {
                while good.count + running < 4, let row = waiting.popFirst() {
                    running += 1
                    group.addTask { (row, try await check(row, of: place, source: source)) }
                }
                guard let (row, result) = try await group.next() else { return }
                running -= 1
                switch result {
                case .success(let bytes): good.append((row, bytes))
                case .failure(let failure): failures.append(failure)
                }
            }
        }
        guard good.count >= 4 else {
            throw ReadError.tooFewRows(
                volume: place.volume, segment: place.segment, answered: good.count, failures: failures)
        }
        return try assemble(good)
    }

    private static func check(
        _ row: Int, of place: SegmentPlace, source: RowSource
    ) async throws -> Result<[UInt8], RowFailure> {
        do {
            let bytes = try await source.bytes(row, of: place, range: 0..<SegmentGeometry.fragmentByteCount)
            guard SHA256.hash(bytes) == place.fragments[row].bytes else {
                source.health.lied(place.nodes[row])
                source.cache.drop(place.fragments[row])
                return .failure(RowFailure(row: row, node: place.nodes[row], reason: .corrupt))
            }
            return .success(bytes)
        } catch let failure as RowFailure {
            return .failure(failure)
        }
    }

    private static func assemble(_ rows: [(index: Int, bytes: [UInt8])]) throws -> [UInt8] {
        let missing = (0..<SegmentGeometry.dataRowCount).filter { row in !rows.contains { $0.index == row } }
        let rebuilt = missing.isEmpty ? [] : try ReedSolomon().rebuild(missing, from: rows)
        let data = rows + zip(missing, rebuilt).map { (index: $0, bytes: $1) }
        var segment: [UInt8] = []
        segment.reserveCapacity(SegmentLayout.byteCount)
        for row in 0..<SegmentGeometry.dataRowCount {
            for shard in data where shard.index == row { segment += shard.bytes }
        }
        return segment
    }
}
