internal import Primitives

/// Opens the frames of one blob: all of them, or any run.
///
/// Format: Docs/Format/Frames.md.
public struct BlobOpener: ~Copyable {
    private var cipher: FrameCipher
    public var header: BlobHeader { cipher.header }

    /// - Throws: `unknownEpoch` if `keys` cannot open what the header names.
    public init(_ header: BlobHeader, keys: EpochKeys) throws(SealingError) {
        guard let epoch = keys.epoch(header.epoch, sealing: header.kind) else {
            throw .unknownEpoch(header.epoch, blob: header.id)
        }
        cipher = FrameCipher(header: header, epochKey: epoch.key)
    }

    /// Opens the whole blob into its payload, padding included.
    ///
    /// The caller compares the plaintext's id afterwards; the tags alone say that somebody with the keys sealed it.
    ///
    /// - Precondition: `payload` has `header.layout.payloadByteCount` bytes.
    /// - Throws: `wrongLength`, or `notAuthentic` with the first frame that is not; `payload` is then of no use.
    public mutating func open(_ sealed: Span<UInt8>, into payload: inout MutableSpan<UInt8>) throws(SealingError) {
        try openFrames(0..<header.layout.frameCount, sealed, into: &payload)
    }

    /// Opens a run of frames, which `header.layout.sealedRange(ofFrames:)` locates in the blob.
    ///
    /// - Parameters:
    ///   - sealed: the frames' sealed bytes, nothing else.
    ///   - payload: receives the bytes of `header.layout.payloadRange(ofFrames:)`, and has just their length.
    /// - Throws: `wrongLength`, or `notAuthentic` with the first frame that is not; `payload` is then of no use.
    public mutating func openFrames(
        _ frames: Range<Int>, _ sealed: Span<UInt8>, into payload: inout MutableSpan<UInt8>
    ) throws(SealingError) {
        let layout = header.layout
        let sealedRange = layout.sealedRange(ofFrames: frames)
        let payloadRange = layout.payloadRange(ofFrames: frames)
        precondition(payload.count == payloadRange.count, "the payload fills its place")
        guard sealed.count == sealedRange.count else {
            throw .wrongLength(blob: header.id, expected: sealedRange.count, found: sealed.count)
        }
        for frame in frames {
            let source = layout.sealedRange(ofFrames: frame..<frame + 1).shifted(by: -sealedRange.lowerBound)
            let target = layout.payloadRange(ofFrames: frame..<frame + 1).shifted(by: -payloadRange.lowerBound)
            var place = payload._mutatingExtracting(target)
            guard cipher.open(frame: frame, sealed.extracting(source), into: &place) else {
                throw .notAuthentic(blob: header.id, frame: frame)
            }
        }
    }
}

extension Range<Int> {
    fileprivate func shifted(by offset: Int) -> Range<Int> { lowerBound + offset..<upperBound + offset }
}
