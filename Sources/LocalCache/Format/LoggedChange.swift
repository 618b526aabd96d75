internal import SCALE

/// One change as the log has it; a record's header is a list of them.
///
/// Format: Docs/Format/LocalCache.md, "Changes".
enum LoggedChange: Equatable {
    /// `count` bytes of the record's payload, from `offset` on, are the file's from `start` on.
    case data(FileNumber, start: UInt64, count: Int, offset: Int, isDirty: Bool)
    case erased(FileNumber, Range<UInt64>)
    case truncated(FileNumber, to: UInt64)
    case removed(FileNumber)
    /// What is dirty in the range is clean from here on.
    case cleaned(FileNumber, Range<UInt64>)
    case put(key: [UInt8], value: [UInt8])
    case deleted(key: [UInt8])
    /// Segments up to this one may be gone.
    case trimmed(through: UInt32)

    init(_ change: RecordChange) {
        switch change {
        case .put(let key, let value): self = .put(key: key, value: value)
        case .delete(let key): self = .deleted(key: key)
        }
    }

    static func encode(_ changes: [LoggedChange]) -> [UInt8] {
        var encoder = ScaleEncoder(reserving: 8 + 32 * changes.count)
        encoder.vector(changes)
        return encoder.bytes
    }

    /// - Throws: `ScaleError` for anything that `encode` does not give for a payload of this length.
    static func decode(_ bytes: [UInt8], payloadByteCount: Int) throws(ScaleError) -> [LoggedChange] {
        var decoder = ScaleDecoder(bytes)
        let changes = try decoder.vector { (decoder) throws(ScaleError) in
            try LoggedChange(from: &decoder, payloadByteCount: payloadByteCount)
        }
        try decoder.finish()
        return changes
    }
}

extension LoggedChange: ScaleEncodable {
    private enum Tag {
        static let dirty: UInt8 = 0
        static let clean: UInt8 = 1
        static let erased: UInt8 = 2
        static let truncated: UInt8 = 3
        static let removed: UInt8 = 4
        static let cleaned: UInt8 = 5
        static let put: UInt8 = 6
        static let deleted: UInt8 = 7
        static let trimmed: UInt8 = 8
    }

    func encode(to encoder: inout ScaleEncoder) {
        switch self {
        case .data(let file, let start, let count, let offset, let isDirty):
            encoder.integer(isDirty ? Tag.dirty : Tag.clean)
            encoder.compact(file.value)
            encoder.compact(start)
            encoder.compact(count)
            encoder.compact(offset)
        case .erased(let file, let range): Self.encode(Tag.erased, file, range, to: &encoder)
        case .truncated(let file, let end):
            encoder.integer(Tag.truncated)
            encoder.compact(file.value)
            encoder.compact(end)
        case .removed(let file):
            encoder.integer(Tag.removed)
            encoder.compact(file.value)
        case .cleaned(let file, let range): Self.encode(Tag.cleaned, file, range, to: &encoder)
        case .put(let key, let value):
            encoder.integer(Tag.put)
            encoder.byteVector(key)
            encoder.byteVector(value)
        case .deleted(let key):
            encoder.integer(Tag.deleted)
            encoder.byteVector(key)
        case .trimmed(let number):
            encoder.integer(Tag.trimmed)
            encoder.compact(UInt64(number))
        }
    }

    private static func encode(
        _ tag: UInt8, _ file: FileNumber, _ range: Range<UInt64>, to encoder: inout ScaleEncoder
    ) {
        encoder.integer(tag)
        encoder.compact(file.value)
        encoder.compact(range.lowerBound)
        encoder.compact(range.upperBound - range.lowerBound)
    }

    init(from decoder: inout ScaleDecoder, payloadByteCount: Int) throws(ScaleError) {
        let place = decoder.offset
        let tag = try decoder.byte()
        switch tag {
        case Tag.dirty, Tag.clean:
            let file = FileNumber(try decoder.compact(UInt64.self))
            let range = try Self.range(from: &decoder)
            let offset = try decoder.compact(UInt32.self)
            let count = range.upperBound - range.lowerBound
            guard UInt64(offset) + count <= UInt64(payloadByteCount) else {
                throw .tooLong(count: count, limit: payloadByteCount, offset: place)
            }
            self = .data(
                file, start: range.lowerBound, count: Int(count), offset: Int(offset), isDirty: tag == Tag.dirty)
        case Tag.erased: self = .erased(FileNumber(try decoder.compact(UInt64.self)), try Self.range(from: &decoder))
        case Tag.truncated:
            let file = FileNumber(try decoder.compact(UInt64.self))
            self = .truncated(file, to: try decoder.compact(UInt64.self))
        case Tag.removed: self = .removed(FileNumber(try decoder.compact(UInt64.self)))
        case Tag.cleaned: self = .cleaned(FileNumber(try decoder.compact(UInt64.self)), try Self.range(from: &decoder))
        case Tag.put:
            let key = try decoder.byteVector()
            self = .put(key: key, value: try decoder.byteVector())
        case Tag.deleted: self = .deleted(key: try decoder.byteVector())
        case Tag.trimmed: self = .trimmed(through: try decoder.compact(UInt32.self))
        default: throw .unknownVariant(tag, type: "change", offset: place)
        }
    }

    /// A range that is not empty and does not go beyond the greatest offset.
    private static func range(from decoder: inout ScaleDecoder) throws(ScaleError) -> Range<UInt64> {
        let place = decoder.offset
        let start = try decoder.compact(UInt64.self)
        let count = try decoder.compact(UInt64.self)
        guard count > 0, start < CacheLimits.fileByteCount, count <= CacheLimits.fileByteCount - start else {
            throw .tooLong(count: count, limit: .max, offset: place)
        }
        return start..<start + count
    }
}
