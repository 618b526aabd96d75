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
