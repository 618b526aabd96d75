internal import DriveFormat
internal import Primitives
internal import SCALE
internal import Sealing

/// A segment while it is being filled: sealed blobs behind the place of the prelude, and what the table will say.
///
/// Format: Docs/Format/Segments.md.
struct SegmentBuilder {
    let volume: VolumeID
    let number: Int
    private(set) var bytes = [UInt8](repeating: 0, count: SegmentLayout.byteCount)
    /// Where the next blob goes.
    private(set) var used = SegmentLayout.preludeByteCount
    private(set) var entries: [BlobTable.Entry] = []
    private(set) var commit: Extent?

    init(volume: VolumeID, number: Int) {
        self.volume = volume
        self.number = number
    }

    /// A segment that a former process had begun, with what it had saved of it.
    init(volume: VolumeID, number: Int, saved: [UInt8], entries: [BlobTable.Entry]) {
        self.init(volume: volume, number: number)
        bytes.replaceSubrange(0..<saved.count, with: saved)
        used = saved.count
        self.entries = entries
    }

    var isEmpty: Bool { entries.isEmpty }

    /// Whether a blob fits and leaves room for the table with its entry.
    func hasRoom(for sealedByteCount: Int) -> Bool {
        let table = BlobTable.byteCount(entryCount: entries.count + 1)
        guard let tableLayout = FrameLayout(payloadByteCount: table) else { return false }
        return used + sealedByteCount + tableLayout.sealedByteCount <= SegmentLayout.byteCount
    }

    /// The largest blob that an empty segment has room for.
    static let largestBlob =
        SegmentLayout.byteCount - SegmentLayout.preludeByteCount - FrameLayout.sealedByteCount

    /// Seals a blob into its place.
    ///
    /// - Precondition: `hasRoom` said yes.
    mutating func append(_ blob: PreparedBlob, sealer: BlobSealer) -> BlobReference {
        let reference = seal(blob, sealer: sealer)
        let epochIndex = blob.kind == .commit ? BlobTable.Entry.preludeEpoch : 0
        entries.append(BlobTable.Entry(kind: blob.kind, epochIndex: epochIndex, extent: Extent(reference)))
        if blob.kind == .commit { commit = Extent(reference) }
        return reference
    }

    /// Copies a blob that was sealed for another place.
    ///
    /// - Precondition: `hasRoom` said yes.
    mutating func append(_ blob: SealedBlob) -> BlobReference {
        let range = used..<used + blob.bytes.count
        bytes.replaceSubrange(range, with: blob.bytes)
        let pointer = blob.reference.pointer.moved(to: volume, segment: UInt16(number), offset: UInt32(used))
        used = range.upperBound
        let reference = BlobReference(id: blob.reference.id, pointer: pointer)
        let epochIndex = blob.kind == .commit ? BlobTable.Entry.preludeEpoch : 0
        entries.append(BlobTable.Entry(kind: blob.kind, epochIndex: epochIndex, extent: Extent(reference)))
        return reference
    }

    /// Writes table and prelude: the segment is complete, and every byte of it final.
    mutating func seal(sealer: BlobSealer, keys: DriveKeys, boxes: EpochBoxes, prelude: PreludeSealer) {
        let table = PreparedBlob(
            uncompressed: BlobTable(entries: entries).scaleBytes, kind: .blobTable, keys: keys)
        let reference = seal(table, sealer: sealer)
        let record = Prelude(
            drive: DriveID(keys.id), volume: volume, segment: UInt16(number), epochs: [boxes],
            table: Extent(reference), commit: commit)
        bytes.replaceSubrange(0..<SegmentLayout.preludeByteCount, with: prelude.seal(record.scaleBytes))
    }

    private mutating func seal(_ blob: PreparedBlob, sealer: BlobSealer) -> BlobReference {
        let range = used..<used + blob.sealedByteCount
        var span = bytes.mutableSpan
        var place = span._mutatingExtracting(range)
        let header = sealer.seal(
            blob.payload.span, kind: blob.kind, codec: blob.codec, id: blob.id, rawByteCount: blob.rawByteCount,
            into: &place)
        let pointer = Pointer(
            volume: volume, segment: UInt16(number), offset: UInt32(used),
            payloadLength: UInt32(blob.payload.count), rawLength: header.rawByteCount, codec: header.codec,
            epoch: header.epoch, nonce: header.nonce)
        used = range.upperBound
        return BlobReference(id: blob.id, pointer: pointer)
    }
}
