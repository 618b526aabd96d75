internal import CESS
internal import HTTPServer
internal import Logging
internal import Primitives
internal import Substrate

/// A storage node's HTTP interface: its routes (Docs/Protocol/CESS.md, section 3).
struct NodeServer: Sendable {
    let store: NodeStore
    let chain: any NodeChain
    let faults: NodeFaults
    let state: NodeState
    /// Without our extensions.
    let isStock: Bool
    let log: Logger

    func reply(to request: HTTPRequest, _ body: inout HTTPRequestBody) async throws -> HTTPResponse {
        let faults = faults.current
        if faults.contains(.dead) { try await playDead(before: body) }
        if faults.contains(.slow) { try await Task.sleep(for: .milliseconds(500)) }
        if request.method == "OPTIONS", request.headers["Origin"] != nil { return Self.preflight }
        var response = try await route(request, &body, faults)
        if request.headers["Origin"] != nil { response.headers.append(("Access-Control-Allow-Origin", "*")) }
        return response
    }

    private func route(
        _ request: HTTPRequest, _ body: inout HTTPRequestBody, _ faults: Set<NodeFault>
    ) async throws -> HTTPResponse {
        guard let path = request.path else { return NodeReply.unknownRoute }
        switch (request.method, path) {
        case ("PUT", "/fragment"), ("GET", "/fragment"):
            guard !faults.contains(.refusing), NodeSignature.isValid(request) else { return NodeReply.invalidSignature }
            return request.method == "PUT"
                ? try await put(request, &body, faults) : get(request, faults)
        case ("GET", "/status"): return state.reply(isStock: isStock)
        case ("GET", "/file/list"): return Workspace(store: store).list(request)
        case ("GET", _) where path.hasPrefix("/file/"): return Workspace(store: store).file(request, path)
        default: return NodeReply.unknownRoute
        }
    }

    /// As a machine does that has lost its power: nothing is said, and what was asked then is never answered.
    private func playDead(before body: HTTPRequestBody) async throws {
        while body.isConnected, faults.current.contains(.dead) {
            do { try await Task.sleep(for: .seconds(1)) } catch { break }
        }
        throw HTTPServerError.noReply
    }

    private static let preflight = HTTPResponse(
        status: 204,
        headers: [
            ("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "PUT,GET,OPTION"),
            (
                "Access-Control-Allow-Headers",
                "Account,Message,Signature,Fid,Fragment,Content-Type,X-Forwarded-For"
            ),
        ])
}

extension HTTPRequest {
    var fid: FID? { name("Fid") }
    var fragment: FragmentHash? { name("Fragment") }

    /// Nil unless it is the lower-case hexadecimal name that it should be, and so fit to be a file's name.
    private func name<Name: ContentHash>(_ header: String) -> Name? {
        guard let text = headers[header], text.utf8.count == 64, let name = Name(hex: text), name.hex == text
        else { return nil }
        return name
    }
}
