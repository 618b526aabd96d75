internal import CESS
internal import SCALE
internal import Substrate

// The Balances pallet.
extension BlockExecution {
    func account(_ id: AccountID) throws -> AccountInfo { try state.value(Keys.account(id)) ?? .absent }

    private func put(_ id: AccountID, _ account: AccountInfo) { state.put(Keys.account(id), account) }

    func useNonce(of id: AccountID) throws {
        var account = try account(id)
        account.nonce &+= 1
        put(id, account)
    }

    /// Takes a fee, which was checked to be there. It is burned.
    func withdraw(_ amount: UInt128, from id: AccountID) throws {
        var account = try account(id)
        account.free = account.free > amount ? account.free - amount : 0
        put(id, account)
        try changeIssuance { $0 > amount ? $0 - amount : 0 }
        deposit(PalletIndex.balances, 8) {
            $0.encode(id)
            $0.integer(amount)
        }
    }

    func changeIssuance(_ change: (UInt128) -> UInt128) throws {
        state.put(Keys.totalIssuance, integer: change(try state.integer(Keys.totalIssuance)))
    }

    /// Moves an amount. The sender must be left with the existential deposit, or (`keepAlive` false) goes with its dust.
    func transfer(_ amount: UInt128, from source: AccountID, to destination: AccountID, keepAlive: Bool) throws {
        let deposit = RuntimeParameters.existentialDeposit
        var sender = try account(source)
        guard sender.free >= amount else { throw DispatchFailure.token(.fundsUnavailable) }
        let rest = sender.free - amount
        if rest < deposit {
            guard !keepAlive else { throw DispatchFailure.token(.notExpendable) }
            guard sender.reserved == 0, sender.consumers == 0 else { throw DispatchFailure.token(.onlyProvider) }
        }
        guard source != destination else { return }
        var receiver = try account(destination)
        let isNew = receiver.providers == 0 && amount > 0
        guard !isNew || amount >= deposit else { throw DispatchFailure.token(.belowMinimum) }
        let (sum, overflow) = receiver.free.addingReportingOverflow(amount)
        guard !overflow else { throw DispatchFailure.arithmeticOverflow }

        if rest < deposit {
            try kill(source, dust: rest)
        } else {
            sender.free = rest
            put(source, sender)
        }
        receiver.free = sum
        if isNew { receiver.providers = 1 }
        put(destination, receiver)
        if isNew {
            self.deposit(PalletIndex.system, 3) { $0.encode(destination) }  // NewAccount
            self.deposit(PalletIndex.balances, 0) {  // Endowed
                $0.encode(destination)
                $0.integer(amount)
            }
        }
        self.deposit(PalletIndex.balances, 2) {  // Transfer
            $0.encode(source)
            $0.encode(destination)
            $0.integer(amount)
        }
    }

    func transferAll(from source: AccountID, to destination: AccountID, keepAlive: Bool) throws {
        let sender = try account(source)
        let mustStay = keepAlive || sender.reserved > 0 || sender.consumers > 0
        let kept = mustStay ? RuntimeParameters.existentialDeposit : 0
        try transfer(
            sender.free > kept ? sender.free - kept : 0, from: source, to: destination, keepAlive: keepAlive)
    }

    private func kill(_ id: AccountID, dust: UInt128) throws {
        state.remove(Keys.account(id))
        deposit(PalletIndex.system, 4) { $0.encode(id) }  // KilledAccount
        guard dust > 0 else { return }
        try changeIssuance { $0 > dust ? $0 - dust : 0 }
        deposit(PalletIndex.balances, 1) {  // DustLost
            $0.encode(id)
            $0.integer(dust)
        }
    }

    /// Puts an amount aside; it stays the account's.
    func reserve(_ amount: UInt128, of id: AccountID) throws {
        var account = try account(id)
        guard account.free >= amount, account.free - amount >= RuntimeParameters.existentialDeposit else {
            throw DispatchFailure.balances(.insufficientBalance)
        }
        if account.reserved == 0 { account.consumers += 1 }
        account.free -= amount
        account.reserved += amount
        put(id, account)
        deposit(PalletIndex.balances, 4) {
            $0.encode(id)
            $0.integer(amount)
        }
    }

    /// Gives an account its first balance; only for genesis.
    func endow(_ id: AccountID, _ amount: UInt128) throws {
        put(id, AccountInfo(providers: 1, free: amount))
        try changeIssuance { $0 + amount }
    }
}
