public import Primitives
internal import SCALE
public import Substrate

/// Territories and what they cost.
extension CESSChain {
    /// Nil if the account has no territory of this name.
    public func territory(
        of owner: AccountID, named name: [UInt8], at block: Bytes32
    ) async throws -> TerritoryInfo? {
        try await value(.territory, ChainItem.territory.prefix.appending(owner).appending(vector: name), at: block) {
            (decoder) throws(ScaleError) in try TerritoryInfo(from: &decoder)
        }
    }

    /// All territories of an account, by name.
    public func territories(of owner: AccountID, at block: Bytes32) async throws -> [[UInt8]: TerritoryInfo] {
        let prefix = ChainItem.territory.prefix.appending(owner)
        let keys = try await keys(prefix, of: "territories", limit: 100_000, at: block)
        var names: [[UInt8]] = []
        for key in keys {
            guard let part = prefix.lastPart(of: key), let name = try? decodedName(part) else {
                throw ChainError.malformedKeys("territories")
            }
            names.append(name)
        }
        return try await values(.territory, names, at: block, batch: 256, key: prefix.appending(vector:))
    }

    /// Whose territory a token is, and its name there.
    public func territoryKey(_ token: Bytes32, at block: Bytes32) async throws -> TerritoryKey? {
        try await value(.territoryKey, ChainItem.territoryKey.prefix.appending(token), at: block) {
            (decoder) throws(ScaleError) in try TerritoryKey(from: &decoder)
        }
    }

    /// The offer to sell a territory.
    public func consignment(_ token: Bytes32, at block: Bytes32) async throws -> ConsignmentInfo? {
        try await value(.consignment, ChainItem.consignment.prefix.appending(token), at: block) {
            (decoder) throws(ScaleError) in try ConsignmentInfo(from: &decoder)
        }
    }

    /// What territories cost at a block.
    ///
    /// - Throws: `ChainError.noUnitPrice` if the network has no price.
    public func prices(at block: Bytes32) async throws -> TerritoryPrices {
        TerritoryPrices(unitPrice: try await unitPrice(at: block), dayLength: constants.dayLength)
    }

    /// The price of a GiB for a day.
    public func unitPrice(at block: Bytes32) async throws -> UInt128 {
        guard let price = try await amount(.unitPrice, at: block) else { throw ChainError.noUnitPrice }
        return price
    }

    /// The network's space, in bytes.
    public func space(at block: Bytes32) async throws -> NetworkSpace {
        NetworkSpace(
            idle: try await amount(.totalIdleSpace, at: block) ?? 0,
            service: try await amount(.totalServiceSpace, at: block) ?? 0,
            purchased: try await amount(.purchasedSpace, at: block) ?? 0)
    }

    private func amount(_ item: ChainItem, at block: Bytes32) async throws -> UInt128? {
        try await value(item, at: block) { (decoder) throws(ScaleError) in try decoder.integer(UInt128.self) }
    }

    private func decodedName(_ part: [UInt8]) throws(ScaleError) -> [UInt8] {
        var decoder = ScaleDecoder(part)
        let name = try decoder.byteVector(limit: CESSLimits.maximumTerritoryNameByteCount)
        try decoder.finish()
        return name
    }
}

/// The network's space in bytes.
public struct NetworkSpace: Hashable, Sendable {
    /// What nodes offer and nobody uses.
    public let idle: UInt128
    public let service: UInt128
    /// What territories have been sold.
    public let purchased: UInt128
}

extension StorageKey {
    fileprivate func appending(vector name: [UInt8]) -> StorageKey {
        var encoder = ScaleEncoder()
        encoder.byteVector(name)
        return appending(encoded: encoder.bytes)
    }
}
