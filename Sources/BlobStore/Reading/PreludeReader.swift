internal import Compression
public import DriveFormat
public import Primitives
internal import SCALE
public import Sealing

/// Reads what a segment says of itself: its prelude, its blob table, its commit.
///
/// It needs the prelude key and where the volume lies, nothing of the drive: this is how a drive is found again.
public struct PreludeReader: Sendable {
    private let segments: SegmentReader
    private let preludeKey: Secret
    private let sealer: PreludeSealer

    public init(segments: SegmentReader, preludeKey: Secret) {
        self.segments = segments
        self.preludeKey = preludeKey
        sealer = PreludeSealer(key: preludeKey)
    }

    /// The prelude of a segment.
    ///
    /// - Throws: `ReadError.foreignSegment` if it does not open, although four fragments are what was uploaded.
    public func prelude(of placement: VolumePlacement, segment: Int) async throws -> Prelude {
        let place = try place(placement, volume: nil, segment: segment)
        do {
            return try await segments.open(
                place, range: 0..<SegmentLayout.preludeByteCount, pattern: .small, blob: nil
            ) { bytes in
                guard let plaintext = sealer.open(bytes.withSpan(bytes.range) { $0.bytes }) else { return nil }
                return try decode(plaintext, segment: segment)
            }
        } catch ReadError.damagedAtOrigin {
            throw ReadError.foreignSegment(nil, segment: segment)
        }
    }

    /// The list of all blobs in a segment.
    ///
    /// - Parameters:
    ///   - prelude: the segment's.
    ///   - keys: of the drive that the prelude names.
    ///   - epochs: with the first epoch of the prelude among them.
    public func blobTable(
        of placement: VolumePlacement, prelude: Prelude, keys: DriveKeys, epochs: EpochKeys
    ) async throws -> BlobTable {
        let reference = prelude.table.reference(
            volume: prelude.volume, segment: prelude.segment, epoch: prelude.epochs[0].epoch)
        let plaintext = try await blob(reference, .blobTable, of: placement, keys: keys, epochs: epochs)
        return try decode(BlobTable.self, plaintext, of: reference)
    }

    /// The commit that lies in a segment; nil if the prelude names none. Its signature is not checked here.
    public func commit(
        of placement: VolumePlacement, prelude: Prelude, keys: DriveKeys
    ) async throws -> (reference: BlobReference, commit: SignedCommit)? {
        guard let extent = prelude.commit else { return nil }
        let reference = extent.reference(volume: prelude.volume, segment: prelude.segment, epoch: .zero)
        let plaintext = try await blob(
            reference, .commit, of: placement, keys: keys, epochs: EpochKeys(preludeKey: preludeKey))
        return (reference, try decode(SignedCommit.self, plaintext, of: reference))
    }

    private func blob(
        _ reference: BlobReference, _ kind: BlobKind, of placement: VolumePlacement, keys: DriveKeys,
        epochs: EpochKeys
    ) async throws -> [UInt8] {
        let opening = BlobOpening(keys: keys, epochs: epochs, codec: Self.codec)
        let pointer = reference.pointer
        let place = try place(placement, volume: pointer.volume, segment: Int(pointer.segment))
        return try await segments.open(
            place, range: try BlobOpening.sealedRange(reference), pattern: .small, blob: reference.id
        ) { try opening.whole(reference, kind: kind, in: $0) }
    }

    private static let codec = Compression.BlobCodec()

    private func place(_ placement: VolumePlacement, volume: VolumeID?, segment: Int) throws -> SegmentPlace {
        guard let place = SegmentPlace(placement, volume: volume, segment: segment) else {
            throw ReadError.noSuchSegment(volume, segment: segment)
        }
        return place
    }

    /// The record stands at the beginning; zeros fill up the rest.
    private func decode(_ plaintext: [UInt8], segment: Int) throws -> Prelude {
        do {
            let prelude = try Prelude(plaintext: plaintext)
            guard Int(prelude.segment) == segment else {
                throw ScaleError.invalid("a prelude of another segment", offset: 0)
            }
            return prelude
        } catch let error as ScaleError {
            throw ReadError.malformedPrelude(nil, segment: segment, error)
        }
    }

    private func decode<T: ScaleDecodable>(_ type: T.Type, _ plaintext: [UInt8], of blob: BlobReference) throws -> T {
        do { return try T(scaleBytes: plaintext) } catch {
            throw ReadError.malformed(blob.id, reason: error.description)
        }
    }
}

extension Span<UInt8> {
    /// A copy.
    var bytes: [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            for index in indices { unsafe buffer[index] = self[index] }
            initialized = count
        }
    }
}
