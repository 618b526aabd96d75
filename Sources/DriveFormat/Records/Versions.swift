internal import SCALE

/// Every record of the format begins with its version: a reader refuses what it does not know.
///
/// Format: Docs/Format/README.md, "Versions".
enum RecordVersion {
    static let one: UInt8 = 1

    static func read(_ record: String, from decoder: inout ScaleDecoder) throws(ScaleError) {
        let offset = decoder.offset
        let version = try decoder.byte()
        guard version == one else { throw .unknownVariant(version, type: record, offset: offset) }
    }
}

/// Fields that a later version added and this one passes on unread: tag and bytes, tags ascending.
///
/// A tag below 0x8000 may be ignored by a reader that does not know it; any other makes the record unreadable to it.
///
/// Format: Docs/Format/README.md, "Extensions".
enum Extensions {
    static let limit = 64
    static let byteLimit = 65_536

    static func write(to encoder: inout ScaleEncoder) { encoder.compact(0) }

    static func skip(in record: String, _ decoder: inout ScaleDecoder) throws(ScaleError) {
        let count = try decoder.count(limit: limit, itemByteCount: 3)
        for _ in 0..<count {
            let offset = decoder.offset
            let tag = try decoder.integer(UInt16.self)
            guard tag < 0x8000 else {
                throw .invalid("\(record) needs extension \(tag), which this version does not know", offset: offset)
            }
            _ = try decoder.byteVector(limit: byteLimit)
        }
    }
}
