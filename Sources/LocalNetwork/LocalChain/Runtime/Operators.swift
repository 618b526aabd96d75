internal import CESS
internal import SCALE
internal import Substrate

// The Oss pallet: who may act for whom (Docs/Protocol/CESS.md, 8.6).
extension BlockExecution {
    func mayAct(_ sender: AccountID, for user: AccountID) throws -> Bool {
        if sender == user { return true }
        return try state.list(Keys.operators(of: user), of: AccountID.self).contains(sender)
    }

    func authorize(_ candidate: AccountID, by user: AccountID) throws {
        var operators: [AccountID] = try state.list(Keys.operators(of: user))
        if !operators.contains(candidate) {
            guard operators.count < CESSLimits.maximumOperatorCount else {
                throw DispatchFailure.oss(.boundedVecError)
            }
            operators.append(candidate)
            state.put(Keys.operators(of: user), list: operators)
        }
        depositChange(0, user, candidate)
    }

    /// Fails only if the user never authorised anyone.
    func cancelAuthorization(of candidate: AccountID, by user: AccountID) throws {
        guard try state.exists(Keys.operators(of: user)) else { throw DispatchFailure.oss(.noAuthorization) }
        let operators: [AccountID] = try state.list(Keys.operators(of: user))
        state.put(Keys.operators(of: user), list: operators.filter { $0 != candidate })
        depositChange(1, user, candidate)
    }

    private func depositChange(_ event: UInt8, _ user: AccountID, _ candidate: AccountID) {
        deposit(PalletIndex.oss, event) {
            $0.encode(user)
            $0.encode(candidate)
        }
    }
}
