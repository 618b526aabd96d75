public import DriveFormat
public import Sealing

/// A blob, or a part of it, that is wanted among many.
public struct BlobRequest: Sendable {
    public internal(set) var reference: BlobReference
    public let kind: BlobKind
    /// Bytes of the plaintext; nil for all of it.
    public let range: Range<Int>?

    public init(_ reference: BlobReference, kind: BlobKind = .chunk, range: Range<Int>? = nil) {
        self.reference = reference
        self.kind = kind
        self.range = range
    }
}

extension BlobReader {
    /// How much of a segment is asked for at once, where blobs lie side by side.
    static let batchByteCount = 4 << 20
    /// What may lie between two blobs that are fetched together.
    static let batchGap = 64 << 10

    /// Reads many blobs and hands them over in their order, fetching ahead.
    ///
    /// Blobs that lie side by side are fetched together. Reading ahead stops while `deliver` is behind.
    ///
    /// - Parameters:
    ///   - requests: what is wanted; taken as the reading proceeds.
    ///   - parallel: how many fetches are under way at once.
    ///   - buffer: about how many bytes may be on their way or waiting for delivery, sealed and plain.
    ///   - deliver: receives each plaintext, one after the other.
    /// - Throws: what `read` throws for the first blob that cannot be read, after those before it were delivered; what
    ///   `requests` or `deliver` throw.
    public func read<Requests: Sequence<BlobRequest>>(
        _ requests: Requests, parallel: Int = 10, buffer: Int = 128 << 20,
        deliver: ([UInt8]) async throws -> Void
    ) async throws {
        var iterator = requests.makeIterator()
        try await stream(next: { iterator.next() }, parallel: parallel, buffer: buffer, deliver: deliver)
    }

    /// As above, for requests that are themselves read from somewhere.
    public func read<Requests: AsyncSequence>(
        _ requests: Requests, parallel: Int = 10, buffer: Int = 128 << 20,
        deliver: ([UInt8]) async throws -> Void
    ) async throws where Requests.Element == BlobRequest {
        var iterator = requests.makeAsyncIterator()
        try await stream(
            next: { try await iterator.next(isolation: #isolation) }, parallel: parallel, buffer: buffer,
            deliver: deliver)
    }

    private func stream(
        next: () async throws -> BlobRequest?, parallel: Int, buffer: Int, deliver: ([UInt8]) async throws -> Void
    ) async throws {
        precondition(parallel > 0, "at least one fetch at a time")
        try await withThrowingTaskGroup(of: BatchResult.self) { group in
            var batches = BatchMaker()
            var waiting: Batch?
            var isAtEnd = false
            var flow = Flow()
            while true {
                while flow.running < parallel {
                    while waiting == nil, !isAtEnd {
                        guard var request = try await next() else {
                            isAtEnd = true
                            waiting = batches.finish()
                            break
                        }
                        request.reference = try await current(request.reference)
                        waiting = try batches.add(request)
                    }
                    guard let batch = waiting, flow.admit(batch, limit: buffer) else { break }
                    waiting = nil
                    let number = flow.started
                    flow.start(batch)
                    group.addTask { await self.fetch(batch, number: number) }
                }
                guard flow.running > 0, let result = try await group.next() else { return }
                flow.arrive(result)
                while let (result, byteCount) = flow.nextInOrder() {
                    for plaintext in result.plaintexts { try await deliver(plaintext) }
                    if let error = result.error { throw error }
                    flow.delivered(byteCount)
                }
            }
        }
    }

    /// Fetches a batch and opens its blobs; what is not there or does not open at once is read by itself, with all its resorts.
    private func fetch(_ batch: Batch, number: Int) async -> BatchResult {
        var plaintexts: [[UInt8]] = []
        plaintexts.reserveCapacity(batch.requests.count)
        do {
            if let request = batch.requests.first, let range = request.range {
                plaintexts = [try await read(request.reference, kind: request.kind, range: range)]
                return BatchResult(number: number, plaintexts: plaintexts, error: nil)
            }
            let opening = opening
            let bytes = try await bytes(of: batch)
            for request in batch.requests {
                if let bytes, let plaintext = try opening.whole(request.reference, kind: request.kind, in: bytes) {
                    plaintexts.append(plaintext)
                } else {
                    plaintexts.append(try await read(request.reference, kind: request.kind))
                }
            }
            return BatchResult(number: number, plaintexts: plaintexts, error: nil)
        } catch {
            return BatchResult(number: number, plaintexts: plaintexts, error: error)
        }
    }

    private func bytes(of batch: Batch) async throws -> SegmentBytes? {
        do {
            return try await segments.bytes(
                of: batch.volume, segment: batch.segment, range: batch.range, pattern: .exact)
        } catch let error as ReadError where error.isAbsence { return nil }
    }
}

/// Blobs of one segment that are fetched by one range.
struct Batch: Sendable {
    let volume: VolumeID
    let segment: Int
    var range: Range<Int>
    var requests: [BlobRequest]
    /// What it takes in memory, sealed and plain. A request for a part stands alone.
    var byteCount: Int { range.count + requests.reduce(0) { $0 + Int($1.reference.pointer.rawLength) } }
}

struct BatchResult: Sendable {
    let number: Int
    let plaintexts: [[UInt8]]
    /// Why there are no more.
    let error: (any Error)?
}

/// Puts requests together that lie side by side.
struct BatchMaker {
    private static let requestLimit = 1024
    private var open: Batch?

    /// - Returns: a batch that is complete, if the request does not belong to it.
    mutating func add(_ request: BlobRequest) throws -> Batch? {
        let pointer = request.reference.pointer
        let range = try BlobOpening.sealedRange(request.reference)
        if var batch = open, batch.volume == pointer.volume, batch.segment == Int(pointer.segment),
            batch.requests.count < Self.requestLimit,
            batch.range.upperBound...batch.range.upperBound + BlobReader.batchGap ~= range.lowerBound,
            range.upperBound - batch.range.lowerBound <= BlobReader.batchByteCount, request.range == nil,
            batch.requests.last?.range == nil
        {
            batch.range = batch.range.lowerBound..<range.upperBound
            batch.requests.append(request)
            open = batch
            return nil
        }
        defer {
            open = Batch(volume: pointer.volume, segment: Int(pointer.segment), range: range, requests: [request])
        }
        return open
    }

    mutating func finish() -> Batch? {
        defer { open = nil }
        return open
    }
}

/// Keeps count of what is on its way, and the order of what has come.
private struct Flow {
    private(set) var started = 0
    private(set) var running = 0
    private var byteCount = 0
    private var byteCounts: [Int: Int] = [:]
    private var here: [Int: BatchResult] = [:]
    private var next = 0

    /// Whether there is room; one batch at a time always has.
    func admit(_ batch: Batch, limit: Int) -> Bool { byteCount == 0 || byteCount + batch.byteCount <= limit }

    mutating func start(_ batch: Batch) {
        byteCounts[started] = batch.byteCount
        byteCount += batch.byteCount
        started += 1
        running += 1
    }

    mutating func arrive(_ result: BatchResult) {
        running -= 1
        here[result.number] = result
    }

    mutating func nextInOrder() -> (BatchResult, byteCount: Int)? {
        guard let result = here.removeValue(forKey: next) else { return nil }
        defer { next += 1 }
        return (result, byteCounts.removeValue(forKey: next) ?? 0)
    }

    mutating func delivered(_ count: Int) { byteCount -= count }
}
