public import SCALE
public import Sealing

/// What lies in a segment: enough to rebuild the index from segments alone.
///
/// Format: Docs/Format/Segments.md, "Blob table".
public struct BlobTable: Equatable, Sendable, ScaleCodable {
    /// In the order of their offsets.
    public let entries: [Entry]

    public init(entries: [Entry]) { self.entries = entries }

    /// The most bytes that a table of `count` entries takes.
    public static func byteCount(entryCount count: Int) -> Int { 1 + 5 + count * Entry.byteCount }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        try RecordVersion.read("blob table", from: &decoder)
        let count = try decoder.count(itemByteCount: Entry.byteCount)
        var entries: [Entry] = []
        entries.reserveCapacity(count)
        var end = SegmentLayout.preludeByteCount
        for _ in 0..<count {
            let offset = decoder.offset
            let entry: Entry = try decoder.decode()
            guard entry.extent.sealedRange.lowerBound >= end else {
                throw .invalid("a blob that begins before the one before it ends", offset: offset)
            }
            end = entry.extent.sealedRange.upperBound
            entries.append(entry)
        }
        self.entries = entries
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.integer(RecordVersion.one)
        encoder.vector(entries)
    }

    public struct Entry: Hashable, Sendable, ScaleCodable {
        public static let byteCount = 2 + Extent.byteCount
        /// The `epochIndex` of what is sealed under the prelude key: commits.
        public static let preludeEpoch: UInt8 = 255

        public let kind: BlobKind
        /// Into the prelude's list of epochs.
        public let epochIndex: UInt8
        public let extent: Extent

        public init(kind: BlobKind, epochIndex: UInt8, extent: Extent) {
            self.kind = kind
            self.epochIndex = epochIndex
            self.extent = extent
        }

        public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
            let offset = decoder.offset
            kind = try decoder.decode()
            epochIndex = try decoder.byte()
            extent = try decoder.decode()
            guard kind != .blobTable, kind != .changeRecord else {
                throw .invalid("a segment's table does not list a \(kind)", offset: offset)
            }
            guard kind == .commit ? epochIndex == Self.preludeEpoch : epochIndex < Prelude.epochLimit else {
                throw .invalid("a \(kind) sealed in epoch \(epochIndex) of the prelude", offset: offset)
            }
        }

        public func encode(to encoder: inout ScaleEncoder) {
            encoder.encode(kind)
            encoder.integer(epochIndex)
            encoder.encode(extent)
        }
    }
}
