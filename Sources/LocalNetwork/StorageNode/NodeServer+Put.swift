internal import CESS
internal import HTTPServer
internal import Logging
internal import Primitives

/// `PUT /fragment`, its steps in the order of Docs/Protocol/CESS.md, section 3.2.
extension NodeServer {
    func put(
        _ request: HTTPRequest, _ body: inout HTTPRequestBody, _ faults: Set<NodeFault>
    ) async throws -> HTTPResponse {
        // Unlike stock nodes, names that are none never become paths; such requests end at the steps below all the same.
        let (fid, fragment) = (request.fid, request.fragment)
        if let fid, let fragment, store.awaitsReport(fragment, of: fid) { return NodeReply.ok }
        do {
            if let fid, fragment == .zero {
                try await store.keepZeros(fid: fid)
                return NodeReply.ok
            }
            return try await receive(request, &body, fid, fragment, faults)
        } catch let error as NodeStoreError {
            log.error("cannot store a fragment", metadata: ["error": "\(error)"])
            return NodeReply.systemError
        } catch let failure as MultipartReader.Failure {
            return NodeReply.json(400, failure.description)
        }
    }

    private func receive(
        _ request: HTTPRequest, _ body: inout HTTPRequestBody, _ fid: FID?, _ fragment: FragmentHash?,
        _ faults: Set<NodeFault>
    ) async throws -> HTTPResponse {
        let partial = try store.begin()
        guard let hash = try await receive(request, &body, into: partial, faults) else { return NodeReply.wrongSize }
        if let name = request.headers["Fragment"], !name.isEmpty, name != hash.hex { return NodeReply.wrongHash }
        // Not before: a deal that is declared while the body comes in counts, and one that has gone by then does not.
        guard case .success(let deal) = await lookUp(fid) else { return NodeReply.noRPC }
        guard let fid, let fragment, let deal, deal.segments.contains(where: { $0.fragments.contains(fragment) })
        else { return NodeReply.notInDeal }
        try await store.keep(partial, fid: fid, fragment: fragment)
        return NodeReply.ok
    }

    private func lookUp(_ fid: FID?) async -> Result<DealInfo?, any Error> {
        guard let fid else { return .success(nil) }
        do { return .success(try await chain.deal(fid)) } catch {
            log.warning("cannot ask the chain for a deal", metadata: ["error": "\(error)"])
            return .failure(error)
        }
    }

    /// Writes the form's file to `partial` as it comes.
    ///
    /// - Returns: its SHA-256, or nil if it is not as long as a fragment.
    private func receive(
        _ request: HTTPRequest, _ body: inout HTTPRequestBody, into partial: NodeStore.Partial, _ faults: Set<NodeFault>
    ) async throws -> Bytes32? {
        var form = try MultipartReader(contentType: request.headers["Content-Type"])
        var hash = SHA256Stream()
        let limit = CESSLimits.fragmentByteCount
        while !form.isAtEnd, partial.byteCount <= limit, let chunk = try await body.next() {
            try chunk.withBytes { bytes in
                try form.read(bytes) { content in
                    hash.update(content)
                    try partial.append(content)
                }
            }
            if faults.contains(.slow) { try await Task.sleep(for: .microseconds(chunk.byteCount)) }
        }
        guard partial.byteCount <= limit else { return nil }
        try form.finish()
        // The extension `trimmed-bodies`: the zeros at the end need not be sent.
        if !isStock, request.headers["Fragment-Length"] == String(limit), partial.byteCount < limit {
            Self.update(&hash, zeros: limit - partial.byteCount)
            try partial.extend(to: limit)
        }
        return partial.byteCount == limit ? hash.finish() : nil
    }

    private static func update(_ hash: inout SHA256Stream, zeros count: Int) {
        for start in stride(from: 0, to: count, by: zeros.count) {
            hash.update(zeros.span.extracting(..<min(zeros.count, count - start)))
        }
    }

    private static let zeros = [UInt8](repeating: 0, count: 64 << 10)
}
