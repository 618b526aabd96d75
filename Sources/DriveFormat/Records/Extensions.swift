internal import SCALE

/// Fields that a later version added and this one does not read but keeps: a record that is passed on, or whose
/// signature is checked, is encoded again with all of its bytes.
///
/// A tag below 0x8000 may be ignored by a reader that does not know it; any other makes the record unreadable to it.
///
/// Format: Docs/Format/README.md, "Extensions".
public struct Extensions: Hashable, Sendable {
    static let limit = 64
    static let byteLimit = 65_536
    /// The first tag that a reader must know.
    static let firstCritical: UInt16 = 0x8000

    public static let none = Extensions(fields: [])

    struct Field: Hashable, Sendable {
        let tag: UInt16
        let bytes: [UInt8]
    }

    /// Tags strictly ascend.
    let fields: [Field]

    init(fields: [Field]) { self.fields = fields }

    static func read(in record: String, _ decoder: inout ScaleDecoder) throws(ScaleError) -> Extensions {
        let count = try decoder.count(limit: limit, itemByteCount: 3)
        guard count > 0 else { return .none }
        var fields: [Field] = []
        for _ in 0..<count {
            let offset = decoder.offset
            let tag = try decoder.integer(UInt16.self)
            guard tag < firstCritical else {
                throw .invalid("\(record) needs extension \(tag), which this version does not know", offset: offset)
            }
            if let last = fields.last, last.tag >= tag {
                throw .invalid("the extensions of a \(record) do not ascend", offset: offset)
            }
            fields.append(Field(tag: tag, bytes: try decoder.byteVector(limit: byteLimit)))
        }
        return Extensions(fields: fields)
    }

    func write(to encoder: inout ScaleEncoder) {
        encoder.vector(fields) { encoder, field in
            encoder.integer(field.tag)
            encoder.byteVector(field.bytes)
        }
    }
}
