internal import Glibc

/// Finds the content of the part `file` in a multipart/form-data body (RFC 7578) that comes in pieces.
///
/// Nothing of the content is kept: every piece is handed on as it comes, so a fragment costs no memory.
struct MultipartReader {
    /// What is wrong with a body; the words are those of the Go library that nodes use.
    enum Failure: Error, Equatable, CustomStringConvertible {
        case notMultipart, noBoundary, noFile, truncated, malformed

        var description: String {
            switch self {
            case .notMultipart: "request Content-Type isn't multipart/form-data"
            case .noBoundary: "no multipart boundary param in Content-Type"
            case .noFile: "http: no such file"
            case .truncated: "multipart: NextPart: EOF"
            case .malformed: "malformed MIME header line"
            }
        }
    }

    private enum State {
        /// Before the first boundary, or in a part: its bytes are content if it is the file.
        case part(isFile: Bool)
        /// After a boundary: `--` ends the body, a line break begins a part.
        case boundary
        case header
        case end
    }

    private static let headerByteLimit = 16 << 10

    /// CR LF, two hyphens, the boundary. CR appears in it nowhere else.
    private let delimiter: [UInt8]
    private var state = State.part(isFile: false)
    /// How much of the delimiter the bytes so far ended with. A body begins as if after a line break.
    private var matched = 2
    /// What follows a boundary, or the header, as far as it has come.
    private var gathered: [UInt8] = []
    private(set) var sawFile = false

    /// - Parameter contentType: the request's `Content-Type`.
    init(contentType: String?) throws(Failure) {
        let fields = (contentType ?? "").split(separator: ";").map { $0.trimmed }
        guard fields.first?.lowercased() == "multipart/form-data" else { throw .notMultipart }
        guard let parameter = fields.dropFirst().first(where: { $0.lowercased().hasPrefix("boundary=") })
        else { throw .noBoundary }
        let boundary = parameter.dropFirst("boundary=".count).filter { $0 != "\"" }
        guard 1...70 ~= boundary.utf8.count, boundary.utf8.allSatisfy({ 32...126 ~= $0 }) else { throw .noBoundary }
        delimiter = Array("\r\n--\(boundary)".utf8)
    }

    /// Whether the file has come to its end, or there can be none any more.
    var isAtEnd: Bool { if case .end = state { true } else { false } }

    /// Reads the next piece of the body.
    mutating func read(_ bytes: Span<UInt8>, content: (Span<UInt8>) throws -> Void) throws {
        var offset = 0
        while offset < bytes.count {
            switch state {
            case .part(let isFile):
                try readPart(bytes, &offset) { if isFile { try content($0) } }
                // The first file is the one; what follows does not matter.
                if case .boundary = state, isFile { state = .end }
            case .boundary:
                gathered.append(bytes[offset])
                offset += 1
                if gathered.count == 2 { try beginPart() }
            case .header:
                gathered.append(bytes[offset])
                offset += 1
                guard gathered.count <= Self.headerByteLimit else { throw Failure.malformed }
                if gathered.last == 10, gathered.suffix(4) == [13, 10, 13, 10] || gathered == [13, 10] {
                    let isFile = Self.isFile(gathered)
                    sawFile = sawFile || isFile
                    state = .part(isFile: isFile)
                }
            case .end: return
            }
        }
    }

    /// Checks that the file was there, at the end of the body.
    func finish() throws(Failure) {
        guard isAtEnd else { throw .truncated }
        guard sawFile else { throw .noFile }
    }

    /// Hands on the content up to the delimiter, or up to what may be its beginning.
    private mutating func readPart(
        _ bytes: Span<UInt8>, _ offset: inout Int, content: (Span<UInt8>) throws -> Void
    ) throws {
        while matched > 0 {
            if matched == delimiter.count { return endPart() }
            guard offset < bytes.count else { return }
            guard bytes[offset] == delimiter[matched] else {
                try content(delimiter.span.extracting(..<matched))
                matched = 0
                break
            }
            matched += 1
            offset += 1
        }
        let start = offset
        var scanned = offset
        while let found = bytes.firstIndex(of: 13, from: scanned) {
            var length = 1
            while length < delimiter.count, found + length < bytes.count, bytes[found + length] == delimiter[length] {
                length += 1
            }
            if length == delimiter.count || found + length == bytes.count {
                try content(bytes.extracting(start..<found))
                offset = found + length
                matched = length
                if matched == delimiter.count { endPart() }
                return
            }
            scanned = found + 1
        }
        try content(bytes.extracting(start..<bytes.count))
        offset = bytes.count
    }

    private mutating func endPart() {
        matched = 0
        gathered = []
        state = .boundary
    }

    private mutating func beginPart() throws(Failure) {
        switch gathered {
        case [13, 10]: state = .header
        case [45, 45]: state = .end
        default: throw .malformed
        }
        gathered = []
    }

    /// A file is what has the name `file` and a file name, whatever that is.
    private static func isFile(_ header: [UInt8]) -> Bool {
        String(decoding: header, as: UTF8.self).split(whereSeparator: \.isNewline).contains { line in
            let fields = line.split(separator: ";").map { $0.trimmed }
            return fields.first?.lowercased() == "content-disposition: form-data"
                && fields.contains { $0 == "name=\"file\"" || $0 == "name=file" }
                && fields.contains { $0.lowercased().hasPrefix("filename=") }
        }
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = self
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}

extension Span<UInt8> {
    /// As fast as memory is read: fragments pass through here.
    fileprivate func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        guard start < count else { return nil }
        return unsafe withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress, let found = unsafe memchr(base + start, Int32(byte), count - start)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - base
        }
    }
}
