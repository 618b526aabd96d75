internal import CCurl
internal import Synchronization

/// One exchange in the making. Made by the caller, then touched by the loop's thread only, save for `isCancelled`.
final class Transfer: @unchecked Sendable {  // handed over through the loop's locked inbox
    typealias Completion = CheckedContinuation<Result<HTTPResponse, HTTPError>, Never>

    private static let headerByteLimit = 64 << 10

    let request: HTTPRequest
    /// Scheme, host and port: what connections are counted by.
    let host: String
    let deadline: ContinuousClock.Instant
    let isCancelled = Atomic(false)
    var continuation: Completion?

    private let parts: [[UInt8]]
    private var partIndex = 0
    private var partOffset = 0
    private var headerList: UnsafeMutablePointer<curl_slist>?

    private var status = 0
    private var headers: [(name: String, value: String)] = []
    private var headerByteCount = 0
    private var headersAreWhole = false
    private var body: [UInt8] = []
    /// Why a callback made curl stop; what curl says then is only that it was stopped.
    private var refusal: HTTPError?

    init(_ request: HTTPRequest) throws(HTTPError) {
        self.request = request
        deadline = .now + request.deadline
        parts =
            switch request.body {
            case .none: []
            case .bytes(let bytes): [bytes]
            case .parts(let parts): parts.filter { !$0.isEmpty }
            }
        guard let schemeEnd = request.url.utf8.firstIndex(of: UInt8(ascii: ":")),
            request.url.utf8.allSatisfy({ $0 > 32 })
        else { throw .badRequest("the URL is malformed") }
        let authority = request.url[schemeEnd...].utf8.dropFirst().drop { $0 == UInt8(ascii: "/") }
            .prefix { ![UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")].contains($0) }
        host = request.url[..<schemeEnd].lowercased() + "://" + String(decoding: authority, as: UTF8.self).lowercased()
        for (name, value) in request.headers + [(request.method, "")] {
            guard !name.isEmpty, name.utf8.allSatisfy({ 33...126 ~= $0 && $0 != UInt8(ascii: ":") }) else {
                throw .badRequest("the header name or method is malformed")
            }
            guard value.utf8.allSatisfy({ $0 >= 32 && $0 != 127 || $0 == 9 }) else {
                throw .badRequest("the header \(name) contains control characters")
            }
        }
    }

    deinit { curl_slist_free_all(headerList) }

    // MARK: Setting up

    /// Makes `easy`, fresh or reset, carry out this exchange. The loop keeps the transfer alive as long.
    func configure(_ easy: UnsafeMutableRawPointer) {
        let this = Unmanaged.passUnretained(self).toOpaque()
        cessdrive_easy_set_string(easy, CURLOPT_URL, request.url)
        cessdrive_easy_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https")
        cessdrive_easy_set_long(easy, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        cessdrive_easy_set_long(easy, CURLOPT_PATH_AS_IS, 1)
        cessdrive_easy_set_long(easy, CURLOPT_NOSIGNAL, 1)
        // A name that is still being looked up when its request ends is not waited for: one bad zone would stop all.
        cessdrive_easy_set_long(easy, CURLOPT_QUICK_EXIT, 1)
        cessdrive_easy_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1)
        cessdrive_easy_set_long(easy, CURLOPT_BUFFERSIZE, 256 << 10)
        if isLoopback { cessdrive_easy_set_string(easy, CURLOPT_PROXY, "") }
        cessdrive_easy_set_long(easy, CURLOPT_TIMEOUT_MS, max(1, (deadline - .now).milliseconds))
        cessdrive_easy_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, max(1, request.connectDeadline.milliseconds))
        if let stall = request.stallDeadline {
            cessdrive_easy_set_long(easy, CURLOPT_LOW_SPEED_LIMIT, 1)
            cessdrive_easy_set_long(easy, CURLOPT_LOW_SPEED_TIME, max(1, Int(stall.components.seconds)))
        }
        if let rate = request.sendRate {
            cessdrive_easy_set_offset(easy, CURLOPT_MAX_SEND_SPEED_LARGE, curl_off_t(max(1, rate)))
        }
        configureMethod(easy, this)
        configureHeaders(easy)
        cessdrive_easy_set_data_function(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            Transfer.from(context)?.receiveHeader(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
        }
        cessdrive_easy_set_pointer(easy, CURLOPT_HEADERDATA, this)
        cessdrive_easy_set_data_function(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            Transfer.from(context)?.receiveBody(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
        }
        cessdrive_easy_set_pointer(easy, CURLOPT_WRITEDATA, this)
    }

    private func configureMethod(_ easy: UnsafeMutableRawPointer, _ this: UnsafeMutableRawPointer) {
        switch (request.method, request.body) {
        case ("GET", .none): cessdrive_easy_set_long(easy, CURLOPT_HTTPGET, 1)
        case ("HEAD", .none): cessdrive_easy_set_long(easy, CURLOPT_NOBODY, 1)
        default:
            let byteCount = parts.reduce(0) { $0 + $1.count }
            cessdrive_easy_set_long(easy, CURLOPT_UPLOAD, 1)
            cessdrive_easy_set_string(easy, CURLOPT_CUSTOMREQUEST, request.method)
            cessdrive_easy_set_offset(easy, CURLOPT_INFILESIZE_LARGE, curl_off_t(byteCount))
            if byteCount > 64 << 10 { cessdrive_easy_set_long(easy, CURLOPT_UPLOAD_BUFFERSIZE, 256 << 10) }
            cessdrive_easy_set_data_function(easy, CURLOPT_READFUNCTION) { bytes, size, count, context in
                guard let transfer = Transfer.from(context) else { return Int(CURL_READFUNC_ABORT) }
                return transfer.provideBody(UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
            }
            cessdrive_easy_set_pointer(easy, CURLOPT_READDATA, this)
            cessdrive_easy_set_seek_function(easy) { context, offset, origin in
                guard origin == 0, let transfer = Transfer.from(context) else { return CURL_SEEKFUNC_CANTSEEK }
                return transfer.seek(to: Int(offset))
            }
            cessdrive_easy_set_pointer(easy, CURLOPT_SEEKDATA, this)
        }
    }

    private func configureHeaders(_ easy: UnsafeMutableRawPointer) {
        // Without it curl waits for "100 Continue" before a long body, which storage nodes may never say.
        headerList = curl_slist_append(headerList, "Expect:")
        for (name, value) in request.headers {
            // "Name;" is how curl is told to send a header without a value.
            headerList = curl_slist_append(headerList, value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        cessdrive_easy_set_pointer(easy, CURLOPT_HTTPHEADER, headerList)
    }

    /// A proxy from the environment is not for the machine's own servers.
    private var isLoopback: Bool {
        ["127.", "localhost", "[::1]"].contains { host.contains("://" + $0) }
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: Curl's callbacks

    private func provideBody(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        var written = 0
        while written < buffer.count, partIndex < parts.count {
            let part = parts[partIndex]
            let count = min(part.count - partOffset, buffer.count - written)
            part.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(rebasing: buffer[written..<written + count])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[partOffset..<partOffset + count]))
            }
            written += count
            partOffset += count
            if partOffset == part.count { (partIndex, partOffset) = (partIndex + 1, 0) }
        }
        return written
    }

    /// Curl goes back when a kept connection turns out to be dead.
    private func seek(to offset: Int) -> Int32 {
        (partIndex, partOffset) = (0, offset)
        while partIndex < parts.count, partOffset >= parts[partIndex].count {
            partOffset -= parts[partIndex].count
            partIndex += 1
        }
        return CURL_SEEKFUNC_OK
    }

    private func receiveHeader(_ line: UnsafeRawBufferPointer) -> Int {
        headerByteCount += line.count
        guard headerByteCount <= Self.headerByteLimit else {
            refusal = .malformedResponse("the headers are too long")
            return 0
        }
        let text = String(decoding: line, as: UTF8.self)
        if text.hasPrefix("HTTP/") {  // of this answer, or of the one after an interim answer
            headers = []
            headersAreWhole = false
            status = text.split(separator: " ", maxSplits: 2).dropFirst().first.flatMap { Int($0) } ?? 0
        } else if let colon = text.firstIndex(of: ":") {
            let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            let end = value.lastIndex { !$0.isWhitespace }.map { value.index(after: $0) } ?? value.startIndex
            headers.append((text[..<colon].lowercased(), String(value[..<end])))
        } else if text.allSatisfy(\.isNewline) {
            headersAreWhole = true
        }
        return line.count
    }

    private func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        if body.isEmpty {
            let announced = headers.first { $0.name == "content-length" }.flatMap { Int($0.value) }
            guard announced ?? 0 <= request.maximumResponseByteCount else { return refuseAsTooLarge() }
            if let announced, announced > bytes.count { body.reserveCapacity(announced) }
        }
        guard body.count + bytes.count <= request.maximumResponseByteCount else { return refuseAsTooLarge() }
        body.append(contentsOf: bytes)
        return bytes.count
    }

    private func refuseAsTooLarge() -> Int {
        refusal = .responseTooLarge(limit: request.maximumResponseByteCount)
        return 0
    }

    // MARK: The end

    /// Resumes the caller; the second time and later nothing happens.
    func finish(_ result: Result<HTTPResponse, HTTPError>) {
        continuation?.resume(returning: result)
        continuation = nil
    }

    /// What became of it, when curl is done with `easy`.
    func result(of easy: UnsafeMutableRawPointer, _ code: CURLcode) -> Result<HTTPResponse, HTTPError> {
        if let refusal { return .failure(refusal) }
        guard code == CURLE_OK else { return .failure(HTTPError(code)) }
        guard status > 0 else { return .failure(.malformedResponse("it has no status")) }
        guard headersAreWhole else { return .failure(.connectionLost("the headers broke off")) }
        return .success(
            HTTPResponse(
                status: status, headers: headers, body: body,
                timeToFirstByte: Self.time(CURLINFO_STARTTRANSFER_TIME_T, of: easy),
                totalTime: Self.time(CURLINFO_TOTAL_TIME_T, of: easy)))
    }

    private static func time(_ info: CURLINFO, of easy: UnsafeMutableRawPointer) -> Duration {
        var value: curl_off_t = 0
        cessdrive_easy_get_offset(easy, info, &value)
        return .microseconds(Int64(value))
    }
}

extension HTTPError {
    fileprivate init(_ code: CURLcode) {
        let text = String(cString: curl_easy_strerror(code))
        switch code {
        case CURLE_OPERATION_TIMEDOUT: self = .timedOut
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: self = .badRequest(text)
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR,
            CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER:
            self = .cannotConnect(text)
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING:
            self = .malformedResponse(text)
        default: self = .connectionLost(text)
        }
    }
}

extension Duration {
    /// Never more than libcurl can count.
    fileprivate var milliseconds: Int { Int(min(max(self / .milliseconds(1), 0), Double(Int32.max))) }
}
