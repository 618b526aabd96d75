internal import Primitives
internal import Substrate

/// The extrinsics that wait for a block. One whose nonce lies ahead waits until those before it are there.
struct TransactionPool {
    static let limit = 8192
    /// Blocks for which something that turned out to be invalid is not taken again.
    static let banTime: BlockNumber = 64

    private struct Entry {
        let transaction: Transaction
        let sequence: UInt64
        /// The first block that cannot hold it.
        let death: BlockNumber?
    }

    private var entries: [AccountID: [UInt32: Entry]] = [:]
    private var hashes: Set<Bytes32> = []
    private var banned: [Bytes32: BlockNumber] = [:]
    private var nextSequence: UInt64 = 0

    var count: Int { hashes.count }
    var transactions: [Transaction] { entries.values.flatMap { $0.values.map(\.transaction) } }

    func contains(_ hash: Bytes32) -> Bool { hashes.contains(hash) }
    func isBanned(_ hash: Bytes32) -> Bool { banned[hash] != nil }

    /// Takes a checked transaction.
    ///
    /// - Returns: the one that it replaces.
    mutating func add(_ transaction: Transaction, best: BlockNumber) throws(PoolRejection) -> Transaction? {
        let old = entries[transaction.signer]?[transaction.nonce]?.transaction
        if let old {
            guard transaction.priority > old.priority else {
                throw .priorityTooLow(old: old.priority, new: transaction.priority)
            }
            hashes.remove(old.hash)
        } else {
            guard count < Self.limit else { throw .poolFull }
        }
        hashes.insert(transaction.hash)
        entries[transaction.signer, default: [:]][transaction.nonce] = Entry(
            transaction: transaction, sequence: nextSequence, death: transaction.death(current: best + 1))
        nextSequence += 1
        return old
    }

    /// The nonce that the account's next extrinsic should have.
    func nextNonce(of account: AccountID, onChain nonce: UInt32) -> UInt32 {
        var next = nonce
        while let entry = entries[account]?[next], entry.transaction.nonce == next, next < .max { next += 1 }
        return next
    }

    /// What a block can take: in the order of arrival, each account's by nonce.
    func ready(nonce: (AccountID) throws -> UInt32) rethrows -> [Transaction] {
        var ready: [(order: UInt64, transaction: Transaction)] = []
        for (account, waiting) in entries {
            var next = try nonce(account)
            var order: UInt64 = 0
            while let entry = waiting[next] {
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
        entries[transaction.signer]?[transaction.nonce] = nil
        if entries[transaction.signer]?.isEmpty == true { entries[transaction.signer] = nil }
        if let best { banned[transaction.hash] = best + Self.banTime }
    }

    /// What can never enter a block after `best`: too old, or with a nonce that is used.
    mutating func removeDead(best: BlockNumber, nonce: (AccountID) throws -> UInt32) rethrows -> [Transaction] {
        banned = banned.filter { $0.value > best }
        var dead: [Transaction] = []
        for (account, waiting) in entries {
            let current = try nonce(account)
            for entry in waiting.values {
                if entry.transaction.nonce < current || entry.death.map({ $0 <= best + 1 }) == true {
                    dead.append(entry.transaction)
                }
            }
        }
        for transaction in dead { remove(transaction, bannedAt: best) }
        return dead
    }
}
