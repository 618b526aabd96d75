internal import Glibc
internal import HTTPServer
internal import Substrate

/// A node's directory as anybody can look at it: `GET /file/list` and `GET /file/:name` (Docs/Protocol/CESS.md, section 3.4).
/// Unlike in stock nodes, no path leads out of it.
struct Workspace {
    let store: NodeStore

    /// What `head` and `tail` may have to read.
    private static let textByteLimit = 1 << 20

    func list(_ request: HTTPRequest) -> HTTPResponse {
        let asked = request.query.first { $0.name == "path" }?.value ?? ""
        let components = asked.split(separator: "/").filter { $0 != "." }
        guard !components.contains(".."), !asked.contains("\0") else { return NodeReply.notFound }
        let path = ([store.directory] + components.map(String.init)).joined(separator: "/")
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return NodeReply.notFound }
        let items = store.entries(of: path).sorted().compactMap { item($0, in: path) }
        return NodeReply.json(200, "ok", data: .array(items))
    }

    private func item(_ name: String, in path: String) -> JSONValue? {
        var status = stat()
        guard unsafe lstat(path + "/" + name, &status) == 0 else { return nil }
        return .object([
            "Path": .string(name), "ModTime": .string(HTTPDate.text(Int(status.st_mtim.tv_sec))),
            "Size": .integer(status.st_size), "IsDir": .bool(status.st_mode & S_IFMT == S_IFDIR),
        ])
    }

    func file(_ request: HTTPRequest, _ path: String) -> HTTPResponse {
        let name = path.dropFirst("/file/".count)
        guard !name.isEmpty, !name.contains("/"), !name.contains("\0"), name != "..", name != "." else {
            return NodeReply.notFound
        }
        do {
            guard let opened = try store.open(store.directory + "/" + name) else { return NodeReply.notFound }
            return reply(opened, request)
        } catch { return NodeReply.systemError }
    }

    private func reply(_ opened: NodeStore.Opened, _ request: HTTPRequest) -> HTTPResponse {
        func number(_ parameter: String) -> Int? {
            request.query.first { $0.name == parameter }.flatMap { Int($0.value) }.flatMap { $0 > 0 ? $0 : nil }
        }
        var headers = [("Content-Type", "application/octet-stream")]
        if request.query.contains(where: { $0.name == "download" && $0.value == "true" }) {
            headers.append(("Content-Disposition", "attachment"))
        }
        guard let count = number("head") ?? number("tail") else {
            return HTTPResponse(
                headers: headers, body: .file(descriptor: opened.descriptor, offset: 0, byteCount: opened.byteCount))
        }
        defer { close(opened.descriptor) }
        let lines = text(opened, fromEnd: number("head") == nil)
            .split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let chosen = number("head") == nil ? lines.suffix(count) : lines.prefix(count)
        return HTTPResponse(headers: headers, body: .bytes(Array(chosen.joined(separator: [UInt8(ascii: "\n")]))))
    }

    private func text(_ opened: NodeStore.Opened, fromEnd: Bool) -> [UInt8] {
        let byteCount = min(opened.byteCount, Self.textByteLimit)
        return unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            let offset = fromEnd ? opened.byteCount - byteCount : 0
            unsafe count = max(0, pread(opened.descriptor, buffer.baseAddress, byteCount, offset))
        }
    }
}
