public import Primitives
public import SCALE

/// What the set of volumes keeps of each: enough to fetch and to check every byte of it.
///
/// Format: Docs/Format/Volumes.md, "Volume record".
public struct VolumeRecord: Equatable, Sendable, ScaleCodable {
    /// The file's name on the network (protocol reference §1.3).
    public let fid: Bytes32
    public let segments: [Segment]
    /// Bytes of sealed blobs in it, and how many of them a retained commit can reach.
    public let sealedBytes: UInt64
    public let liveBytes: UInt64
    public let extensions: Extensions

    public init(
        fid: Bytes32, segments: [Segment], sealedBytes: UInt64, liveBytes: UInt64, extensions: Extensions = .none
    ) {
        self.fid = fid
        self.segments = segments
        self.sealedBytes = sealedBytes
        self.liveBytes = liveBytes
        self.extensions = extensions
    }

    /// Whether it holds less than half of what it takes in the territory.
    public var isPartlyFilled: Bool { liveBytes < UInt64(segments.count * SegmentLayout.byteCount / 2) }

    public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
        try RecordVersion.read("volume record", from: &decoder)
        fid = try decoder.decode()
        segments = try decoder.vector(limit: SegmentLayout.maximumSegmentsPerVolume)
        guard !segments.isEmpty else { throw .invalid("a volume has segments", offset: decoder.offset) }
        sealedBytes = try decoder.compact(UInt64.self)
        liveBytes = try decoder.compact(UInt64.self)
        guard liveBytes <= sealedBytes, sealedBytes <= UInt64(segments.count * SegmentLayout.byteCount) else {
            throw .invalid("more bytes than the volume has", offset: decoder.offset)
        }
        extensions = try Extensions.read(in: "volume record", &decoder)
    }

    public func encode(to encoder: inout ScaleEncoder) {
        encoder.integer(RecordVersion.one)
        encoder.encode(fid)
        encoder.vector(segments)
        encoder.compact(sealedBytes)
        encoder.compact(liveBytes)
        extensions.write(to: &encoder)
    }

    /// A segment's SHA-256 and those of its 12 fragments, by row.
    public struct Segment: Hashable, Sendable, ScaleCodable {
        public static let fragmentCount = 12
        /// So many of them are enough to read it.
        public static let sufficientCount = 4

        public let hash: Bytes32
        public let fragments: [Bytes32]

        /// - Precondition: 12 fragments.
        public init(hash: Bytes32, fragments: [Bytes32]) {
            precondition(fragments.count == Self.fragmentCount)
            self.hash = hash
            self.fragments = fragments
        }

        public init(from decoder: inout ScaleDecoder) throws(ScaleError) {
            hash = try decoder.decode()
            var fragments: [Bytes32] = []
            for _ in 0..<Self.fragmentCount { fragments.append(try decoder.decode()) }
            self.fragments = fragments
        }

        public func encode(to encoder: inout ScaleEncoder) {
            encoder.encode(hash)
            for fragment in fragments { encoder.encode(fragment) }
        }
    }
}
