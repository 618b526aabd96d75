internal import Compression
internal import DriveFormat
internal import Primitives
internal import Sealing

/// Opens blobs out of segment bytes, wherever those came from.
struct BlobOpening {
    let keys: DriveKeys
    let epochs: EpochKeys
    let codec: Compression.BlobCodec

    /// Where a blob's frames lie in its segment.
    static func sealedRange(_ reference: BlobReference) throws -> Range<Int> {
        let offset = Int(reference.pointer.offset)
        return offset..<offset + (try layout(reference)).sealedByteCount
    }

    /// The whole plaintext; nil if it is not authentic: a frame does not open, or the id is another one.
    func whole(_ reference: BlobReference, kind: BlobKind, in bytes: SegmentBytes) throws -> [UInt8]? {
        let header = try header(reference, kind)
        let frames = 0..<header.layout.frameCount
        guard let payload = try open(frames, header, reference, in: bytes) else { return nil }
        let plaintext = try unpack(payload, reference)
        return keys.blobID(kind, plaintext.span) == reference.id ? plaintext : nil
    }

    /// The frames that a read of a part needs, as far as that is known: for a compressed blob, those of its table.
    func firstFrames(_ reference: BlobReference, range: Range<Int>) throws -> Range<Int> {
        let layout = try Self.layout(reference)
        switch reference.pointer.codec {
        case .raw:
            guard range.upperBound <= layout.payloadByteCount else { throw ReadError.impossiblePointer(reference) }
            return layout.frames(holding: range)
        case .zstd:
            let tableByteCount = BlockTable.byteCount(rawByteCount: Int(reference.pointer.rawLength))
            guard tableByteCount <= layout.payloadByteCount else { throw ReadError.impossiblePointer(reference) }
            return layout.frames(holding: 0..<tableByteCount)
        }
    }

    /// Where the blocks of a part of a compressed blob probably lie, by what share of the plaintext it is: worth fetching
    /// together with the table. Nil where the table's frames are most of the blob.
    func likelyFrames(_ reference: BlobReference, range: Range<Int>) throws -> Range<Int>? {
        let layout = try Self.layout(reference)
        guard reference.pointer.codec == .zstd, layout.frameCount > 4 else { return nil }
        let block = BlockTable.blockByteCount
        let raw = Int(reference.pointer.rawLength)
        let table = BlockTable.byteCount(rawByteCount: raw)
        let blocks = range.lowerBound / block * block..<min(raw, (range.upperBound + block - 1) / block * block)
        guard table < layout.payloadByteCount, blocks.count < raw / 2 else { return nil }
        let payload = [blocks.lowerBound, blocks.upperBound].map { offset in
            table + Int(Double(offset) / Double(raw) * Double(layout.payloadByteCount - table))
        }
        return layout.frames(holding: payload[0]..<min(payload[1], layout.payloadByteCount))
    }

    /// The payload of a run of frames; nil if one is not authentic.
    func payload(
        _ frames: Range<Int>, of reference: BlobReference, kind: BlobKind, in bytes: SegmentBytes
    ) throws -> [UInt8]? {
        try open(frames, try header(reference, kind), reference, in: bytes)
    }

    /// Where in its segment a run of a blob's frames lies.
    static func sealedRange(ofFrames frames: Range<Int>, _ reference: BlobReference) throws -> Range<Int> {
        let range = try layout(reference).sealedRange(ofFrames: frames)
        let offset = Int(reference.pointer.offset)
        return offset + range.lowerBound..<offset + range.upperBound
    }

    static func layout(_ reference: BlobReference) throws -> FrameLayout {
        let pointer = reference.pointer
        guard let layout = FrameLayout(payloadByteCount: Int(pointer.payloadLength)),
            Int(pointer.offset) + layout.sealedByteCount <= SegmentLayout.byteCount
        else { throw ReadError.impossiblePointer(reference) }
        return layout
    }

    private func header(_ reference: BlobReference, _ kind: BlobKind) throws -> BlobHeader {
        let pointer = reference.pointer
        return BlobHeader(
            kind: kind, codec: pointer.codec, epoch: pointer.epoch, id: reference.id, rawByteCount: pointer.rawLength,
            layout: try Self.layout(reference), nonce: pointer.nonce)
    }

    private func open(
        _ frames: Range<Int>, _ header: BlobHeader, _ reference: BlobReference, in bytes: SegmentBytes
    ) throws -> [UInt8]? {
        var payload = [UInt8](repeating: 0, count: header.layout.payloadRange(ofFrames: frames).count)
        do {
            var opener = try BlobOpener(header, keys: epochs)
            try bytes.withSpan(try Self.sealedRange(ofFrames: frames, reference)) { sealed in
                var target = payload.mutableSpan
                try opener.openFrames(frames, sealed, into: &target)
            }
        } catch SealingError.unknownEpoch(let epoch, let blob) {
            throw ReadError.unknownEpoch(epoch, blob: blob)
        } catch is SealingError {
            return nil
        }
        return payload
    }

    private func unpack(_ payload: [UInt8], _ reference: BlobReference) throws -> [UInt8] {
        let rawByteCount = Int(reference.pointer.rawLength)
        do {
            switch reference.pointer.codec {
            case .raw where payload.count == rawByteCount: return payload
            case .raw: return try codec.decode(payload.span, codec: .raw, rawByteCount: rawByteCount)
            case .zstd: return try codec.decode(payload.span, codec: .zstd, rawByteCount: rawByteCount)
            }
        } catch {
            throw ReadError.malformed(reference.id, reason: error.description)
        }
    }
}
