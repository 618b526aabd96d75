internal import SCALE

/// Rules that several records obey.
///
/// Format: Docs/Format/README.md, "Canonical form".
enum Rules {
    /// Bytes of UTF-8, at most `limit`.
    static func text(_ decoder: inout ScaleDecoder, limit: Int) throws(ScaleError) -> [UInt8] {
        let offset = decoder.offset
        let bytes = try decoder.byteVector(limit: limit)
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .notUTF8(offset: offset) }
        return bytes
    }

    /// What of a text goes into `limit` bytes without a character being cut; bytes that are not UTF-8 are replaced.
    static func text(_ bytes: [UInt8], limit: Int) -> [UInt8] {
        let text =
            String(validating: bytes, as: UTF8.self) == nil ? Array(String(decoding: bytes, as: UTF8.self).utf8) : bytes
        guard text.count > limit else { return text }
        var end = limit
        while end > 0, text[end] & 0xc0 == 0x80 { end -= 1 }
        return Array(text[..<end])
    }

    /// Refuses a list in which a key is not greater than the one before.
    static func ascending<Item, Key: Comparable>(
        _ items: [Item], by key: (Item) -> Key, _ what: String, _ offset: Int
    ) throws(ScaleError) {
        guard zip(items, items.dropFirst()).allSatisfy({ key($0) < key($1) }) else {
            throw .invalid("\(what) do not ascend", offset: offset)
        }
    }

    /// Refuses a list in which a key stands twice.
    static func distinct<Item, Key: Hashable>(
        _ items: [Item], by key: (Item) -> Key, _ what: String, _ offset: Int
    ) throws(ScaleError) {
        guard Set(items.map(key)).count == items.count else { throw .invalid("\(what) twice", offset: offset) }
    }
}
