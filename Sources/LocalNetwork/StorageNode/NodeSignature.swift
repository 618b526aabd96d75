internal import HTTPServer
internal import Primitives
internal import Substrate

/// The signature of a request (Docs/Protocol/CESS.md, sections 2.3 and 3.1). It covers the message alone, so it proves nothing
/// but that somebody has some account.
enum NodeSignature {
    static func isValid(_ request: HTTPRequest) -> Bool {
        guard let address = request.headers["Account"], let decoded = try? SS58.decode(address),
            // 11331 is refused by nodes: their software is built for the test network.
            [SS58.cessTestnet, SS58.generic].contains(decoded.prefix),
            let message = request.headers["Message"],
            let signature = request.headers["Signature"].flatMap({ [UInt8](hex: $0) })
        else { return false }
        let raw = Array(message.utf8)
        let wrapped = Array("<Bytes>".utf8) + raw + Array("</Bytes>".utf8)
        return [raw, wrapped].contains {
            Sr25519.verify(signature: signature, message: $0, publicKey: decoded.account.bytes)
        }
    }
}
