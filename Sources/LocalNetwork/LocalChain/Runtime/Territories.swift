internal import CESS
internal import Primitives
internal import SCALE
internal import Substrate

// The StorageHandler pallet: leases of space (Docs/Protocol/CESS.md, 8.1).
extension BlockExecution {
    func territory(_ key: TerritoryKey) throws -> TerritoryInfo? { try state.value(Keys.territory(key)) }

    /// Whoever buys space pays here: the account of the pallet id `rewardpt`.
    static let treasury = pallet("rewardpt")

    private static func pallet(_ id: String) -> AccountID {
        let bytes = Array("modl\(id)".utf8) + [UInt8](repeating: 0, count: 20)
        guard let account = Bytes32(bytes) else { preconditionFailure("a pallet id has 8 bytes") }
        return AccountID(account)
    }

    /// The territories that freeze in one block stay below it.
    private static let frozenLimit: UInt32 = 2000

    // MARK: Calls

    func mint(_ key: TerritoryKey, gib: UInt32, days: UInt32) throws {
        guard try !state.exists(Keys.territory(key)) else { throw failure(.purchasedSpace) }
        guard days >= CESSLimits.minimumLeaseDays else { throw failure(.boundariesNotMet) }
        let token = self.token(for: key)
        guard try !state.exists(Keys.territoryKey(token)) else { throw failure(.duplicateTokens) }
        let space = UInt128(gib) * CESSLimits.gibibyte
        try addPurchased(space)
        let price = try product(try unitPrice(), UInt128(gib), UInt128(days))
        try pay(price, by: key.owner)
        let deadline = try self.deadline(from: number, days: days)
        try put(
            TerritoryInfo(token: token, totalSpace: space, remainingSpace: space, start: number, deadline: deadline),
            key)
        state.put(Keys.territoryKey(token), key)
        try schedule(token, freezingAt: deadline)
        deposit(PalletIndex.storageHandler, 7) {
            $0.encode(token)
            $0.byteVector(key.name)
            $0.integer(space)
            $0.integer(price)
        }
    }

    func expand(_ key: TerritoryKey, gib: UInt32) throws {
        var territory = try existing(key)
        guard territory.state == .active else { throw failure(.notActive) }
        let left = territory.deadline > number ? territory.deadline - number : 0
        let days = (UInt128(left) + UInt128(parameters.oneDay) - 1) / UInt128(parameters.oneDay)
        let price = try product(try unitPrice(), UInt128(gib), days)
        try requireBalance(price, of: key.owner)
        let space = UInt128(gib) * CESSLimits.gibibyte
        try addPurchased(space)
        try pay(price, by: key.owner)
        territory.totalSpace += space
        territory.remainingSpace += space
        try put(territory, key)
        deposit(PalletIndex.storageHandler, 8) {
            $0.byteVector(key.name)
            $0.integer(space)
            $0.integer(price)
        }
    }

    func renew(_ key: TerritoryKey, days: UInt32) throws {
        var territory = try existing(key)
        guard territory.state == .active || territory.state == .frozen else { throw failure(.stateError) }
        let price = try product(try unitPrice(), territory.totalSpace / CESSLimits.gibibyte, UInt128(days))
        try pay(price, by: key.owner)
        try unschedule(territory.token, freezingAt: territory.deadline)
        state.remove(Keys.expiring(at: territory.deadline &+ parameters.frozenBlocks).appending(territory.token))
        if number > territory.deadline {
            territory.start = number
            territory.deadline = number
        }
        territory.deadline = try deadline(from: territory.deadline, days: days)
        // With no days a frozen lease stays frozen, and nothing ends it any more.
        if territory.deadline > number { territory.state = .active }
        try put(territory, key)
        try schedule(territory.token, freezingAt: territory.deadline)
        deposit(PalletIndex.storageHandler, 9) {
            $0.byteVector(key.name)
            $0.integer(days)
            $0.integer(price)
        }
    }

    func reactivate(_ key: TerritoryKey, days: UInt32) throws {
        var territory = try existing(key)
        guard territory.state == .expired else { throw failure(.notExpire) }
        // An old monthly formula: thirty times cheaper than minting.
        let price = try product(try unitPrice() / 30, UInt128(days), territory.totalSpace / CESSLimits.gibibyte)
        try requireBalance(price, of: key.owner)
        try addPurchased(territory.totalSpace)
        try pay(price, by: key.owner)
        territory.usedSpace = 0
        territory.lockedSpace = 0
        territory.remainingSpace = territory.totalSpace
        territory.start = number
        territory.deadline = try deadline(from: number, days: days)
        territory.state = .active
        try put(territory, key)
        try schedule(territory.token, freezingAt: territory.deadline)
        deposit(PalletIndex.storageHandler, 10) {
            $0.byteVector(key.name)
            $0.integer(days)
            $0.integer(price)
        }
    }

    func rename(_ key: TerritoryKey, to name: [UInt8]) throws {
        let territory = try existing(key)
        let renamed = TerritoryKey(owner: key.owner, name: name)
        guard try !state.exists(Keys.territory(renamed)) else { throw failure(.duplicateName) }
        try move(territory, from: key, to: renamed)
    }

    /// The receiver is not asked, and the name becomes the token's raw bytes.
    func grant(_ key: TerritoryKey, to receiver: AccountID) throws {
        let territory = try existing(key)
        try move(territory, from: key, to: TerritoryKey(owner: receiver, name: territory.token.bytes))
    }

    private func move(_ territory: TerritoryInfo, from old: TerritoryKey, to new: TerritoryKey) throws {
        guard territory.state == .active else { throw failure(.notActive) }
        guard territory.usedSpace == 0, territory.lockedSpace == 0 else { throw failure(.objectNotZero) }
        state.remove(Keys.territory(old))
        try put(territory, new)
        state.put(Keys.territoryKey(territory.token), new)
    }

    // MARK: For FileBank

    /// Puts space aside for a deal.
    func lock(_ space: UInt128, in key: TerritoryKey) throws {
        try change(key) { territory throws(DispatchFailure) in
            guard space <= territory.remainingSpace else { throw .storageHandler(.insufficientStorage) }
            try Self.move(space, from: &territory.remainingSpace, to: &territory.lockedSpace)
        }
    }

    /// Turns a complete deal's locked space into used space; a frozen territory still does.
    func useLocked(_ space: UInt128, in key: TerritoryKey) throws {
        try change(key, mustBeActive: false) { territory throws(DispatchFailure) in
            try Self.move(space, from: &territory.lockedSpace, to: &territory.usedSpace)
        }
    }

    func use(_ space: UInt128, in key: TerritoryKey) throws {
        try change(key) { territory throws(DispatchFailure) in
            guard space <= territory.remainingSpace else { throw .storageHandler(.insufficientStorage) }
            try Self.move(space, from: &territory.remainingSpace, to: &territory.usedSpace)
        }
    }

    func release(_ space: UInt128, in key: TerritoryKey) throws {
        try change(key, mustBeActive: false) { territory throws(DispatchFailure) in
            try Self.move(space, from: &territory.usedSpace, to: &territory.remainingSpace)
        }
    }

    private func change(
        _ key: TerritoryKey, mustBeActive: Bool = true,
        _ change: (inout TerritoryInfo) throws(DispatchFailure) -> Void
    ) throws {
        var territory = try existing(key)
        guard !mustBeActive || territory.state == .active else { throw failure(.notActive) }
        try change(&territory)
        try put(territory, key)
    }

    private static func move(
        _ space: UInt128, from source: inout UInt128, to destination: inout UInt128
    ) throws(DispatchFailure) {
        guard source >= space else { throw .storageHandler(.overflow) }
        source -= space
        destination += space
    }

    // MARK: Parts

    private func failure(_ failure: StorageHandlerFailure) -> DispatchFailure { .storageHandler(failure) }

    func existing(_ key: TerritoryKey) throws -> TerritoryInfo {
        guard let territory = try territory(key) else { throw failure(.notHaveTerritory) }
        return territory
    }

    private func put(_ territory: TerritoryInfo, _ key: TerritoryKey) throws {
        state.put(Keys.territory(key), territory)
    }

    private func product(_ a: UInt128, _ b: UInt128, _ c: UInt128) throws -> UInt128 {
        let (ab, first) = a.multipliedReportingOverflow(by: b)
        let (abc, second) = ab.multipliedReportingOverflow(by: c)
        guard !first, !second else { throw failure(.overflow) }
        return abc
    }

    private func unitPrice() throws -> UInt128 { try state.integer(Keys.unitPrice) }

    /// Unpredictable before the parent block, different for every territory of a block.
    private func token(for key: TerritoryKey) -> Bytes32 {
        var encoder = ScaleEncoder()
        encoder.encode(parentHash)
        encoder.encode(key)
        return BLAKE2b.hash256(encoder.bytes)
    }

    private func requireBalance(_ price: UInt128, of payer: AccountID) throws {
        guard try account(payer).free >= price else { throw failure(.insufficientBalance) }
    }

    private func pay(_ price: UInt128, by payer: AccountID) throws {
        try requireBalance(price, of: payer)
        try transfer(price, from: payer, to: Self.treasury, keepAlive: true)
    }

    /// Sells space that the network must have.
    private func addPurchased(_ space: UInt128) throws {
        let total: UInt128 = try state.integer(Keys.totalIdleSpace) + state.integer(Keys.totalServiceSpace)
        let purchased: UInt128 = try state.integer(Keys.purchasedSpace)
        guard purchased + space <= total else { throw failure(.insufficientAvailableSpace) }
        state.put(Keys.purchasedSpace, integer: purchased + space)
    }

    /// Moves the space of a complete file from the network's idle space to what is in service.
    func putInService(_ space: UInt128) throws {
        let idle: UInt128 = try state.integer(Keys.totalIdleSpace)
        guard idle >= space else { throw failure(.overflow) }
        state.put(Keys.totalIdleSpace, integer: idle - space)
        state.put(Keys.totalServiceSpace, integer: try state.integer(Keys.totalServiceSpace) + space)
    }

    /// Takes the space of a file that is gone out of service. It is idle again at once, since the local nodes have nothing
    /// to prove before they offer it.
    func takeOutOfService(_ space: UInt128) throws {
        let service: UInt128 = try state.integer(Keys.totalServiceSpace)
        guard service >= space else { throw failure(.overflow) }
        state.put(Keys.totalServiceSpace, integer: service - space)
        state.put(Keys.totalIdleSpace, integer: try state.integer(Keys.totalIdleSpace) + space)
    }

    private func deadline(from block: BlockNumber, days: UInt32) throws -> BlockNumber {
        let (blocks, first) = days.multipliedReportingOverflow(by: parameters.oneDay)
        let (deadline, second) = block.addingReportingOverflow(blocks)
        guard !first, !second else { throw failure(.overflow) }
        return deadline
    }

    private func schedule(_ token: Bytes32, freezingAt block: BlockNumber) throws {
        state.put(Keys.freezing(at: block).appending(token), bytes: [1])
        let count = try state.integer(Keys.freezingCount(at: block), as: UInt32.self) + 1
        guard count < Self.frozenLimit else { throw failure(.overflow) }
        state.put(Keys.freezingCount(at: block), integer: count)
    }

    private func unschedule(_ token: Bytes32, freezingAt block: BlockNumber) throws {
        state.remove(Keys.freezing(at: block).appending(token))
        let count: UInt32 = try state.integer(Keys.freezingCount(at: block))
        if count > 1 {
            state.put(Keys.freezingCount(at: block), integer: count - 1)
        } else {
            state.remove(Keys.freezingCount(at: block))
        }
    }

    // MARK: Timers

    /// Freezes what is due in this block, ends what has been frozen for its time.
    ///
    /// - Returns: the territories that ended, whose files go now.
    func freezeAndExpireTerritories() throws -> [TerritoryKey] {
        for (token, key) in try takeDue(Keys.freezing(at: number)) {
            guard var territory = try territory(key), territory.token == token else { continue }
            territory.state = .frozen
            try put(territory, key)
            state.put(Keys.expiring(at: number &+ parameters.frozenBlocks).appending(token), bytes: [1])
        }
        if try state.exists(Keys.freezingCount(at: number)) { state.remove(Keys.freezingCount(at: number)) }
        var ended: [TerritoryKey] = []
        for (token, key) in try takeDue(Keys.expiring(at: number)) {
            guard var territory = try territory(key), territory.token == token else { continue }
            if territory.state == .frozen { territory.state = .expired }
            try put(territory, key)
            let purchased: UInt128 = try state.integer(Keys.purchasedSpace)
            state.put(
                Keys.purchasedSpace, integer: purchased > territory.totalSpace ? purchased - territory.totalSpace : 0)
            ended.append(key)
        }
        return ended
    }

    /// The territories of a timer's list, which is emptied.
    private func takeDue(_ prefix: StorageKey) throws -> [(token: Bytes32, key: TerritoryKey)] {
        try state.keys(prefix: prefix).compactMap { entry in
            state.remove(entry)
            guard let token = prefix.lastPart(of: entry).flatMap({ Bytes32($0) }),
                let key = try state.value(Keys.territoryKey(token), as: TerritoryKey.self)
            else { return nil }
            return (token, key)
        }
    }
}
