public import Primitives
public import SCALE
public import Sealing

/// What lies in a segment: enough to rebuild the index from segments alone.
///
/// Format: Docs/Format/Segments.md, "Blob table".
public struct BlobTable: Equatable, Sendable, ScaleCodable {
    public let entries: [Entry]

    public init(entries: [Entry]) { self.entries = entries }

    /// The encoded length of a table of `count` entries.
    public static func byteCount(entryCount count: Int) -> Int { 1 + 5 + count * Entry.byteCount }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        try RecordVersion.read("blob table", from: &decoder)
        let count = try decoder.count(itemByteCount: Entry.byteCount)
        var entries: [Entry] = []
        entries.reserveCapacity(count)
        for _ in 0..<count { entries.append(try decoder.decode()) }
        self.entries = entries
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.integer(RecordVersion.one)
        encoder.vector(entries)
    }

    public struct Entry: Hashable, Sendable, ScaleCodable {
        public static let byteCount = 63
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
            kind = try decoder.decode()
            epochIndex = try decoder.byte()
            extent = try decoder.decode()
        }

        public func encode(to encoder: inout ScaleEncoder) {
            encoder.encode(kind)
            encoder.integer(epochIndex)
            encoder.encode(extent)
        }
    }
}
