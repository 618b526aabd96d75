internal import CESS
internal import Primitives
internal import SCALE
internal import Substrate

/// The keys of what the local chain keeps; the metadata describes the same items.
enum Keys {
    // System, Timestamp, Balances, TransactionPayment
    static let number = StorageKey("System", "Number")
    static let parentHash = StorageKey("System", "ParentHash")
    static let digest = StorageKey("System", "Digest")
    static let events = StorageKey("System", "Events")
    static let eventCount = StorageKey("System", "EventCount")
    static let lastRuntimeUpgrade = StorageKey("System", "LastRuntimeUpgrade")
    static let now = StorageKey("Timestamp", "Now")
    static let totalIssuance = StorageKey("Balances", "TotalIssuance")
    static let feeMultiplier = StorageKey("TransactionPayment", "NextFeeMultiplier")
    static let paymentVersion = StorageKey("TransactionPayment", "StorageVersion")

    private static let accounts = StorageKey("System", "Account")
    static func account(_ id: AccountID) -> StorageKey { accounts.appending(id) }

    private static let blockHashes = StorageKey("System", "BlockHash")
    static func blockHash(_ number: BlockNumber) -> StorageKey {
        blockHashes.appending(encoded: encoded(number), by: .twox64Concat)
    }

    // FileBank
    static let clearUserList = StorageKey("FileBank", "ClearUserList")

    private static let deals = StorageKey("FileBank", "DealMap")
    static func deal(_ fid: FID) -> StorageKey { deals.appending(fid) }

    private static let files = StorageKey("FileBank", "File")
    static func file(_ fid: FID) -> StorageKey { files.appending(fid) }

    private static let heldFiles = StorageKey("FileBank", "UserHoldFileList")
    static func heldFiles(_ user: AccountID) -> StorageKey { heldFiles.appending(user) }

    // StorageHandler
    static let unitPrice = StorageKey("StorageHandler", "UnitPrice")
    static let totalIdleSpace = StorageKey("StorageHandler", "TotalIdleSpace")
    static let totalServiceSpace = StorageKey("StorageHandler", "TotalServiceSpace")
    static let purchasedSpace = StorageKey("StorageHandler", "PurchasedSpace")

    private static let territories = StorageKey("StorageHandler", "Territory")
    static func territory(_ key: TerritoryKey) -> StorageKey {
        var name = ScaleEncoder()
        name.byteVector(key.name)
        return territories.appending(key.owner).appending(encoded: name.bytes)
    }

    private static let territoryKeys = StorageKey("StorageHandler", "TerritoryKey")
    static func territoryKey(_ token: Bytes32) -> StorageKey { territoryKeys.appending(token) }

    private static let freezing = StorageKey("StorageHandler", "TerritoryFrozen")
    /// The territories that freeze in a block.
    static func freezing(at block: BlockNumber) -> StorageKey { freezing.appending(encoded: encoded(block)) }

    private static let freezingCounts = StorageKey("StorageHandler", "TerritoryFrozenCounter")
    static func freezingCount(at block: BlockNumber) -> StorageKey { freezingCounts.appending(encoded: encoded(block)) }

    private static let expiring = StorageKey("StorageHandler", "TerritoryExpired")
    /// The territories that expire in a block.
    static func expiring(at block: BlockNumber) -> StorageKey { expiring.appending(encoded: encoded(block)) }

    // Sminer
    static let allMiners = StorageKey("Sminer", "AllMiner")
    static let minerCount = StorageKey("Sminer", "CounterForMinerItems")
    static let expenders = StorageKey("Sminer", "Expenders")

    private static let miners = StorageKey("Sminer", "MinerItems")
    static func miner(_ id: AccountID) -> StorageKey { miners.appending(id) }

    private static let stakingStarts = StorageKey("Sminer", "StakingStartBlock")
    static func stakingStart(_ id: AccountID) -> StorageKey { stakingStarts.appending(id) }

    // Oss
    private static let authorities = StorageKey("Oss", "AuthorityList")
    static func operators(of user: AccountID) -> StorageKey { authorities.appending(user) }

    /// What makes this network different from every other local one. Not an item of any pallet.
    static let networkSeed = StorageKey(bytes: Array(":cessdrive:localnet:seed".utf8))
    /// The `RuntimeParameters` that the network began with. Not an item of any pallet.
    static let parameters = StorageKey(bytes: Array(":cessdrive:localnet:parameters".utf8))
    /// How many blocks the finalized one lies behind the best, as the network began. Not an item of any pallet.
    static let finalityLag = StorageKey(bytes: Array(":cessdrive:localnet:finality".utf8))

    static func encoded(_ number: BlockNumber) -> [UInt8] {
        var encoder = ScaleEncoder()
        encoder.integer(number)
        return encoder.bytes
    }
}
