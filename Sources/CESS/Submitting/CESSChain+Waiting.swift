internal import Primitives
internal import SCALE
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
            try await self.finalized(on: server).number >= number ? try await server.blockHash(number) : nil
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
        return try await inclusion(in: block, at: index)
    }

    func inclusion(in block: BlockRef, at index: Int) async throws -> Inclusion {
        let metadata = try await runtime(at: block.hash).metadata
        return try Inclusion(
            block: block, index: index, allEvents: try await events(at: block.hash), metadata: metadata)
    }

    /// Where an extrinsic is on the best chain. Unlike `find`, it needs no state of that block.
    func place(of signed: SignedExtrinsic) async throws -> (block: BlockRef, index: Int)? {
        var search = ExtrinsicSearch(signed)
        return try await search.advance(servers)
    }

    /// Whether the era is over for good: finalized blocks fill it, and none of them holds the extrinsic.
    private func isHopeless(_ search: inout ExtrinsicSearch) async throws -> Bool {
        guard let death = search.signed.death, let best = search.best, best >= death else { return false }
        // All of it on one server: what another one has finalized says nothing about the blocks that this one can show.
        return try await servers.read { server in
            guard try await self.finalized(on: server).number >= death - 1 else { return false }
            return try await search.isAbsent(through: death - 1, on: server)
        }
    }

    /// Sends the extrinsic again; whether it turns out that its nonce is used up by another one.
    private func isSuperseded(_ search: inout ExtrinsicSearch) async throws -> Bool {
        let signed = search.signed
        search.wasSent()
        do {
            try await submit(signed)
        } catch SubmissionError.refused(.stale, _) {
            return try await servers.read { server in
                let finalized = try await self.finalized(on: server)
                guard try await self.nonce(of: signed.signer, at: finalized.hash, on: server) > signed.nonce else {
                    return false
                }
                return try await search.isAbsent(through: finalized.number, on: server)
            }
        } catch is CancellationError {
            throw CancellationError()
        } catch {}  // it waits in the pool, or the next poll will tell
        return false
    }

    private func finalized(on server: any RPCTransport) async throws -> BlockRef {
        let hash = try await server.finalizedHead()
        guard let header = try await server.header(hash) else { throw ChainError.unknownBlock(hash.hex) }
        return BlockRef(number: header.number, hash: hash)
    }

    private func nonce(of signer: AccountID, at block: Bytes32, on server: any RPCTransport) async throws -> UInt32 {
        try await runtime(at: block).require(.account)
        let item = ChainItem.account
        let bytes = try await server.storage(item.prefix.appending(signer).bytes, at: block)
        return try item.decode(bytes) { (decoder) throws(ScaleError) in try AccountInfo(from: &decoder) }?.nonce ?? 0
    }

    private var pollInterval: Duration {
        options.pollInterval ?? min(max(constants.blockTime / 4, .milliseconds(100)), .seconds(2))
    }

    private func sleep() async throws { try await options.clock.sleep(for: pollInterval) }
}

/// A search for an extrinsic through the blocks of its era, each read once unless another one takes its place.
struct ExtrinsicSearch {
    let signed: SignedExtrinsic
    /// The best height of the server that was asked last.
    private(set) var best: BlockNumber?
    /// The blocks that do not hold it.
    private var seen: [BlockNumber: Bytes32] = [:]
    /// All heights below have been read, each on the chain of some server.
    private var unread: BlockNumber
    /// The best height when it was sent last, as far as this search knows.
    private var sentAt: BlockNumber?

    /// A reorganisation deeper than this shows only when everything is checked once more.
    private static let overlap: BlockNumber = 5

    init(_ signed: SignedExtrinsic) {
        self.signed = signed
        unread = signed.birth
    }

    /// Whether so many blocks have come without it that the servers may have forgotten it.
    var isTimeToSend: Bool {
        if let sentAt, let best { best >= sentAt + 3 } else { false }
    }

    mutating func wasSent() { sentAt = best }

    /// Looks through the blocks up to the best one, as far as the servers have them.
    ///
    /// - Returns: nil also where a server lags behind: that says nothing about the blocks that it cannot show.
    mutating func advance(_ servers: ChainServers) async throws -> (block: BlockRef, index: Int)? {
        let best = try await servers.read { server in
            guard let header = try await server.header(nil) else { throw ChainError.unknownBlock("best") }
            return header.number
        }
        self.best = best
        if sentAt == nil { sentAt = best }
        let last = signed.death.map { min(best, $0 - 1) } ?? best
        var number = max(signed.birth, unread > Self.overlap ? unread - Self.overlap : 0)
        while number <= last {
            let (hash, index) = try await servers.read { try await self.read(number, on: $0) }
            guard let hash else { return nil }
            if let index { return (BlockRef(number: number, hash: hash), index) }
            seen[number] = hash
            number += 1
            unread = max(unread, number)
        }
        return nil
    }

    /// Whether a server has every block in which the extrinsic can be up to a height, and none of them holds it. Where it
    /// is after all, the next `advance` finds it.
    mutating func isAbsent(through last: BlockNumber, on server: any RPCTransport) async throws -> Bool {
        let last = signed.death.map { min(last, $0 - 1) } ?? last
        var number = signed.birth
        while number <= last {
            let (hash, index) = try await read(number, on: server)
            if index != nil { unread = signed.birth }
            guard let hash, index == nil else { return false }
            seen[number] = hash
            number += 1
        }
        return true
    }

    /// The block of this height on a server's chain, nil if it has none, and the extrinsic's place there. What was read
    /// before is not read again.
    private func read(_ number: BlockNumber, on server: any RPCTransport) async throws -> (hash: Bytes32?, index: Int?)
    {
        guard let hash = try await server.blockHash(number) else { return (nil, nil) }
        if hash == seen[number] { return (hash, nil) }
        guard let block = try await server.block(hash) else { throw ChainError.unknownBlock(hash.hex) }
        let bytes = signed.bytes
        return (hash, block.extrinsics.firstIndex(of: bytes))
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
