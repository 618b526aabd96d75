/// The `Range` of a request for a fragment.
///
/// Storage nodes have a grammar of their own: `bytes=<start>-<end>/<total>` or `bytes <start>-<end>/<total>`, the end
/// exclusive, the total required and not read (Docs/Protocol/CESS.md, section 3.3).
enum RangeHeader: Equatable {
    /// Answered by 206 without `Content-Range`.
    case node(Range<Int>)
    /// The extension `standard-ranges`: RFC 9110, answered by 206 with `Content-Range`.
    case standard(Range<Int>)
    /// Answered by code 416 and these words.
    case refused(String)

    init(_ text: String, byteCount: Int, allowsStandard: Bool) {
        let bounds = text.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        if allowsStandard, text.hasPrefix("bytes="), bounds.count == 2, !text.contains("/") {
            self = Self.standardRange(bounds[0], bounds[1], byteCount)
        } else {
            self = Self.nodeRange(text, byteCount)
        }
    }

    private static func nodeRange(_ text: String, _ byteCount: Int) -> RangeHeader {
        guard text.hasPrefix("bytes=") || text.hasPrefix("bytes ") else { return .refused("invalid range request") }
        let parts = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        let bounds = parts.first?.split(separator: "-", omittingEmptySubsequences: false) ?? []
        guard parts.count == 2, bounds.count == 2 else { return .refused("invalid range request") }
        guard let start = number(bounds[0]) else { return .refused("invalid range start") }
        guard let end = number(bounds[1]), start <= end, end <= byteCount else { return .refused("invalid range end") }
        return .node(start..<end)
    }

    private static func standardRange(_ first: Substring, _ last: Substring, _ byteCount: Int) -> RangeHeader {
        if first.isEmpty {  // the last so many bytes
            guard let count = number(last), count > 0 else { return .refused("invalid range start") }
            return .standard(max(0, byteCount - count)..<byteCount)
        }
        guard let start = number(first), start < byteCount else { return .refused("invalid range start") }
        if last.isEmpty { return .standard(start..<byteCount) }
        guard let end = number(last), start <= end else { return .refused("invalid range end") }
        return .standard(start..<min(end + 1, byteCount))
    }

    /// Digits only: no sign, no blank, nothing that overflows.
    private static func number(_ text: Substring) -> Int? {
        guard 1...15 ~= text.utf8.count, text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 })
        else { return nil }
        return Int(text)
    }
}
