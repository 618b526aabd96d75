internal import Primitives
internal import SCALE
internal import Substrate

/// A storage item of the chain that this module reads, and the layout that it is read by.
struct ChainItem: Hashable {
    let pallet: String
    let name: String
    /// The parts of the key, each hashed as Blake2_128Concat.
    let key: [String]
    let value: String
    let prefix: StorageKey

    init(_ pallet: String, _ name: String, key: [String] = [], _ value: String) {
        self.pallet = pallet
        self.name = name
        self.key = key
        self.value = value
        prefix = StorageKey(pallet, name)
    }

    static let account = ChainItem("System", "Account", key: ["[u8; 32]"], Layout.account)
    static let now = ChainItem("Timestamp", "Now", "u64")
    static let file = ChainItem("FileBank", "File", key: ["[u8; 64]"], Layout.file)
    static let deal = ChainItem("FileBank", "DealMap", key: ["[u8; 64]"], Layout.deal)
    static let heldFiles = ChainItem("FileBank", "UserHoldFileList", key: ["[u8; 32]"], "Vec<\(Layout.userFile)>")
    static let territory = ChainItem(
        "StorageHandler", "Territory", key: ["[u8; 32]", "Vec<u8>"], Layout.territory)
    static let territoryKey = ChainItem("StorageHandler", "TerritoryKey", key: ["[u8; 32]"], "([u8; 32], Vec<u8>)")
    static let consignment = ChainItem("StorageHandler", "Consignment", key: ["[u8; 32]"], Layout.consignment)
    static let unitPrice = ChainItem("StorageHandler", "UnitPrice", "u128")
    static let totalIdleSpace = ChainItem("StorageHandler", "TotalIdleSpace", "u128")
    static let totalServiceSpace = ChainItem("StorageHandler", "TotalServiceSpace", "u128")
    static let purchasedSpace = ChainItem("StorageHandler", "PurchasedSpace", "u128")
    static let allMiners = ChainItem("Sminer", "AllMiner", "Vec<[u8; 32]>")
    static let miner = ChainItem("Sminer", "MinerItems", key: ["[u8; 32]"], Layout.miner)
    static let operators = ChainItem("Oss", "AuthorityList", key: ["[u8; 32]"], "Vec<[u8; 32]>")
    static let gateway = ChainItem("Oss", "Oss", key: ["[u8; 32]"], Layout.oss)

    static let all: [ChainItem] = [
        account, now, file, deal, heldFiles, territory, territoryKey, consignment, unitPrice, totalIdleSpace,
        totalServiceSpace, purchasedSpace, allMiners, miner, operators, gateway,
    ]

    /// - Throws: `MetadataError.absent`, or `differs` if the runtime lays it out otherwise.
    func check(_ metadata: Metadata) throws(MetadataError) {
        let found = try metadata.storage(pallet, name)
        let layout = metadata.types.layout(of: found.value)
        guard layout == value else { throw .differs(what: description, expected: value, found: layout) }
        let expectedKey = key.count == 1 ? key[0] : "(\(key.joined(separator: ", ")))"
        let foundKey = found.key.map(metadata.types.layout(of:)) ?? "()"
        guard foundKey == expectedKey, found.hashers.allSatisfy({ $0 == .blake2_128Concat }),
            found.hashers.count == key.count
        else { throw .differs(what: "the key of \(description)", expected: expectedKey, found: foundKey) }
    }

    var description: String { "\(pallet).\(name)" }

    /// Reads a value; nil stays nil.
    func decode<T>(
        _ bytes: [UInt8]?, _ read: (inout ScaleDecoder) throws(ScaleError) -> T
    ) throws(ChainError) -> T? {
        guard let bytes else { return nil }
        do throws(ScaleError) {
            var decoder = ScaleDecoder(bytes)
            let value = try read(&decoder)
            try decoder.finish()
            return value
        } catch { throw .malformed(description, error) }
    }

    /// Reads a value that anybody may have put there; nil stays nil.
    ///
    /// - Throws: only where the bytes are none of the runtime's type: then the server is wrong, and another one may be asked.
    func decodeForeign<T: ScaleDecodable>(
        _ bytes: [UInt8]?, metadata: Metadata
    ) throws(ChainError) -> ChainValue<T>? {
        do {
            return try decode(bytes) { (decoder) throws(ScaleError) in try T(from: &decoder) }.map(ChainValue.readable)
        } catch {
            guard let bytes, let type = try? metadata.storage(pallet, name).value,
                (try? metadata.decode(bytes, as: type)) != nil
            else { throw error }
            return .unreadable
        }
    }
}
