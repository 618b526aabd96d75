internal import DriveFormat

/// A draft in the pieces that it is stored by: holes as a file system has them, which are whole blocks, and around them data.
struct DraftPieces {
    enum Source {
        case draft, base
        /// A hole's rest that is shorter than a block.
        case zeros
    }

    enum Piece {
        case bytes(Range<UInt64>, Source)
        /// A whole chunk of the base; `isLast` as in `DraftRuns.Run`.
        case chunk(ChunkKey, Range<UInt64>, isLast: Bool)
        case hole(UInt64)
    }

    /// A hole begins and ends with a block, or with the file. So many short gaps do not become as many chunks, and a sparse
    /// file has the holes that it would have on a disk.
    static let blockByteCount: UInt64 = 4096

    private let size: UInt64
    private var runs: DraftRuns
    private var ahead: DraftRuns.Run?
    private var followsBase = false
    private var waiting: [Piece] = []

    init(_ draft: FileDraft, in trees: DriveTrees) {
        size = draft.size
        runs = DraftRuns(draft, in: trees)
    }

    mutating func next() async throws -> Piece? {
        while waiting.isEmpty {
            guard let run = try await take() else { return nil }
            switch run {
            case .draft(let range): waiting = [.bytes(range, .draft)]
            case .base(let range): waiting = [.bytes(range, .base)]
            case .chunk(let chunk, let range, let isLast):
                waiting = [fitsInEntry ? .bytes(range, .base) : .chunk(chunk, range, isLast: isLast)]
            case .hole(let hole): waiting = try await pieces(hole)
            }
            followsBase = run.isBase
        }
        return waiting.removeFirst()
    }

    /// Such a file stands in its entry, whatever it consists of.
    private var fitsInEntry: Bool { size <= UInt64(Content.inlineByteLimit) }

    private mutating func take() async throws -> DraftRuns.Run? {
        if let run = ahead.take() { return run }
        return try await runs.next()
    }

    /// A hole with those that follow it.
    private mutating func pieces(_ first: DraftRuns.Hole) async throws -> [Piece] {
        var (range, endsInBase) = (first.range, first.endsInBase)
        ahead = try await runs.next()
        while case .hole(let more)? = ahead {
            range = range.lowerBound..<more.range.upperBound
            endsInBase = more.endsInBase
            ahead = try await runs.next()
        }
        // Where the base has it so, the data beside it stay what they are.
        let keepsStart = first.beginsInBase && followsBase
        let keepsEnd = endsInBase && ahead?.isBase == true || range.upperBound == size
        let start = keepsStart ? range.lowerBound : range.lowerBound.roundedUp(to: Self.blockByteCount)
        let end = keepsEnd ? range.upperBound : range.upperBound / Self.blockByteCount * Self.blockByteCount
        guard start < end, !fitsInEntry else { return [.bytes(range, .zeros)] }
        var pieces: [Piece] = [.hole(end - start)]
        if start > range.lowerBound { pieces.insert(.bytes(range.lowerBound..<start, .zeros), at: 0) }
        if end < range.upperBound { pieces.append(.bytes(end..<range.upperBound, .zeros)) }
        return pieces
    }
}

extension DraftRuns.Run {
    /// Whether it is data of the base.
    fileprivate var isBase: Bool {
        switch self {
        case .base, .chunk: true
        case .draft, .hole: false
        }
    }
}

extension UInt64 {
    /// The next multiple of `unit`, or the greatest number there is.
    fileprivate func roundedUp(to unit: UInt64) -> UInt64 {
        let rest = self % unit
        guard rest > 0 else { return self }
        let (rounded, isTooLarge) = addingReportingOverflow(unit - rest)
        return isTooLarge ? .max : rounded
    }
}
