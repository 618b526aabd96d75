internal import CESS
internal import DriveFormat
internal import Substrate

/// Ranges of single rows, each from the one node that holds it: asked for, timed, kept.
struct RowSource: Sendable {
    let nodes: any FragmentNodes
    let endpoints: NodeEndpoints
    let health: NodeHealth
    let cache: RowCache

    /// Windows of a row from its node, or from memory.
    ///
    /// - Throws: `RowFailure`, or `CancellationError`.
    func pieces(_ row: Int, of place: SegmentPlace, windows: Range<Int>) async throws -> [RowCache.Piece] {
        if place.isZero(row) { return [Self.zeros(windows)] }
        return try await cache.pieces(of: place.fragments[row], windows: windows) { windows in
            try await bytes(row, of: place, range: SegmentGeometry.bytes(of: windows))
        }
    }

    /// As `pieces`, in one array.
    func bytes(_ row: Int, of place: SegmentPlace, windows: Range<Int>) async throws -> [UInt8] {
        Self.join(try await pieces(row, of: place, windows: windows), windows: windows)
    }

    /// The row's windows if they are known without asking anybody.
    func ready(_ row: Int, of place: SegmentPlace, windows: Range<Int>) -> [RowCache.Piece]? {
        place.isZero(row) ? [Self.zeros(windows)] : cache.ready(place.fragments[row], windows: windows)
    }

    /// Asks the row's node, past the cache.
    func bytes(_ row: Int, of place: SegmentPlace, range: Range<Int>) async throws -> [UInt8] {
        let node = place.nodes[row]
        func failure(_ reason: RowFailure.Reason) -> RowFailure { RowFailure(row: row, node: node, reason: reason) }

        let address: String?
        do { address = try await endpoints.endpoint(of: node) } catch is CancellationError {
            throw CancellationError()
        } catch {
            // The chain cannot be asked just now: a loss of this row, not of the whole read.
            throw failure(.failed(error))
        }
        guard let endpoint = address else { throw failure(.noEndpoint) }
        let others = health.began(node)
        let start = ContinuousClock.now
        do {
            let bytes = try await nodes.fragment(place.fragments[row], fid: place.fid, range: range, from: endpoint)
            guard bytes.count == range.count else {
                health.failed(node)
                throw failure(.wrongLength(bytes.count))
            }
            health.succeeded(node, byteCount: range.count, in: ContinuousClock.now - start, beside: others)
            endpoints.trust(node)
            return bytes
        } catch let error as RowFailure {
            throw error
        } catch {
            guard !Task.isCancelled else {
                health.abandoned(
                    node, byteCount: range.count, after: ContinuousClock.now - start, beside: others)
                throw CancellationError()
            }
            // Whoever answers wrongly at this address may be somebody else by now.
            endpoints.doubt(node)
            if error as? NodeError == .corrupt {
                // A whole fragment with another hash is proof.
                health.refused(node)
                health.lied(node)
                throw failure(.corrupt)
            }
            if error.isAnswer {
                health.refused(node)
            } else {
                health.failed(node)
            }
            throw failure(.failed(error))
        }
    }

    /// The pieces as one array; without a copy if there is one that is just it.
    static func join(_ pieces: [RowCache.Piece], windows: Range<Int>) -> [UInt8] {
        if let only = pieces.first, only.origin == windows.lowerBound,
            only.bytes.count == windows.count * SegmentGeometry.windowByteCount
        {
            return only.bytes
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(windows.count * SegmentGeometry.windowByteCount)
        for piece in pieces {
            let first = (piece.windows.lowerBound - piece.origin) * SegmentGeometry.windowByteCount
            bytes += piece.bytes[first..<first + piece.windows.count * SegmentGeometry.windowByteCount]
        }
        return bytes
    }

    private static func zeros(_ windows: Range<Int>) -> RowCache.Piece {
        RowCache.Piece(
            windows: windows, origin: windows.lowerBound,
            bytes: [UInt8](repeating: 0, count: windows.count * SegmentGeometry.windowByteCount))
    }
}

extension Error {
    /// Whether a node is there and answered, if not with what was asked for.
    fileprivate var isAnswer: Bool {
        switch self as? NodeError {
        case .absent, .notInDeal, .nodeLostChain, .rangeRefused, .refused: true
        default: false
        }
    }
}
