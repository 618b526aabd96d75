internal import BlobStore
internal import DriveFormat
internal import Sealing

/// Stores the content of a draft. Chunks of the base that no change touches are named again without being read; from the border
/// before a change on everything is cut anew, until a cut falls on a border of the base behind the change. What comes out is what
/// storing the whole file would have given.
///
/// Memory: what `ContentWriter` needs, and at most 1 MiB of the draft or the base.
struct DraftStaging {
    /// Bytes of the draft or of the base that are read at a time.
    private static let readByteCount: UInt64 = 1 << 20
    /// Short parts of the base are read together with what follows them: frames have to be opened whole.
    private static let leastByteCount: UInt64 = 128 << 10
    /// Chunks that are looked up together.
    private static let batchCount = 500

    private let draft: FileDraft
    private let store: ContentWriter.Store
    private var pieces: DraftPieces
    private var writer: ContentWriter
    /// Bytes of the base that were read last.
    private var known: (start: UInt64, bytes: [UInt8]) = (0, [])
    /// Chunks of the base that were named again and not looked up yet.
    private var reused: [BlobID] = []

    init(_ draft: FileDraft, _ store: ContentWriter.Store, stored: @escaping @Sendable (Int) async -> Void) {
        self.draft = draft
        self.store = store
        writer = ContentWriter(store, stored: stored)
        pieces = DraftPieces(draft, in: store.trees)
    }

    mutating func content() async throws -> (content: Content, size: UInt64) {
        var next = try await pieces.next()
        while let piece = next {
            next = try await pieces.next()
            switch piece {
            case .hole(let byteCount): try await writer.append(hole: byteCount)
            case .bytes(let range, let source): try await append(range, of: source)
            case .chunk(let chunk, let range, let isLast):
                if !writer.isAtBorder { try await writer.cut() }
                // One that ended with the data would go on where more follow now.
                if writer.isAtBorder, !isLast || next?.isData != true {
                    try await reuse(chunk)
                } else {
                    try await append(range, of: .base)
                }
            }
        }
        try await checkReused()
        return try await writer.finish()
    }

    private mutating func reuse(_ chunk: ChunkKey) async throws {
        try await writer.append(chunk)
        reused.append(chunk.id)
        if reused.count == Self.batchCount { try await checkReused() }
    }

    /// A commit must not name what nobody has: what was staged and given up again, or is lost.
    private mutating func checkReused() async throws {
        try Task.checkCancellation()
        let pointers = try await store.spool.pointers(of: Array(Set(reused)))
        for id in reused where pointers[id] == nil { _ = try await store.trees.index.reference(to: id) }
        await store.spool.use(pointers.values.map(\.volume))
        reused = []
    }

    private mutating func append(_ range: Range<UInt64>, of source: DraftPieces.Source) async throws {
        var position = range.lowerBound
        while position < range.upperBound {
            try Task.checkCancellation()
            let end = min(range.upperBound, position + min(Self.readByteCount, UInt64(writer.room)))
            switch source {
            case .draft: try await writer.append(try await drafted(position..<end))
            case .base: try await writer.append(try await base(position..<end))
            case .zeros: try await writer.append([UInt8](repeating: 0, count: Int(end - position)))
            }
            position = end
        }
    }

    private func drafted(_ range: Range<UInt64>) async throws -> [UInt8] {
        let bytes = try await draft.read(range)
        guard bytes.count == range.count else {
            throw DriveError.unreadable(path: "what was changed of a file", reason: "some of its bytes are missing")
        }
        return bytes
    }

    private mutating func base(_ range: Range<UInt64>) async throws -> [UInt8] {
        if range.lowerBound < known.start || range.upperBound > known.start + UInt64(known.bytes.count) {
            guard let base = draft.base else { preconditionFailure("what has no base has no part of it") }
            let least = min(draft.keptByteCount, range.lowerBound + Self.leastByteCount)
            known = (range.lowerBound, [])
            let wanted = range.lowerBound..<max(range.upperBound, least)
            try await store.trees.read(base, range: wanted) { known.bytes += $0 }
            guard known.bytes.count == wanted.count else {
                throw DriveError.stateDamaged(path: "the drive", reason: "a file is shorter than its entry says")
            }
        }
        let start = Int(range.lowerBound - known.start)
        return Array(known.bytes[start..<start + range.count])
    }
}

extension DraftPieces.Piece {
    fileprivate var isData: Bool {
        if case .hole = self { false } else { true }
    }
}
