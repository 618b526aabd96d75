internal import CZstd

/// Turns a blob's plaintext into the payload that is sealed, and back.
///
/// Any number of tasks may use one codec at once; it keeps zstd's contexts for reuse.
///
/// Format: Docs/Format/Compression.md.
public final class BlobCodec: Sendable {
    /// How a payload holds its plaintext; the raw value stands in the blob's pointer.
    public enum Codec: UInt8, Sendable, Hashable, CaseIterable {
        case raw = 0
        /// zstd in independent blocks behind a table of their ends.
        case zstd = 1
    }

    /// A blob never crosses a segment.
    public static let maximumRawByteCount = 32 << 20

    /// On blobs up to this length zstd's level 3 gains 3 % of source code, nothing of prose, and takes half as long again as
    /// level 1; on longer ones it gains 6 to 15 %.
    static let smallByteCount = 32 << 10
    private let contexts = ZstdContexts()

    public init() {}

    // MARK: Encoding

    /// Compresses where that gains at least a 32nd, and after a trial of a few places said that it may.
    ///
    /// - Precondition: at most `maximumRawByteCount` bytes.
    public func encode(_ plaintext: Span<UInt8>) -> (codec: Codec, payload: [UInt8]) {
        precondition(plaintext.count <= Self.maximumRawByteCount, "a blob fits into a segment")
        if looksCompressible(plaintext), let payload = compress(plaintext) { return (.zstd, payload) }
        return (.raw, plaintext.withUnsafeBufferPointer { Array($0) })
    }

    /// Below this a frame's header eats the gain.
    static let smallestCompressed = 64
    static let trialPlaces = 4
    static let trialByteCount = 16 << 10

    /// Compresses four samples at level 1: they tell for a 40th of the time whether the whole is worth trying.
    private func looksCompressible(_ plaintext: Span<UInt8>) -> Bool {
        guard plaintext.count >= Self.smallestCompressed else { return false }
        guard plaintext.count > 2 * Self.trialPlaces * Self.trialByteCount else { return true }
        let step = (plaintext.count - Self.trialByteCount) / (Self.trialPlaces - 1)
        let total = (0..<Self.trialPlaces).reduce(0) { total, place in
            let sample = plaintext.extracting(place * step..<place * step + Self.trialByteCount)
            return total + trialLength(of: sample)
        }
        return total < Self.trialPlaces * Self.trialByteCount * 31 / 32
    }

    private func trialLength(of sample: Span<UInt8>) -> Int {
        withUnsafeTemporaryAllocation(byteCount: ZSTD_compressBound(sample.count), alignment: 16) { scratch in
            contexts.withCompressing { context in
                ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 1)
                return sample.withUnsafeBytes { sample in
                    ZSTD_compress2(context, scratch.baseAddress, scratch.count, sample.baseAddress, sample.count)
                }
            }
        }
    }

    /// Table and blocks; nil if they would not be a 32nd shorter than the plaintext.
    private func compress(_ plaintext: Span<UInt8>) -> [UInt8]? {
        let limit = plaintext.count - plaintext.count / 32 - 1
        let blockCount = BlockTable.blockCount(rawByteCount: plaintext.count)
        guard 4 * blockCount < limit else { return nil }
        let payload = [UInt8](unsafeUninitializedCapacity: limit) { payload, initialized in
            contexts.withCompressing { context in
                ZSTD_CCtx_setParameter(
                    context, ZSTD_c_compressionLevel, plaintext.count <= Self.smallByteCount ? 1 : 3)
                var end = 4 * blockCount
                for block in 0..<blockCount {
                    let start = block * BlockTable.blockByteCount
                    let raw = plaintext.extracting(
                        start..<min(start + BlockTable.blockByteCount, plaintext.count))
                    let result = raw.withUnsafeBytes { raw in
                        ZSTD_compress2(
                            context, payload.baseAddress.map { $0 + end }, limit - end, raw.baseAddress, raw.count)
                    }
                    guard ZSTD_isError(result) == 0 else { return }  // no room left: not worth it
                    end += result
                    for index in 0..<4 { payload[4 * block + index] = UInt8(truncatingIfNeeded: end >> (8 * index)) }
                }
                initialized = end
            }
        }
        return payload.isEmpty ? nil : payload
    }

    // MARK: Decoding

    /// The plaintext of a payload, which may be followed by zeros.
    ///
    /// - Parameter rawByteCount: the plaintext's length, as the blob's pointer says.
    /// - Throws: `CompressionError` unless the payload gives exactly that many bytes. No input makes it allocate more.
    public func decode(
        _ payload: Span<UInt8>, codec: Codec, rawByteCount: Int
    ) throws(CompressionError) -> [UInt8] {
        switch codec {
        case .raw:
            guard 0...Self.maximumRawByteCount ~= rawByteCount else { throw .tooLong(raw: rawByteCount) }
            guard rawByteCount <= payload.count else { throw .wrongLength(payload: payload.count, raw: rawByteCount) }
            try Self.checkPadding(of: payload, from: rawByteCount)
            return payload.extracting(0..<rawByteCount).withUnsafeBufferPointer { Array($0) }
        case .zstd:
            let table = try BlockTable(payload, rawByteCount: rawByteCount, payloadByteCount: payload.count)
            try Self.checkPadding(of: payload, from: table.endOffset)
            var damaged: Int?
            let plaintext = [UInt8](unsafeUninitializedCapacity: rawByteCount) { output, initialized in
                for block in 0..<table.blockCount {
                    let part = UnsafeMutableBufferPointer(rebasing: output[table.rawRange(ofBlock: block)])
                    guard decompress(payload.extracting(table.payloadRange(ofBlock: block)), into: part) else {
                        damaged = block
                        return
                    }
                }
                initialized = rawByteCount
            }
            if let damaged { throw .badBlock(damaged) }
            return plaintext
        }
    }

    /// The plaintext of one block, for a read of a part.
    ///
    /// - Parameter bytes: `table.payloadRange(ofBlock:)` of the payload.
    public func decodeBlock(
        _ block: Int, of table: BlockTable, _ bytes: Span<UInt8>
    ) throws(CompressionError) -> [UInt8] {
        precondition(0..<table.blockCount ~= block, "the table has that block")
        guard bytes.count == table.payloadRange(ofBlock: block).count else { throw .badBlock(block) }
        let byteCount = table.rawRange(ofBlock: block).count
        var isGood = false
        let plaintext = [UInt8](unsafeUninitializedCapacity: byteCount) { output, initialized in
            isGood = decompress(bytes, into: UnsafeMutableBufferPointer(rebasing: output[..<byteCount]))
            initialized = isGood ? byteCount : 0
        }
        guard isGood else { throw .badBlock(block) }
        return plaintext
    }

    /// Whether the bytes are one zstd frame that fills the output exactly.
    private func decompress(_ bytes: Span<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>) -> Bool {
        bytes.withUnsafeBytes { bytes in
            guard ZSTD_findFrameCompressedSize(bytes.baseAddress, bytes.count) == bytes.count,
                ZSTD_getFrameContentSize(bytes.baseAddress, bytes.count) == UInt64(output.count)
            else { return false }
            return contexts.withDecompressing {
                ZSTD_decompressDCtx($0, output.baseAddress, output.count, bytes.baseAddress, bytes.count)
            } == output.count
        }
    }

    private static func checkPadding(of payload: Span<UInt8>, from end: Int) throws(CompressionError) {
        for index in end..<payload.count where payload[index] != 0 { throw .badPadding }
    }
}
