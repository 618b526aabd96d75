internal import Primitives
internal import Substrate

/// The extrinsics that wait for a block. One whose nonce lies ahead waits until those before it are there.
struct TransactionPool {
    static let limit = 8192
    /// Of all transactions together, as Substrate's pool has it.
    static let byteLimit = 20 << 20
    /// Blocks for which something that turned out to be invalid is not taken again.
    static let banTime: BlockNumber = 64

    private struct Entry {
        let transaction: Transaction
        let sequence: UInt64
        /// The first block that cannot hold it. Kept, since an era alone goes round and round.
        let death: BlockNumber?

        func isAlive(in number: BlockNumber) -> Bool { death.map { number < $0 } ?? true }
    }

    private var entries: [AccountID: [UInt32: Entry]] = [:]
    private var hashes: Set<Bytes32> = []
    /// By the first block for which they may be taken again.
    private var banned: [Bytes32: BlockNumber] = [:]
    private var nextSequence: UInt64 = 0

    private(set) var byteCount = 0

    var count: Int { hashes.count }
    var transactions: [Transaction] { entries.values.flatMap { $0.values.map(\.transaction) } }

    func contains(_ hash: Bytes32) -> Bool { hashes.contains(hash) }
    func isBanned(_ hash: Bytes32, best: BlockNumber) -> Bool { banned[hash].map { best < $0 } ?? false }

    /// Forgets the bans that are over.
    mutating func liftBans(best: BlockNumber) { banned = banned.filter { best < $0.value } }

    /// Whether there is room for a checked transaction.
    ///
    /// - Returns: the one that it replaces.
    func admission(of transaction: Transaction) throws(PoolRejection) -> Transaction? {
        let old = entries[transaction.signer]?[transaction.nonce]?.transaction
        if let old {
            guard transaction.priority > old.priority else {
                throw .priorityTooLow(old: old.priority, new: transaction.priority)
            }
        } else {
            guard count < Self.limit else { throw .poolFull }
        }
        let rest = byteCount - (old?.bytes.count ?? 0)
        guard rest + transaction.bytes.count <= Self.byteLimit else { throw .poolFull }
        return old
    }

    /// Takes a transaction that was admitted, in the place of the one with its nonce.
    mutating func insert(_ transaction: Transaction, best: BlockNumber) {
        if let old = entries[transaction.signer]?[transaction.nonce]?.transaction { remove(old) }
        hashes.insert(transaction.hash)
        byteCount += transaction.bytes.count
        entries[transaction.signer, default: [:]][transaction.nonce] = Entry(
            transaction: transaction, sequence: nextSequence, death: transaction.era.death(current: best + 1))
        nextSequence += 1
    }

    /// The nonce that the account's next extrinsic should have.
    func nextNonce(of account: AccountID, onChain nonce: UInt32) -> UInt32 {
        var next = nonce
        while let entry = entries[account]?[next], entry.transaction.nonce == next, next < .max { next += 1 }
        return next
    }

    /// What block `number` can take: in the order of arrival, each account's by nonce.
    func ready(in number: BlockNumber, nonce: (AccountID) throws -> UInt32) rethrows -> [Transaction] {
        var ready: [(order: UInt64, transaction: Transaction)] = []
        for (account, waiting) in entries {
            var next = try nonce(account)
            var order: UInt64 = 0
            while let entry = waiting[next], entry.isAlive(in: number) {
                order = max(order, entry.sequence)  // not before those that its nonce follows
                ready.append((order, entry.transaction))
                guard next < .max else { break }
                next += 1
            }
        }
        return ready.sorted { ($0.order, $0.transaction.nonce) < ($1.order, $1.transaction.nonce) }
            .map(\.transaction)
    }

    /// Forgets a transaction; `best` says that it was invalid and until when it is banned.
    mutating func remove(_ transaction: Transaction, bannedAt best: BlockNumber? = nil) {
        guard hashes.remove(transaction.hash) != nil else { return }
        byteCount -= transaction.bytes.count
        entries[transaction.signer]?[transaction.nonce] = nil
        if entries[transaction.signer]?.isEmpty == true { entries[transaction.signer] = nil }
        if let best { banned[transaction.hash] = best + Self.banTime }
    }

    /// What can never enter a block after `best`: too old, or with a nonce that is used.
    mutating func removeDead(best: BlockNumber, nonce: (AccountID) throws -> UInt32) rethrows -> [Transaction] {
        var dead: [Transaction] = []
        for (account, waiting) in entries {
            let current = try nonce(account)
            for entry in waiting.values {
                if entry.transaction.nonce < current || !entry.isAlive(in: best + 1) {
                    dead.append(entry.transaction)
                }
            }
        }
        for transaction in dead { remove(transaction, bannedAt: best) }
        return dead
    }
}
