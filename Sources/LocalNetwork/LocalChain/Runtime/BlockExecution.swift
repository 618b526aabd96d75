internal import CESS
internal import Primitives
internal import SCALE
internal import Substrate

/// A block while it is being made: its state, its extrinsics, its events. The pallets are extensions of it.
final class BlockExecution {
    let parameters: RuntimeParameters
    let state: BlockState
    let number: BlockNumber
    let parentHash: Bytes32
    private(set) var extrinsics: [[UInt8]] = []
    private var events: [[UInt8]] = []
    private var phase: [UInt8] = [2]
    private var usedWeight: UInt64 = 0
    private var usedLength = 0

    /// - Parameter parentHash: of the block below; for genesis all zeros.
    init(parameters: RuntimeParameters, state: BlockState, number: BlockNumber, parentHash: Bytes32) {
        (self.parameters, self.state, self.number, self.parentHash) = (parameters, state, number, parentHash)
    }

    // MARK: The block's course

    /// What happens before the first extrinsic: the block's own items and everybody's timers.
    func begin() throws {
        state.put(Keys.number, integer: number)
        state.put(Keys.parentHash, parentHash)
        state.put(Keys.blockHash(number - 1), parentHash)
        // The hash of genesis stays.
        if number > RuntimeParameters.blockHashCount + 1 {
            state.remove(Keys.blockHash(number - 1 - RuntimeParameters.blockHashCount))
        }
        let expired = try freezeAndExpireTerritories()
        try clearFiles(of: expired)
    }

    /// The inherent that every block begins with.
    func setTimestamp(_ now: UInt64) {
        var call = ScaleEncoder()
        call.raw([PalletIndex.timestamp, 0])
        call.compact(now)
        beginExtrinsic(Extrinsic.unsigned(call: call.bytes))
        state.put(Keys.now, integer: now)
        depositOutcome(nil, weight: RuntimeCall.setTimestamp(now).weight, isMandatory: true)
    }

    /// Executes a transaction that `TransactionCheck` let pass on this block's state.
    ///
    /// - Returns: false, and nothing is changed, if the block has no room left for it.
    func apply(_ transaction: Transaction) throws -> Bool {
        let weight = transaction.call.weight
        guard usedLength + transaction.bytes.count <= Fees.maximumBlockLength,
            usedWeight &+ weight &+ Fees.baseWeight <= Fees.maximumBlockWeight
        else { return false }
        usedLength += transaction.bytes.count
        usedWeight += weight + Fees.baseWeight
        beginExtrinsic(transaction.bytes)
        try useNonce(of: transaction.signer)
        try withdraw(transaction.fee, from: transaction.signer)
        var failure: DispatchFailure?
        do throws(DispatchFailure) {
            try transactional { try dispatch(transaction.call, by: transaction.signer) }
        } catch { failure = error }
        deposit(PalletIndex.transactionPayment, 0) {  // TransactionFeePaid
            $0.encode(transaction.signer)
            $0.integer(transaction.fee)
            $0.integer(transaction.tip)
        }
        if let breakdown { throw breakdown }
        depositOutcome(failure, weight: weight, isMandatory: false)
        return true
    }

    /// The header and the changes; the execution is over.
    func finish(parentStateRoot: Bytes32) throws -> (block: StoredBlock, changes: [StateChange]) {
        if let breakdown { throw breakdown }
        var encoder = ScaleEncoder()
        encoder.vector(events) { $0.raw($1) }
        state.put(Keys.events, bytes: encoder.bytes)
        state.put(Keys.eventCount, integer: UInt32(events.count))
        let changes = try state.finish()
        let header = Header(
            parentHash: parentHash, number: number,
            stateRoot: Header.stateRoot(parent: parentStateRoot, changes: changes),
            extrinsicsRoot: Header.extrinsicsRoot(extrinsics))
        return (StoredBlock(header: header, hash: header.hash, extrinsics: extrinsics), changes)
    }

    private func beginExtrinsic(_ bytes: [UInt8]) {
        var encoder = ScaleEncoder()
        encoder.integer(UInt8(0))
        encoder.integer(UInt32(extrinsics.count))
        phase = encoder.bytes
        extrinsics.append(bytes)
    }

    private func depositOutcome(_ failure: DispatchFailure?, weight: UInt64, isMandatory: Bool) {
        deposit(PalletIndex.system, failure == nil ? 0 : 1) {
            if let failure { $0.encode(failure) }
            $0.compact(weight + Fees.baseWeight)
            $0.compact(0)  // proof size
            $0.raw([isMandatory ? 2 : 0, 0])  // class, pays fee
        }
    }

    // MARK: For the pallets

    /// Appends an event of the extrinsic at hand.
    func deposit(_ pallet: UInt8, _ event: UInt8, _ fields: (inout ScaleEncoder) -> Void = { _ in }) {
        var encoder = ScaleEncoder()
        encoder.raw(phase)
        encoder.raw([pallet, event])
        fields(&encoder)
        encoder.compact(0)  // no topics
        events.append(encoder.bytes)
    }

    /// Something that is not the caller's fault: a file that cannot be read, state that does not decode. The block must
    /// not be kept.
    private var breakdown: (any Error)?

    /// Runs `body` so that nothing of it remains, no event either, when it fails.
    func transactional(_ body: () throws -> Void) throws(DispatchFailure) {
        let mark = state.mark
        let eventCount = events.count
        do { try body() } catch {
            state.rollBack(to: mark)
            events.removeLast(events.count - eventCount)
            if let failure = error as? DispatchFailure { throw failure }
            breakdown = error
        }
    }

    func dispatch(_ call: RuntimeCall, by origin: AccountID) throws {
        switch call {
        case .remark(let bytes, let withEvent): if withEvent { depositRemark(bytes, by: origin) }
        case .setTimestamp, .withWeight: throw DispatchFailure.badOrigin
        case .transfer(let destination, let amount, let keepAlive):
            try transfer(amount, from: origin, to: try account(of: destination), keepAlive: keepAlive)
        case .transferAll(let destination, let keepAlive):
            try transferAll(from: origin, to: try account(of: destination), keepAlive: keepAlive)
        case .batch(let calls, let kind): try batch(calls, kind, by: origin)
        case .asDerivative(let index, let call): try dispatch(call, by: derivative(of: origin, index))
        case .uploadDeclaration(let fid, let segments, let brief, let fileSize):
            try declare(fid, segments, brief, fileSize: fileSize, by: origin)
        case .territoryFileDelivery(let user, let fid, let target):
            try deliver(fid, of: user, to: target, by: origin)
        case .transferReport(let index, let fid): try report(index: index, fid, by: origin)
        case .deleteFile(let owner, let fid): try delete(fid, of: owner, by: origin)
        case .mintTerritory(let gib, let name, let days):
            try mint(TerritoryKey(owner: origin, name: name), gib: gib, days: days)
        case .expandTerritory(let name, let gib): try expand(TerritoryKey(owner: origin, name: name), gib: gib)
        case .renewTerritory(let name, let days): try renew(TerritoryKey(owner: origin, name: name), days: days)
        case .reactivateTerritory(let name, let days):
            try reactivate(TerritoryKey(owner: origin, name: name), days: days)
        case .grantTerritory(let name, let receiver):
            try grant(TerritoryKey(owner: origin, name: name), to: receiver)
        case .renameTerritory(let old, let new): try rename(TerritoryKey(owner: origin, name: old), to: new)
        case .registerMiner(let beneficiary, let endpoint, let staking, let tib):
            try register(origin, beneficiary: beneficiary, endpoint: endpoint, staking: staking, tib: tib)
        case .updateEndpoint(let endpoint): try updateEndpoint(of: origin, to: endpoint)
        case .authorize(let `operator`): try authorize(`operator`, by: origin)
        case .cancelAuthorize(let `operator`): try cancelAuthorization(of: `operator`, by: origin)
        }
    }

    private func depositRemark(_ bytes: [UInt8], by sender: AccountID) {
        deposit(PalletIndex.system, 5) {
            $0.encode(sender)
            $0.encode(BLAKE2b.hash256(bytes))
        }
    }

    private func account(of address: MultiAddress) throws -> AccountID {
        guard case .id(let account) = address else { throw DispatchFailure.cannotLookup }
        return account
    }
}
