import Primitives
import Testing

@testable import LocalNetwork

struct MultipartReaderTests {
    private let type = "multipart/form-data; boundary=abc"

    /// What the file's content is when the body comes in pieces of these sizes, and then the rest.
    private func content(of body: [UInt8], pieces: [Int] = [], type: String? = nil) throws -> [UInt8] {
        var reader = try MultipartReader(contentType: type ?? self.type)
        var content: [UInt8] = []
        var rest = body[...]
        for size in pieces + [body.count] {
            let piece = Array(rest.prefix(size))
            rest = rest.dropFirst(size)
            try reader.read(piece.span) { span in for index in 0..<span.count { content.append(span[index]) } }
        }
        try reader.finish()
        return content
    }

    private func form(_ content: [UInt8], name: String = #"name="file"; filename="x""#) -> [UInt8] {
        Array("--abc\r\nContent-Disposition: form-data; \(name)\r\nContent-Type: application/octet-stream\r\n\r\n".utf8)
            + content + Array("\r\n--abc--\r\n".utf8)
    }

    @Test func `the content is found however the body is cut`() throws {
        let content = Array("a\r\n--ab\r\r\n\r\n--abd-\r\n--".utf8) + [0, 255] + Array("\r".utf8)
        let body = form(content)
        for first in 0..<body.count {
            #expect(try self.content(of: body, pieces: [first]) == content)
        }
        #expect(try self.content(of: body, pieces: Array(repeating: 1, count: body.count)) == content)
        for seed in 1..<20 {
            #expect(try self.content(of: body, pieces: Array(repeating: seed, count: body.count)) == content)
        }
    }

    @Test func `random content of some length arrives as it was sent`() throws {
        let content = SystemRandom.bytes(300_000)
        #expect(try self.content(of: form(content), pieces: [1, 65_536, 3, 100_000]) == content)
        #expect(try self.content(of: form([])) == [])
    }

    @Test func `other parts, a preamble and what follows are passed over`() throws {
        let field = Array("--abc\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nvalue\r\n".utf8)
        let body = Array("preamble\r\n".utf8) + field + form([1, 2]) + Array("epilogue\r\n--abc".utf8)
        for size in 1..<40 {
            #expect(try content(of: body, pieces: Array(repeating: size, count: body.count)) == [1, 2])
        }
    }

    @Test(arguments: [
        ("", MultipartReader.Failure.truncated), ("--abc", .truncated), ("--abc--\r\n", .noFile),
        ("--abc\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\nhalf", .truncated),
        ("--abc\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nnot a file\r\n--abc--\r\n", .noFile),
        ("--abc\r\nContent-Disposition: form-data; name=\"data\"; filename=\"x\"\r\n\r\nx\r\n--abc--\r\n", .noFile),
        ("--abcxy", .malformed), ("no form at all", .truncated),
    ])
    func `a body without a whole file is refused`(body: String, failure: MultipartReader.Failure) {
        #expect(throws: failure) { try content(of: Array(body.utf8)) }
    }

    @Test func `a header without end is refused`() {
        #expect(throws: MultipartReader.Failure.malformed) {
            try content(of: Array("--abc\r\n".utf8) + [UInt8](repeating: 65, count: 100_000))
        }
    }

    @Test(
        arguments: [
            (nil, MultipartReader.Failure.notMultipart), ("", .notMultipart),
            ("text/plain; boundary=abc", .notMultipart),
            ("multipart/form-data", .noBoundary), ("multipart/form-data; boundary=", .noBoundary),
            ("multipart/form-data; boundary=a\u{7f}", .noBoundary),
            ("multipart/form-data; boundary=" + String(repeating: "x", count: 71), .noBoundary),
        ] as [(String?, MultipartReader.Failure)])
    func `a content type without a boundary is refused`(type: String?, failure: MultipartReader.Failure) {
        #expect(throws: failure) { try MultipartReader(contentType: type) }
    }

    @Test func `a boundary may be quoted`() throws {
        #expect(try content(of: form([7]), type: "Multipart/Form-Data; charset=utf-8; boundary=\"abc\"") == [7])
    }
}

struct RangeHeaderTests {
    @Test(
        arguments: [
            ("bytes=0-100/8388608", .node(0..<100)), ("bytes 5-7/0", .node(5..<7)), ("bytes=7-7/x", .node(7..<7)),
            ("bytes=1000-1000/1000", .node(1000..<1000)), ("bytes=0-1001/1000", .refused("invalid range end")),
            ("bytes=1001-1002/1000", .refused("invalid range end")),
            ("bytes=5-4/1000", .refused("invalid range end")),
            ("bytes=-5-4/1", .refused("invalid range request")), ("bytes=a-4/1", .refused("invalid range start")),
            ("bytes=0-+4/1", .refused("invalid range end")), ("bytes=0-/1", .refused("invalid range end")),
            ("bytes=-5/1", .refused("invalid range start")), ("items=0-1/2", .refused("invalid range request")),
            ("", .refused("invalid range request")), ("bytes", .refused("invalid range request")),
            ("bytes=", .refused("invalid range request")),
            ("bytes=0-99999999999999999999/1", .refused("invalid range end")),
            ("bytes=0-1/2/3", .refused("invalid range request")), ("bytes=0-99", .refused("invalid range request")),
        ] as [(String, RangeHeader)])
    func `ranges are read as nodes read them`(text: String, range: RangeHeader) {
        #expect(RangeHeader(text, byteCount: 1000, allowsStandard: false) == range)
    }

    @Test(
        arguments: [
            ("bytes=0-99", .standard(0..<100)), ("bytes=990-2000", .standard(990..<1000)),
            ("bytes=10-", .standard(10..<1000)), ("bytes=-10", .standard(990..<1000)),
            ("bytes=-2000", .standard(0..<1000)), ("bytes=1000-", .refused("invalid range start")),
            ("bytes=5-4", .refused("invalid range end")), ("bytes=-", .refused("invalid range start")),
            ("bytes=-0", .refused("invalid range start")), ("bytes=0-100/1000", .node(0..<100)),
            ("bytes=0-1,3-4", .refused("invalid range request")),
        ] as [(String, RangeHeader)])
    func `standard ranges are read where they are offered`(text: String, range: RangeHeader) {
        #expect(RangeHeader(text, byteCount: 1000, allowsStandard: true) == range)
    }
}
