internal import CESS
internal import Glibc
internal import HTTPServer
internal import Logging

/// `GET /fragment` (Docs/Protocol/CESS.md, section 3.3).
extension NodeServer {
    func get(_ request: HTTPRequest, _ faults: Set<NodeFault>) -> HTTPResponse {
        let names = [request.headers["Fid"] ?? "", request.headers["Fragment"] ?? ""]
        guard names.allSatisfy({ !$0.isEmpty }) else { return NodeReply.emptyName }
        guard names.allSatisfy({ $0.utf8.count == 64 }) else { return NodeReply.invalidName }
        guard let fid = request.fid, let fragment = request.fragment else { return NodeReply.notFound }
        let file: ServedFile
        do {
            guard let opened = try store.openFragment(fragment, of: fid) else { return NodeReply.notFound }
            file = ServedFile(opened)
        } catch {
            log.error("cannot open a fragment", metadata: ["error": "\(error)"])
            return NodeReply.systemError
        }
        if faults.contains(.jsonInsteadOfData) { return NodeReply.systemError }
        guard let range = request.headers["Range"], !range.isEmpty else { return whole(file, request, faults) }
        return part(file, RangeHeader(range, byteCount: file.byteCount, allowsStandard: !isStock), faults)
    }

    private func whole(_ file: ServedFile, _ request: HTTPRequest, _ faults: Set<NodeFault>) -> HTTPResponse {
        let modified = HTTPDate.text(file.modified)
        if let since = request.headers["If-Modified-Since"].flatMap(HTTPDate.seconds), file.modified <= since {
            return HTTPResponse(status: 304, headers: [("Last-Modified", modified)])
        }
        return HTTPResponse(
            headers: [
                ("Accept-Ranges", "bytes"), ("Content-Type", "application/octet-stream"), ("Last-Modified", modified),
            ],
            body: file.body(0..<file.byteCount, faults))
    }

    private func part(_ file: ServedFile, _ range: RangeHeader, _ faults: Set<NodeFault>) -> HTTPResponse {
        var headers = [("Content-Type", "application/octet-stream")]
        var bytes: Range<Int>
        switch range {
        case .refused(let message): return NodeReply.json(416, message)
        case .node(let asked): bytes = asked
        case .standard(let asked):
            bytes = asked
            headers.append(("Content-Range", "bytes \(asked.lowerBound)-\(asked.upperBound - 1)/\(file.byteCount)"))
        }
        if faults.contains(.lyingAboutRanges) {
            let lie = bytes.upperBound < file.byteCount ? 1 : -min(1, bytes.lowerBound)
            bytes = bytes.lowerBound + lie..<bytes.upperBound + lie
        }
        return HTTPResponse(status: 206, headers: headers, body: file.body(bytes, faults))
    }
}

/// An open file on its way into a reply; closed unless the reply takes it over.
private final class ServedFile: @unchecked Sendable {  // the descriptor is only read, at explicit offsets
    private let opened: NodeStore.Opened
    private var isOwner = true

    init(_ opened: NodeStore.Opened) { self.opened = opened }

    var byteCount: Int { opened.byteCount }
    var modified: Int { opened.modified }

    func body(_ range: Range<Int>, _ faults: Set<NodeFault>) -> HTTPResponse.Body {
        if faults.contains(.corrupting) { return .bytes(damaged(range)) }
        if faults.contains(.slow) {
            return .stream(byteCount: range.count) { writer in
                for start in stride(from: range.lowerBound, to: range.upperBound, by: 64 << 10) {
                    let count = min(64 << 10, range.upperBound - start)
                    try await writer.write(file: self.opened.descriptor, offset: start, byteCount: count)
                    try await Task.sleep(for: .microseconds(count))
                }
            }
        }
        isOwner = false
        return .file(descriptor: opened.descriptor, offset: range.lowerBound, byteCount: range.count)
    }

    /// The bytes with the first of every 4096 changed.
    private func damaged(_ range: Range<Int>) -> [UInt8] {
        var bytes = unsafe [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            unsafe count = max(0, pread(opened.descriptor, buffer.baseAddress, buffer.count, range.lowerBound))
        }
        for index in stride(from: 0, to: bytes.count, by: 4096) { bytes[index] ^= 0x20 }
        return bytes
    }

    deinit { if isOwner { close(opened.descriptor) } }
}

/// Dates as HTTP writes them (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    static func text(_ seconds: Int) -> String {
        var time = time_t(seconds)
        var parts = unsafe tm()
        unsafe gmtime_r(&time, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let date = unsafe "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)])"
        let time24 = unsafe "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
        return unsafe "\(date) \(1900 + parts.tm_year) \(time24) GMT"
    }

    /// Nil if it is no such date.
    static func seconds(_ text: String) -> Int? {
        let fields = text.split(separator: " ")
        guard fields.count == 6, fields[5] == "GMT", let day = Int32(fields[1]), 1...31 ~= day,
            let month = months.firstIndex(of: String(fields[2])), let year = Int32(fields[3]), 1970...9999 ~= year
        else { return nil }
        let clock = fields[4].split(separator: ":").compactMap { Int32($0) }
        guard clock.count == 3, 0...23 ~= clock[0], 0...59 ~= clock[1], 0...60 ~= clock[2] else { return nil }
        var parts = unsafe tm()
        unsafe parts.tm_mday = day
        unsafe parts.tm_mon = Int32(month)
        unsafe parts.tm_year = year - 1900
        unsafe (parts.tm_hour, parts.tm_min, parts.tm_sec) = (clock[0], clock[1], clock[2])
        return unsafe timegm(&parts)
    }
}
