internal import CESS
internal import Primitives
internal import Substrate

/// What a client asked to be told.
struct Subscription: Sendable {
    enum Kind: Sendable {
        case newHeads, allHeads, finalizedHeads, runtimeVersion
        case storage(Set<[UInt8]>)
        case extrinsic(Bytes32)
    }

    let id: String
    /// The method that notifications name.
    let notification: String
    /// What the client is told before anything happens.
    let initial: [JSONValue]
    let events: AsyncStream<ChainEvent>
    let progress: SubscriptionProgress
    /// Whether the beginning is all.
    var isOver: Bool { if case .runtimeVersion = progress.kind { true } else { false } }

    /// Begins to listen, and looks at how things are, with nothing between.
    init(_ kind: Kind, _ parameters: Parameters, on chain: isolated Chain) throws {
        id = Bytes16.random().bytes.prefix(8).hex
        events = chain.listen()
        var finalized = chain.finalizedNumber
        switch kind {
        case .newHeads, .allHeads:
            notification = if case .newHeads = kind { "chain_newHead" } else { "chain_allHead" }
            initial = [chain.best.header.json]
            progress = SubscriptionProgress(kind: kind, finalized: finalized)
        case .finalizedHeads:
            notification = "chain_finalizedHead"
            let heads = try chain.recentHeaders(from: finalized)
            initial = heads.first.map { [$0.json] } ?? []
            progress = SubscriptionProgress(
                kind: kind, finalized: finalized, pendingHeads: Array(heads.dropFirst()))
        case .runtimeVersion:
            notification = "state_runtimeVersion"
            initial = [chain.runtimeVersion.json]
            progress = SubscriptionProgress(kind: kind, finalized: finalized)
        case .storage:
            notification = "state_storage"
            let keys = try parameters[0] == nil ? [] : parameters.array(0).map { try Parameters.bytes($0) }
            let best = chain.best
            initial = [
                .object(["block": .hex(best.hash), "changes": try chain.values(keys, after: best.number)])
            ]
            progress = SubscriptionProgress(kind: .storage(Set(keys)), finalized: finalized)
        case .extrinsic:
            notification = "author_extrinsicUpdate"
            let transaction = try chain.submit(try parameters.bytes(0))
            let account = try chain.store.read { try Chain.account(transaction.signer, $0) }
            let isNext = chain.pool.nextNonce(of: transaction.signer, onChain: account.nonce) > transaction.nonce
            initial = [isNext ? "ready" : "future"]
            finalized = chain.finalizedNumber
            progress = SubscriptionProgress(kind: .extrinsic(transaction.hash), finalized: finalized)
        }
    }
}

/// What a subscription has told so far, and what follows from an event.
struct SubscriptionProgress: Sendable {
    let kind: Subscription.Kind
    /// The newest finalized block that was seen.
    var finalized: BlockNumber
    /// Headers above it, oldest first.
    var pendingHeads: [Header] = []
    /// The block that holds the watched extrinsic.
    private var inclusion: (number: BlockNumber, hash: Bytes32)?
    private(set) var isOver = false

    init(kind: Subscription.Kind, finalized: BlockNumber, pendingHeads: [Header] = []) {
        (self.kind, self.finalized, self.pendingHeads) = (kind, finalized, pendingHeads)
    }

    mutating func results(of event: ChainEvent) -> [JSONValue] {
        switch (kind, event) {
        case (.newHeads, .block(let event)), (.allHeads, .block(let event)): [event.block.header.json]
        case (.finalizedHeads, .block(let event)): finalizedHeads(event)
        case (.storage(let keys), .block(let event)): storage(keys, event)
        case (.extrinsic(let hash), _): extrinsic(hash, event)
        default: []
        }
    }

    private mutating func finalizedHeads(_ event: BlockEvent) -> [JSONValue] {
        pendingHeads.append(event.block.header)
        finalized = event.finalized
        let count = pendingHeads.prefix { $0.number <= finalized }.count
        defer { pendingHeads.removeFirst(count) }
        return pendingHeads.prefix(count).map(\.json)
    }

    private func storage(_ keys: Set<[UInt8]>, _ event: BlockEvent) -> [JSONValue] {
        let changes = event.changes.filter { keys.isEmpty || keys.contains($0.key) }.map { change -> JSONValue in
            [.hex(change.key), change.new.map { .hex($0) } ?? .null]
        }
        return changes.isEmpty
            ? [] : [.object(["block": .hex(event.block.hash), "changes": .array(changes)])]
    }

    private mutating func extrinsic(_ hash: Bytes32, _ event: ChainEvent) -> [JSONValue] {
        var results: [JSONValue] = []
        switch event {
        case .block(let event):
            if inclusion == nil, event.included.contains(hash) {
                inclusion = (event.block.number, event.block.hash)
                results.append(.object(["inBlock": .hex(event.block.hash)]))
            }
            if let inclusion, inclusion.number <= event.finalized {
                results.append(.object(["finalized": .hex(inclusion.hash)]))
                isOver = true
            }
        case .dropped(hash):
            results.append("invalid")
            isOver = true
        case .usurped(hash, let other):
            results.append(.object(["usurped": .hex(other)]))
            isOver = true
        default: break
        }
        return results
    }
}

extension Chain {
    /// The headers from a height on.
    fileprivate func recentHeaders(from number: BlockNumber) throws -> [Header] {
        try store.read { reader in try (number...best.number).compactMap { try reader.block($0)?.header } }
    }
}
