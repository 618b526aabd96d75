internal import Primitives
public import Substrate

/// Finding what was submitted, by looking through blocks (Docs/Protocol/CESS.md, 7.5).
extension CESSChain {
    /// Looks once through the blocks that can hold an extrinsic. A failed one is found too: see `Inclusion.failure`.
    public func find(_ signed: SignedExtrinsic) async throws -> Inclusion? {
        var search = ExtrinsicSearch(signed)
        return try await look(with: &search)
    }

    /// Waits until an extrinsic that was submitted is in a block of the best chain, and sends it again where a server may
    /// have forgotten it. Short failures of all servers are waited out.
    ///
    /// - Throws: `SubmissionError.failed` if it or a call in it failed, `dead` or `superseded` if it never can be included.
    public func waitIncluded(_ signed: SignedExtrinsic) async throws -> Inclusion {
        let inclusion = try await waitFound(signed)
        if let failure = inclusion.failure { throw SubmissionError.failed(failure, in: inclusion.block) }
        return inclusion
    }

    /// Waits until an extrinsic is in a finalized block.
    ///
    /// - Throws: as `waitIncluded`; a failure only once it is final, too.
    public func waitFinalized(_ signed: SignedExtrinsic) async throws -> Inclusion {
        var outage = Outage(pollInterval: pollInterval)
        var inclusion = try await waitFound(signed)
        while true {
            let block = inclusion.block
            switch try await outage.tolerate({ try await self.finalizedHash(block.number) }) {
            case .some(.some(block.hash)):
                if let failure = inclusion.failure { throw SubmissionError.failed(failure, in: block) }
                return inclusion
            case .some(.some): inclusion = try await waitFound(signed)  // the chain went another way
            case .some(.none), .none: try await sleep()
            }
        }
    }

    /// The hash of the finalized block of this height; nil if there is none yet.
    private func finalizedHash(_ number: BlockNumber) async throws -> Bytes32? {
        try await servers.read { server in
            let hash = try await server.finalizedHead()
            guard let head = try await server.header(hash) else { throw ChainError.unknownBlock(hash.hex) }
            return head.number >= number ? try await server.blockHash(number) : nil
        }
    }

    /// Signs and sends a call, and waits until it is in a block, or in a finalized one.
    public func execute(
        _ call: Call, by signer: KeyPair, nonce: UInt32? = nil, finalized: Bool = false
    ) async throws -> Inclusion {
        let signed = try await submit(call, by: signer, nonce: nonce)
        return finalized ? try await waitFinalized(signed) : try await waitIncluded(signed)
    }

    private func waitFound(_ signed: SignedExtrinsic) async throws -> Inclusion {
        var search = ExtrinsicSearch(signed)
        var outage = Outage(pollInterval: pollInterval)
        while true {
            if case .some(let inclusion?) = try await outage.tolerate({ try await self.poll(&search) }) {
                return inclusion
            }
            try await sleep()
        }
    }

    private func poll(_ search: inout ExtrinsicSearch) async throws -> Inclusion? {
        if let inclusion = try await look(with: &search) { return inclusion }
        if try await isHopeless(&search) { throw SubmissionError.dead }
        if search.isTimeToSend, try await isSuperseded(&search) { throw SubmissionError.superseded }
        return nil
    }

    private func look(with search: inout ExtrinsicSearch) async throws -> Inclusion? {
        guard let (block, index) = try await search.advance(servers) else { return nil }
        let metadata = try await runtime(at: block.hash).metadata
        return try Inclusion(
            block: block, index: index, allEvents: try await events(at: block.hash), metadata: metadata)
    }

    /// Whether the era is over for good: finalized blocks fill it, and none of them holds the extrinsic.
    private func isHopeless(_ search: inout ExtrinsicSearch) async throws -> Bool {
        guard let death = search.signed.death, let best = search.best, best >= death else { return false }
        let finalized = try await finalizedBlock()
        guard finalized.number >= death - 1 else { return false }
        search.recheckAll()
        return try await search.advance(servers) == nil
    }

    /// Sends the extrinsic again; whether it turns out that its nonce is used up by another one.
    private func isSuperseded(_ search: inout ExtrinsicSearch) async throws -> Bool {
        let signed = search.signed
        search.wasSent()
        do {
            try await submit(signed)
        } catch SubmissionError.refused(.stale, _) {
            let finalized = try await finalizedBlock()
            guard try await account(signed.signer, at: finalized.hash).nonce > signed.nonce else { return false }
            search.recheckAll()
            return try await search.advance(servers) == nil
        } catch is CancellationError {
            throw CancellationError()
        } catch {}  // it waits in the pool, or the next poll will tell
        return false
    }

    private var pollInterval: Duration {
        options.pollInterval ?? min(max(constants.blockTime / 4, .milliseconds(100)), .seconds(2))
    }

    private func sleep() async throws { try await options.clock.sleep(for: pollInterval) }
}

/// A search for an extrinsic through the blocks of its era, each read once unless another one takes its place.
struct ExtrinsicSearch {
    let signed: SignedExtrinsic
    /// The best height that was seen.
    private(set) var best: BlockNumber?
    /// The blocks that do not hold it.
    private var seen: [BlockNumber: Bytes32] = [:]
    private var next: BlockNumber
    /// The best height when it was sent last, as far as this search knows.
    private var sentAt: BlockNumber?

    /// A reorganisation deeper than this shows only when everything is checked once more.
    private static let overlap: BlockNumber = 4

    init(_ signed: SignedExtrinsic) {
        self.signed = signed
        next = signed.birth
    }

    /// Whether so many blocks have come without it that the servers may have forgotten it.
    var isTimeToSend: Bool {
        if let sentAt, let best { best >= sentAt + 3 } else { false }
    }

    mutating func wasSent() { sentAt = best }

    /// Makes the next `advance` begin at the beginning; blocks that are still there are not read again.
    mutating func recheckAll() { next = signed.birth }

    /// Looks through the blocks up to the best one.
    mutating func advance(_ servers: ChainServers) async throws -> (block: BlockRef, index: Int)? {
        let best = try await servers.read { server in
            guard let header = try await server.header(nil) else { throw ChainError.unknownBlock("best") }
            return header.number
        }
        self.best = best
        if sentAt == nil { sentAt = best }
        let last = signed.death.map { min(best, $0 - 1) } ?? best
        guard next <= last else { return nil }
        for number in next...last {
            let known = seen[number]
            let bytes = signed.bytes
            let (hash, index) = try await servers.read { server -> (Bytes32?, Int?) in
                guard let hash = try await server.blockHash(number) else { return (nil, nil) }
                if hash == known { return (hash, nil) }
                guard let block = try await server.block(hash) else { throw ChainError.unknownBlock(hash.hex) }
                return (hash, block.extrinsics.firstIndex(of: bytes))
            }
            guard let hash else { break }
            if let index { return (BlockRef(number: number, hash: hash), index) }
            seen[number] = hash
        }
        next = max(signed.birth, last > Self.overlap ? last - Self.overlap : 0)
        return nil
    }
}

/// Failures of all servers that a wait puts up with.
private struct Outage {
    let pollInterval: Duration
    private var failedFor: Duration = .zero

    private static let limit: Duration = .seconds(30)

    init(pollInterval: Duration) { self.pollInterval = pollInterval }

    /// Nil if the servers failed and it is too early to give up.
    mutating func tolerate<R>(_ body: () async throws -> R) async throws -> R? {
        do {
            let result = try await body()
            failedFor = .zero
            return result
        } catch {
            switch error {
            case RPCError.timedOut: failedFor += .seconds(10)
            // A server that was restarted, or lags behind the one that was asked before.
            case is RPCError, ChainError.unknownBlock: failedFor += pollInterval
            default: throw error
            }
            if failedFor > Self.limit { throw error }
            return nil
        }
    }
}
