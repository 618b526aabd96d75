internal import DriveFormat
internal import Sealing
internal import Synchronization

/// Bytes of segments, from this disk or from whichever nodes answer.
///
/// One for a process: it holds the cache of what was read and what is known of the nodes. Nothing below a blob can be
/// checked piecemeal, so whoever reads passes in how to open the bytes (`open`); if they do not open, other nodes are
/// asked, and in the end whole fragments are fetched and checked by their hashes.
public final class SegmentReader: Sendable {
    public let health: NodeHealth
    let source: RowSource
    private let rows: RowReader
    private let verified: VerifiedSegments
    private let readAhead: ReadAhead
    private let options: ReadOptions
    private let catalog: any VolumeCatalog
    private let local: (any LocalSegments)?
    private let placements = Mutex<[VolumeID: VolumePlacement]>([:])

    /// - Parameter local: the segments still in the spool, which are read first.
    public init(
        nodes: any FragmentNodes, catalog: any VolumeCatalog, local: (any LocalSegments)? = nil,
        health: NodeHealth = NodeHealth(), options: ReadOptions = ReadOptions()
    ) {
        self.health = health
        self.options = options
        self.catalog = catalog
        self.local = local
        source = RowSource(
            nodes: nodes, endpoints: NodeEndpoints(catalog: catalog), health: health,
            cache: RowCache(byteCount: options.cacheByteCount, requestByteCount: options.requestByteCount))
        rows = RowReader(source: source, options: options)
        verified = VerifiedSegments(source: source, limit: options.verifiedSegmentCount)
        readAhead = ReadAhead(limit: options.readAheadByteCount)
    }

    /// What a read is part of.
    enum Pattern {
        /// Small reads, perhaps one after the other: more may be fetched than asked for.
        case small
        /// The caller asks for as much as it wants.
        case exact
    }

    /// Bytes of a segment as they come: nothing of them is checked yet.
    func bytes(
        of volume: VolumeID, segment: Int, range: Range<Int>, pattern: Pattern
    ) async throws -> SegmentBytes {
        if let bytes = try local?.bytes(volume: volume, segment: segment, range: range), bytes.count == range.count {
            return SegmentBytes(range: range, bytes: bytes)
        }
        return try await withPlace(of: volume, segment: segment) { place in
            try await bytes(of: place, range: range, pattern: pattern)
        }
    }

    /// Bytes of a segment that `body` accepts.
    ///
    /// - Parameters:
    ///   - blob: what is being read, for the error's sake.
    ///   - body: opens the bytes; nil if they are not authentic. Called again with other bytes if there are any.
    /// - Throws: `ReadError`, and what `body` throws.
    func open<R: Sendable>(
        _ volume: VolumeID, segment: Int, range: Range<Int>, pattern: Pattern, blob: BlobID?,
        _ body: (SegmentBytes) throws -> R?
    ) async throws -> R {
        var isDamagedHere = false
        if let bytes = try local?.bytes(volume: volume, segment: segment, range: range), bytes.count == range.count {
            if let result = try body(SegmentBytes(range: range, bytes: bytes)) { return result }
            isDamagedHere = true
        }
        do {
            return try await withPlace(of: volume, segment: segment) { place in
                try await open(place, range: range, pattern: pattern, blob: blob, body)
            }
        } catch ReadError.unknownVolume where isDamagedHere {
            throw ReadError.damagedAtOrigin(volume: volume, segment: segment, blob: blob)
        }
    }

    /// As above, for a segment whose place is known otherwise.
    func open<R: Sendable>(
        _ place: SegmentPlace, range: Range<Int>, pattern: Pattern, blob: BlobID?,
        _ body: (SegmentBytes) throws -> R?
    ) async throws -> R {
        if !verified.isMarked(place) {
            let bytes = try await bytes(of: place, range: range, pattern: pattern)
            if let result = try body(bytes) { return result }
            if let result = try await openOtherwise(place, range: range, body) { return result }
            verified.mark(place)
        }
        do {
            let bytes = SegmentBytes(range: range, bytes: Array(try await verified.bytes(of: place)[range]))
            if let result = try body(bytes) { return result }
        } catch ReadError.tooFewRows(let volume, let segment, let answered, let failures) {
            // What is left of the fragments may still hold this range.
            let parts = SegmentGeometry.parts(of: range)
            if let bytes = try? await fetch(parts, of: place, range: range), let result = try body(bytes) {
                return result
            }
            if let result = try await openOtherwise(place, range: range, body) { return result }
            throw ReadError.tooFewRows(volume: volume, segment: segment, answered: answered, failures: failures)
        }
        throw ReadError.damagedAtOrigin(volume: place.volume, segment: place.segment, blob: blob)
    }

    private func bytes(of place: SegmentPlace, range: Range<Int>, pattern: Pattern) async throws -> SegmentBytes {
        if verified.isMarked(place) {
            return SegmentBytes(range: range, bytes: Array(try await verified.bytes(of: place)[range]))
        }
        let parts = SegmentGeometry.parts(of: range)
        if pattern == .small {
            let longer = readAhead.note(range, of: place)
            let isHere = parts.allSatisfy { source.ready($0.row, of: place, windows: $0.windows) != nil }
            if !isHere { return try await fetch(SegmentGeometry.parts(of: longer), of: place, range: range) }
        }
        return try await fetch(parts, of: place, range: range)
    }

    private func fetch(_ parts: [RowPart], of place: SegmentPlace, range: Range<Int>) async throws -> SegmentBytes {
        if let only = parts.first, parts.count == 1 {
            return SegmentBytes(range: range, pieces: try await fetch(only, of: place))
        }
        let pieces = try await withThrowingTaskGroup(of: [SegmentBytes.Piece].self) { group in
            for part in parts { group.addTask { try await self.fetch(part, of: place) } }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return SegmentBytes(range: range, pieces: pieces.sorted { $0.range.lowerBound < $1.range.lowerBound })
    }

    private func fetch(_ part: RowPart, of place: SegmentPlace) async throws -> [SegmentBytes.Piece] {
        try await rows.pieces(part.row, of: place, windows: part.windows).map { $0.inSegment(part) }
    }

    // MARK: When somebody lies

    /// Tries other choices of rows until one opens, and finds out whose bytes were wrong.
    ///
    /// - Returns: nil if none did.
    private func openOtherwise<R: Sendable>(
        _ place: SegmentPlace, range: Range<Int>, _ body: (SegmentBytes) throws -> R?
    ) async throws -> R? {
        let parts = SegmentGeometry.parts(of: range)
        let wanted = Set(parts.map(\.row))
        var choices = RowChoices(ranked: rows.ranking(of: place, byteCount: range.count), avoided: wanted)
        var wrong: Set<Int> = []
        var tries = 0
        while tries < options.choiceLimit, let choice = choices.next() {
            do {
                let bytes = try await rebuild(parts, of: place, from: choice, range: range)
                tries += 1
                if let result = try body(bytes) {
                    for row in wrong.subtracting(choice) { health.suspect(place.nodes[row]) }
                    compare(parts, of: place, with: bytes)
                    return result
                }
                wrong.formUnion(choice)
            } catch let failure as RowFailure {
                choices.remove(failure.row)
            }
        }
        return nil
    }

    private func rebuild(
        _ parts: [RowPart], of place: SegmentPlace, from choice: [Int], range: Range<Int>
    ) async throws -> SegmentBytes {
        var pieces: [SegmentBytes.Piece] = []
        for part in parts {
            let bytes = try await rows.rebuild([part.row], of: place, from: choice, windows: part.windows)[0]
            let piece = RowCache.Piece(
                windows: part.windows, origin: part.windows.lowerBound, bytes: bytes, isOwn: false)
            pieces.append(piece.inSegment(part))
        }
        return SegmentBytes(range: range, pieces: pieces)
    }

    /// A node whose own bytes differ from those that opened has lied; what it sent is forgotten.
    private func compare(_ parts: [RowPart], of place: SegmentPlace, with good: SegmentBytes) {
        for part in parts {
            let fragment = place.fragments[part.row]
            guard let pieces = source.cache.ready(fragment, windows: part.windows) else { continue }
            let range = part.segmentOffset + part.range.lowerBound..<part.segmentOffset + part.range.upperBound
            for piece in pieces {
                let piece = piece.inSegment(part)
                let shared = piece.range.clamped(to: range)
                let isEqual = good.withSpan(shared) { good in
                    SegmentBytes(range: shared, pieces: [piece]).withSpan(shared) { $0.isEqual(to: good) }
                }
                if !isEqual, piece.isOwn { health.lied(place.nodes[part.row]) }
            }
            source.cache.drop(fragment)
        }
    }

    // MARK: Places

    /// Runs `body` with the segment's place, and once more with a fresh one if too few rows answered at the first.
    private func withPlace<R>(
        of volume: VolumeID, segment: Int, _ body: (SegmentPlace) async throws -> R
    ) async throws -> R {
        let placement = try await placement(of: volume)
        do {
            return try await body(try place(placement, of: volume, segment: segment))
        } catch let failure as ReadError {
            guard case .tooFewRows = failure else { throw failure }
            guard let fresh = try await refreshed(volume), fresh != placement else { throw failure }
            return try await body(try place(fresh, of: volume, segment: segment))
        }
    }

    /// - Returns: nil if the chain cannot be asked.
    /// - Throws: `ReadError.unknownVolume` if the chain does not have the volume any more.
    private func refreshed(_ volume: VolumeID) async throws -> VolumePlacement? {
        do {
            let fresh = try await catalog.refreshPlacement(of: volume)
            placements.withLock { $0[volume] = fresh }
            return fresh
        } catch let error as ReadError {
            throw error
        } catch {
            return nil
        }
    }

    private func placement(of volume: VolumeID) async throws -> VolumePlacement {
        if let known = placements.withLock({ $0[volume] }) { return known }
        let found = try await catalog.placement(of: volume)
        placements.withLock { placements in
            if placements.count >= 256 { placements.removeAll() }
            placements[volume] = found
        }
        return found
    }

    private func place(_ placement: VolumePlacement, of volume: VolumeID, segment: Int) throws -> SegmentPlace {
        guard let place = SegmentPlace(placement, volume: volume, segment: segment) else {
            throw ReadError.noSuchSegment(volume, segment: segment)
        }
        return place
    }
}

extension RowCache.Piece {
    /// The same bytes by their place in the segment.
    fileprivate func inSegment(_ part: RowPart) -> SegmentBytes.Piece {
        let bytes = SegmentGeometry.bytes(of: windows)
        return SegmentBytes.Piece(
            range: part.segmentOffset + bytes.lowerBound..<part.segmentOffset + bytes.upperBound,
            origin: part.segmentOffset + origin * SegmentGeometry.windowByteCount, bytes: self.bytes, isOwn: isOwn)
    }
}

extension Span<UInt8> {
    /// Whether both hold the same bytes.
    func isEqual(to other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index] != other[index] { return false }
        return true
    }
}
