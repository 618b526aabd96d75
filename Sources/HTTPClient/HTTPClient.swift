/// Makes HTTP/1.1 exchanges over connections that it keeps and reuses.
///
/// One thread of its own does all the work (libcurl's multi interface), so that an exchange blocks no other thread; it
/// ends with the last reference. Redirects are not followed, nothing is retried except on a kept connection that turned
/// out to be closed before anything of the answer came.
public final class HTTPClient: Sendable {
    private let loop: TransferLoop

    /// - Parameters:
    ///   - maximumConnections: how many exchanges run at once; more wait in order.
    ///   - maximumConnectionsPerHost: of them with one host and port.
    public init(maximumConnections: Int = 64, maximumConnectionsPerHost: Int = 16) {
        precondition(maximumConnections > 0 && maximumConnectionsPerHost > 0)
        loop = TransferLoop(limit: maximumConnections, limitPerHost: maximumConnectionsPerHost)
        loop.start()
    }

    /// Makes one exchange. If the task is cancelled, the connection is closed at once.
    public func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        let transfer = try Transfer(request)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                transfer.continuation = continuation
                loop.submit(transfer)
            }
        } onCancel: {
            loop.cancel(transfer)
        }
        return try result.get()
    }

    deinit { loop.stop() }
}
