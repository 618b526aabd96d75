internal import CESS
internal import HTTPServer
internal import Substrate

/// A storage node's replies: almost all have HTTP status 200, the real code is in the body.
enum NodeReply {
    static let ok = json(200, "ok")
    static let invalidSignature = json(403, "invalid signature", status: 403)
    static let systemError = json(500, "system error")
    static let notFound = json(404, "not found")
    static let noRPC = json(403, "failed to connect to rpc, please try again later.")
    static let notInDeal = json(400, "fragment does not match fid")
    static let wrongSize = json(400, "the fragment size is wrong")
    static let wrongHash = json(400, "the fragment hash is wrong")
    static let emptyName = json(400, "empty fid or fragment")
    static let invalidName = json(400, "invalid fid or fragment")

    /// What Go's router answers to a route or method that it does not have.
    static let unknownRoute = HTTPResponse(
        status: 404, headers: [("Content-Type", "text/plain")], body: .bytes(Array("404 page not found".utf8)))

    /// `{"code":…,"msg":…,"data":…}`, in this order.
    static func json(_ code: Int, _ message: String, data: JSONValue = .null, status: Int = 200) -> HTTPResponse {
        var bytes = Array(#"{"code":\#(code),"msg":"#.utf8)
        bytes += JSONValue.string(message).jsonBytes
        bytes += #","data":"#.utf8
        bytes += data.jsonBytes
        bytes.append(UInt8(ascii: "}"))
        return .json(bytes, status: status)
    }
}
