internal import BlobStore
internal import DriveFormat

extension DriveTrees {
    /// Chunks that are asked for at a time: about as much as is fetched ahead.
    private static let requestCount = 64

    /// Hands over a part of a file's bytes in order: of long chunks only the frames that hold it are fetched. Holes come as
    /// zeros.
    ///
    /// - Parameter range: bytes of the file; what lies behind its end is left out.
    /// - Precondition: the entry is an inode's, not one of several names of it.
    func read(_ entry: Entry, range: Range<UInt64>, deliver: ([UInt8]) async throws -> Void) async throws {
        precondition(entry.linkGroup == nil, "a link group is followed first")
        let range = range.clamped(to: 0..<entry.size)
        guard !range.isEmpty else { return }
        var start: UInt64 = 0
        if case .chunks(let list) = entry.content {
            start = try await chunkLists.locate(byte: range.lowerBound, in: list)?.start ?? 0
        }
        var requests: [BlobRequest] = []
        func fetch() async throws {
            try await reader.read(requests, deliver: deliver)
            requests = []
        }
        for try await run in FileRuns(entry: entry, trees: self, offset: range.lowerBound) {
            let end = start + run.byteCount
            let part = range.clamped(to: start..<end)
            switch run {
            case .chunk(let request, _):
                let isWhole = part == start..<end
                let bytes = Int(part.lowerBound - start)..<Int(part.upperBound - start)
                requests.append(isWhole ? request : BlobRequest(request.reference, range: bytes))
                if requests.count == Self.requestCount { try await fetch() }
            case .bytes(let bytes):
                try await deliver(Array(bytes[Int(part.lowerBound - start)..<Int(part.upperBound - start)]))
            case .hole:
                try await fetch()
                var left = UInt64(part.count)
                while left > 0 {
                    let count = min(left, 1 << 20)
                    try await deliver([UInt8](repeating: 0, count: Int(count)))
                    left -= count
                }
            }
            start = end
            if start >= range.upperBound { break }
        }
        try await fetch()
    }
}

extension FileRuns.Run {
    fileprivate var byteCount: UInt64 {
        switch self {
        case .bytes(let bytes): UInt64(bytes.count)
        case .chunk(_, let length), .hole(let length): length
        }
    }
}
