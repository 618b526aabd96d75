internal import CESS
internal import Database
internal import Primitives
internal import SCALE
internal import Substrate

/// The chain: its store, its pool and its author.
actor Chain {
    private let executor = ChainExecutor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// Those that the chain began with, whatever it is started with now.
    nonisolated let parameters: RuntimeParameters
    /// Kept with them: what was final once must not become undone by a start with a longer one.
    nonisolated let finalityLag: BlockNumber
    let keptBlocks: BlockNumber
    let store: ChainStore
    nonisolated let metadata: RuntimeMetadata
    let runtimeVersion: RuntimeVersion
    nonisolated let genesis: Bytes32
    private(set) var best: StoredBlock
    var pool = TransactionPool()
    private var listeners: [UInt64: AsyncStream<ChainEvent>.Continuation] = [:]
    private var nextListener: UInt64 = 0

    /// Opens the chain, or begins a new one; takes up the pool that was left.
    init(_ configuration: LocalChainConfiguration) throws {
        store = try ChainStore(path: "\(configuration.directory)/chain.db")
        (parameters, finalityLag, genesis, best) = try store.write { writer in
            if let best = try writer.reader.best(), let genesis = try writer.reader.hash(of: 0) {
                let parameters = try writer.reader.value(Keys.parameters.bytes)
                let finalityLag = try writer.reader.value(Keys.finalityLag.bytes)
                return (
                    try parameters.map { try RuntimeParameters(scaleBytes: $0) } ?? configuration.parameters,
                    try finalityLag.map(Self.number) ?? configuration.finalityLag, genesis, best
                )
            }
            let (block, changes) = try Genesis.block(
                parameters: configuration.parameters, finalityLag: configuration.finalityLag)
            try writer.append(block, changes: changes, keptBlocks: configuration.keptBlocks)
            return (configuration.parameters, configuration.finalityLag, block.hash, block)
        }
        keptBlocks = max(configuration.keptBlocks, finalityLag &+ 1)
        let schema = RuntimeSchema()
        metadata = RuntimeMetadata(schema, overrides: parameters.constants)
        runtimeVersion = RuntimeVersion(schema)
    }

    private static func number(_ bytes: [UInt8]) throws -> BlockNumber {
        var decoder = ScaleDecoder(bytes)
        return try decoder.integer()
    }

    /// Takes up what was in the pool when the last process ended.
    func restorePool() throws {
        for bytes in try store.read({ try $0.pooled() }) {
            do throws(PoolRejection) {
                let (transaction, _) = try admissible(bytes)
                pool.insert(transaction, best: best.number)
            } catch {
                try store.write { try $0.removeFromPool(Extrinsic.hash(bytes)) }
            }
        }
    }

    var finalizedNumber: BlockNumber { best.number > finalityLag ? best.number - finalityLag : 0 }

    func close() throws { try store.close() }

    // MARK: Authoring

    /// Makes a block of what is ready. All of it is written at once, or nothing.
    func author(now: UInt64) throws {
        var included: [Transaction] = []
        var invalid: [Transaction] = []
        let (block, changes) = try store.write { writer in
            let state = BlockState(on: writer.reader)
            let execution = BlockExecution(
                parameters: parameters, state: state, number: best.number + 1, parentHash: best.hash)
            try execution.begin()
            let last: UInt64 = try state.integer(Keys.now)
            execution.setTimestamp(max(now, last + max(1, parameters.blockTime / 2)))
            for transaction in try pool.ready(in: execution.number, nonce: { try execution.account($0).nonce }) {
                let account = try execution.account(transaction.signer)
                guard account.nonce == transaction.nonce else { continue }
                guard transaction.isPayable(by: account) else {
                    invalid.append(transaction)
                    continue
                }
                if try execution.apply(transaction) { included.append(transaction) }
            }
            let (block, changes) = try execution.finish(parentStateRoot: best.header.stateRoot)
            try writer.append(block, changes: changes, keptBlocks: keptBlocks)
            for transaction in included + invalid { try writer.removeFromPool(transaction.hash) }
            return (block, changes)
        }
        best = block
        for transaction in included { pool.remove(transaction) }
        for transaction in invalid { pool.remove(transaction, bannedAt: block.number) }
        announce(
            .block(
                BlockEvent(
                    block: block, finalized: finalizedNumber, changes: changes,
                    included: Set(included.map(\.hash)))))
        for transaction in invalid { announce(.dropped(transaction.hash)) }
        // Last: the block is made, and to be known, whether or not this can be written.
        try dropDead()
    }

    private func dropDead() throws {
        pool.liftBans(best: best.number)
        guard pool.count > 0 else { return }
        let dead = try store.read { reader in
            try pool.removeDead(best: best.number) { try Self.account($0, reader).nonce }
        }
        guard !dead.isEmpty else { return }
        for transaction in dead { announce(.dropped(transaction.hash)) }
        try store.write { writer in for transaction in dead { try writer.removeFromPool(transaction.hash) } }
    }

    // MARK: The pool

    /// Checks an extrinsic and keeps it for the next block, also beyond the end of this process.
    func submit(_ bytes: [UInt8]) throws -> Transaction {
        let (transaction, replaced) = try admissible(bytes)
        // First on disk: what would be lost by a crash is not accepted, and what it replaces not given up for it.
        try store.write { writer in
            if let replaced { try writer.removeFromPool(replaced.hash) }
            try writer.addToPool(bytes, hash: transaction.hash)
        }
        pool.insert(transaction, best: best.number)
        if let replaced { announce(.usurped(replaced.hash, by: transaction.hash)) }
        return transaction
    }

    private func admissible(
        _ bytes: [UInt8]
    ) throws(PoolRejection) -> (transaction: Transaction, replaced: Transaction?) {
        let hash = Extrinsic.hash(bytes)
        guard !pool.contains(hash) else { throw .alreadyImported }
        guard !pool.isBanned(hash, best: best.number) else { throw .temporarilyBanned }
        let transaction = try Transaction(bytes)
        try check(transaction)
        return (transaction, try pool.admission(of: transaction))
    }

    /// What the runtime checks before an extrinsic enters a block, in the order of its signed extensions.
    private func check(_ transaction: Transaction) throws(PoolRejection) {
        guard transaction.signer.bytes != .zero else { throw .badSigner }
        let next = best.number + 1
        let birth = transaction.era.birth(current: next)
        guard birth.map({ $0 <= best.number && next - $0 <= RuntimeParameters.blockHashCount }) ?? true,
            let birthHash = birth == nil ? genesis : try? store.read({ try birth.flatMap(($0).hash) })
        else { throw .ancientBirthBlock }
        guard let account = try? store.read({ try Self.account(transaction.signer, $0) }) else {
            throw .unknownSigner
        }
        var payload = ScaleEncoder()
        payload.raw(transaction.payload)
        payload.integer(RuntimeParameters.specVersion)
        payload.integer(RuntimeParameters.transactionVersion)
        payload.encode(genesis)
        payload.encode(birthHash)
        guard transaction.signature.verify(Extrinsic.signedBytes(ofPayload: payload.bytes), by: transaction.signer)
        else { throw .badSignature }
        if case .setTimestamp = transaction.call { throw .mandatoryCall }
        guard transaction.nonce >= account.nonce else { throw .stale }
        guard transaction.bytes.count <= Fees.maximumBlockLength,
            transaction.call.weight <= Fees.maximumBlockWeight - Fees.baseWeight
        else { throw .exhaustsBlock }
        guard transaction.isPayable(by: account) else { throw .cannotPay }
    }

    static func account(_ id: AccountID, _ reader: StoreReader) throws -> AccountInfo {
        try reader.value(Keys.account(id).bytes).map { try AccountInfo(scaleBytes: $0) } ?? .absent
    }

    // MARK: Listeners

    /// The chain's events from now on. A listener that does not keep up loses the oldest.
    func listen() -> AsyncStream<ChainEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: ChainEvent.self, bufferingPolicy: .bufferingNewest(256))
        let id = nextListener
        nextListener += 1
        listeners[id] = continuation
        continuation.onTermination = { _ in
            // Ends at once: it only forgets the listener.
            Task { await self.forget(id) }
        }
        return stream
    }

    private func forget(_ id: UInt64) { listeners[id] = nil }

    private func announce(_ event: ChainEvent) {
        for listener in listeners.values { listener.yield(event) }
    }
}

/// Something that happened on the chain.
enum ChainEvent: Sendable {
    case block(BlockEvent)
    /// A transaction left the pool without having been included.
    case dropped(Bytes32)
    case usurped(Bytes32, by: Bytes32)
}

struct BlockEvent: Sendable {
    let block: StoredBlock
    let finalized: BlockNumber
    let changes: [StateChange]
    let included: Set<Bytes32>
}
