internal import Compression
public import DriveFormat
public import Sealing
internal import Synchronization

/// Reads blobs of one drive: finds their frames, opens them, unpacks them.
///
/// Any number of tasks may read at once. Docs/Design.md, section 8.
public final class BlobReader: Sendable {
    let segments: SegmentReader
    private let folded: FoldedVolumes?
    private let keeper: (any BlobKeeper)?
    private let keys: DriveKeys
    private let codec = Compression.BlobCodec()
    private let epochs: Mutex<EpochKeys>

    /// - Parameters:
    ///   - folded: nil where nothing was folded yet, or what was is of no interest.
    ///   - keeper: is asked first for what is no part of a file.
    public init(
        segments: SegmentReader, folded: FoldedVolumes? = nil, keeper: (any BlobKeeper)? = nil, keys: DriveKeys,
        epochs: EpochKeys
    ) {
        self.segments = segments
        self.folded = folded
        self.keeper = keeper
        self.keys = keys
        self.epochs = Mutex(epochs)
    }

    /// Makes blobs of one more epoch readable.
    public func insert(_ epoch: Epoch) { epochs.withLock { _ = $0.insert(epoch) } }

    /// The epochs whose blobs are readable.
    public var knownEpochs: EpochKeys { epochs.withLock { $0 } }

    var opening: BlobOpening { BlobOpening(keys: keys, epochs: epochs.withLock { $0 }, codec: codec) }

    /// The blob where it is now: its volume may have been folded since.
    ///
    /// - Throws: `ReadError` if it was folded, and the new volume does not have it or cannot be read.
    public func current(_ reference: BlobReference) async throws -> BlobReference {
        guard let folded, folded.successor(of: reference.pointer.volume) != nil else { return reference }
        return try await folded.current(reference, epochs: epochs.withLock { $0 })
    }

    /// Where a blob of a volume is that was folded since; nil if it was not.
    public func place(of id: BlobID, formerlyIn volume: VolumeID) async throws -> BlobReference? {
        try await folded?.place(of: id, in: volume, epochs: epochs.withLock { $0 })
    }

    /// Reads a blob where it is: its volume may be folded while somebody reads, by any machine.
    private func following<R: Sendable>(
        _ reference: BlobReference, _ read: (BlobReference) async throws -> R
    ) async throws -> R {
        let place = try await current(reference)
        do { return try await read(place) } catch let error as ReadError where error.isAbsence {
            guard let news = try await folded?.news(of: place.pointer.volume) else { throw error }
            for epoch in news.epochs { insert(epoch) }
            return try await read(try await current(place))
        }
    }

    /// A whole blob, its identifier recomputed and compared.
    ///
    /// - Throws: `ReadError`; whatever the catalog throws; `CancellationError`.
    /// - Precondition: the pointer names a volume (not `VolumeID.this`).
    public func read(_ reference: BlobReference, kind: BlobKind) async throws -> [UInt8] {
        guard let keeper, kind != .chunk else { return try await following(reference) { try await whole($0, kind) } }
        if let kept = await keeper.blob(reference.id) { return kept }
        let bytes = try await following(reference) { try await whole($0, kind) }
        await keeper.keep(bytes, as: reference.id)
        return bytes
    }

    private func whole(_ reference: BlobReference, _ kind: BlobKind) async throws -> [UInt8] {
        let opening = opening
        let pointer = reference.pointer
        return try await segments.open(
            pointer.volume, segment: Int(pointer.segment), range: try BlobOpening.sealedRange(reference),
            pattern: .small, blob: reference.id
        ) { try opening.whole(reference, kind: kind, in: $0) }
    }

    /// A part of a blob, by way of the frames that hold it; each is authentic by itself, the identifier is not
    /// recomputed.
    ///
    /// - Parameter range: bytes of the plaintext; what lies beyond its end is left out.
    /// - Complexity: a raw blob costs the frames of the range, a compressed one those of its table and of blocks of
    ///   128 KiB, mostly in one round of requests.
    public func read(_ reference: BlobReference, kind: BlobKind, range: Range<Int>) async throws -> [UInt8] {
        let range = range.clamped(to: 0..<Int(reference.pointer.rawLength))
        guard !range.isEmpty else { return [] }
        return try await following(reference) { try await part(range, of: $0, kind) }
    }

    private func part(_ range: Range<Int>, of reference: BlobReference, _ kind: BlobKind) async throws -> [UInt8] {
        let opening = opening
        let frames = try opening.firstFrames(reference, range: range)
        // Table and blocks in one round of requests, if the guess is right; cancelled where it was not needed.
        async let _ = prefetch(try opening.likelyFrames(reference, range: range), of: reference)
        let payload = try await payload(frames, of: reference, kind: kind, opening)
        switch reference.pointer.codec {
        case .raw:
            let start = range.lowerBound - frames.lowerBound * FrameLayout.payloadByteCount
            return Array(payload[start..<start + range.count])
        case .zstd: return try await blocks(holding: range, of: reference, kind: kind, table: payload, opening)
        }
    }

    private func prefetch(_ frames: Range<Int>?, of reference: BlobReference) async throws {
        guard let frames else { return }
        let pointer = reference.pointer
        _ = try await segments.bytes(
            of: pointer.volume, segment: Int(pointer.segment),
            range: try BlobOpening.sealedRange(ofFrames: frames, reference), pattern: .exact)
    }

    private func payload(
        _ frames: Range<Int>, of reference: BlobReference, kind: BlobKind, _ opening: BlobOpening
    ) async throws -> [UInt8] {
        let pointer = reference.pointer
        let range = try BlobOpening.sealedRange(ofFrames: frames, reference)
        return try await segments.open(
            pointer.volume, segment: Int(pointer.segment), range: range, pattern: .small, blob: reference.id
        ) { try opening.payload(frames, of: reference, kind: kind, in: $0) }
    }

    private func blocks(
        holding range: Range<Int>, of reference: BlobReference, kind: BlobKind, table first: [UInt8],
        _ opening: BlobOpening
    ) async throws -> [UInt8] {
        let layout = try BlobOpening.layout(reference)
        do {
            let table = try BlockTable(
                first.span, rawByteCount: Int(reference.pointer.rawLength), payloadByteCount: layout.payloadByteCount)
            let blocks = table.blocks(holding: range)
            let needed =
                table.payloadRange(ofBlock: blocks.lowerBound)
                .lowerBound..<table.payloadRange(
                    ofBlock: blocks.upperBound - 1
                ).upperBound
            let frames = layout.frames(holding: needed)
            let payload = try await payload(frames, of: reference, kind: kind, opening)
            let origin = layout.payloadRange(ofFrames: frames).lowerBound
            var plaintext: [UInt8] = []
            for block in blocks {
                let place = table.payloadRange(ofBlock: block)
                plaintext += try codec.decodeBlock(
                    block, of: table, payload.span.extracting(place.lowerBound - origin..<place.upperBound - origin))
            }
            let start = range.lowerBound - table.rawRange(ofBlock: blocks.lowerBound).lowerBound
            return Array(plaintext[start..<start + range.count])
        } catch let error as CompressionError {
            throw ReadError.malformed(reference.id, reason: error.description)
        }
    }
}
