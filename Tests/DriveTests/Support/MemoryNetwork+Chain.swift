import BlobStore
import CESS
import Foundation
import Primitives
import Substrate
import Synchronization

/// The chain's state after a block.
struct MemoryChainState: Sendable {
    struct TerritoryName: Hashable {
        let owner: AccountID
        let name: [UInt8]
    }

    var height: UInt32 = 1
    var deals: [FID: DealInfo] = [:]
    /// Of deals and files: those that hold what is no hash.
    var unreadable: Set<FID> = []
    var files: [FID: FileInfo] = [:]
    var held: [AccountID: [UserFileSliceInfo]] = [:]
    var territories: [TerritoryName: TerritoryInfo] = [:]

    var hash: Bytes32 { Self.hash(ofBlock: height) }

    /// Those of `values` that are asked for, as a client can read them.
    func foreign<T>(_ values: [FID: T], _ fids: [FID]) -> [FID: ChainValue<T>] {
        let asked = values.filter { fids.contains($0.key) }
        return Dictionary(
            uniqueKeysWithValues: asked.map { ($0, unreadable.contains($0) ? .unreadable : .readable($1)) })
    }

    static func hash(ofBlock height: UInt32) -> Bytes32 { SHA256.hash([UInt8]("block \(height)".utf8)) }
}

/// A signed extrinsic, and where it was included.
struct MemorySubmission: Sendable {
    enum Call: Sendable {
        case declare([VolumeDeclaration], UserBrief)
        case delete([FID], AccountID)
    }

    let call: Call
    var height: UInt32?
}

extension MemoryNetwork {
    /// Leases space.
    func addTerritory(
        of owner: AccountID, named name: [UInt8], byteCount: UInt128 = 1 << 40,
        state territoryState: TerritoryState = .active
    ) {
        state.withLock { state in
            var info = TerritoryInfo(
                token: SHA256.hash(name), totalSpace: byteCount, remainingSpace: byteCount, start: 0,
                deadline: .max)
            info.state = territoryState
            state.chain.territories[.init(owner: owner, name: name)] = info
            state.history[state.chain.hash] = state.chain
        }
    }

    /// Takes over open deals of an account by declaring them again, as the chain lets anybody do.
    ///
    /// - Parameter chosen: nil for all.
    func redeclareDeals(
        of owner: AccountID, by thief: AccountID, territory: [UInt8], only chosen: Set<FID>? = nil,
        withoutHashes: Bool = false
    ) {
        state.withLock { state in
            for (fid, deal) in state.chain.deals where deal.user.user == owner && chosen?.contains(fid) != false {
                state.chain.deals[fid]?.user = UserBrief(
                    user: thief, fileName: deal.user.fileName, territoryName: territory)
                state.chain.deals[fid]?.completed = []
                let key = MemoryChainState.TerritoryName(owner: thief, name: territory)
                state.chain.territories[key]?.lockedSpace += CESSLimits.chargedByteCount(
                    segmentCount: deal.segments.count)
                if withoutHashes { state.chain.unreadable.insert(fid) }
            }
            state.history[state.chain.hash] = state.chain
        }
    }

    /// A territory that expires and is taken up again forgets what open deals have locked.
    func unlock(_ owner: AccountID, _ name: [UInt8]) {
        state.withLock { state in
            let key = MemoryChainState.TerritoryName(owner: owner, name: name)
            let locked = state.chain.territories[key]?.lockedSpace ?? 0
            state.chain.territories[key]?.lockedSpace = 0
            state.chain.territories[key]?.remainingSpace += locked
            state.history[state.chain.hash] = state.chain
        }
    }

    /// Files go, as when their owner deletes them.
    func forgetFiles(_ fids: [FID]) {
        state.withLock { state in
            for fid in fids {
                state.chain.files[fid] = nil
                state.chain.deals[fid] = nil
            }
            state.history[state.chain.hash] = state.chain
        }
    }

    var deals: [FID: DealInfo] { state.withLock { $0.chain.deals } }
    var files: [FID: FileInfo] { state.withLock { $0.chain.files } }
}

extension MemoryNetwork: StorageChain {
    var genesis: Bytes32 { SHA256.hash([UInt8]("block 0".utf8)) }
    var blockTime: Duration { .milliseconds(2) }
    var dayLength: UInt32 { 14_400 }

    func finalizedBlock() async throws -> BlockRef {
        state.withLock { state in
            if state.history.isEmpty { state.makeBlock() }
            let lag = finalityLag.withLock { $0 }
            let number = max(lag + 1, state.chain.height) - lag
            return block(state.history[MemoryChainState.hash(ofBlock: number)] ?? state.chain)
        }
    }

    func finalizedBlocks() async throws -> [BlockRef] { [try await finalizedBlock()] }

    func bestBlock() async throws -> BlockRef {
        state.withLock { state in
            state.makeBlock()
            return block(state.chain)
        }
    }

    private func block(_ chain: MemoryChainState) -> BlockRef {
        let now = UInt64(Date().timeIntervalSince1970 * 1000)
        return BlockRef(number: chain.height, hash: chain.hash, milliseconds: now - chainAge.withLock { $0 } * 1000)
    }

    private func at(_ block: Bytes32) throws -> MemoryChainState {
        guard let found = state.withLock({ $0.history[block] }) else { throw NodeError.malformedAnswer }
        return found
    }

    func files(_ fids: [FID], at block: Bytes32) async throws -> [FID: ChainValue<FileInfo>] {
        let state = try at(block)
        return state.foreign(state.files, fids)
    }

    func deals(_ fids: [FID], at block: Bytes32) async throws -> [FID: ChainValue<DealInfo>] {
        let state = try at(block)
        return state.foreign(state.deals, fids)
    }

    func heldFiles(of account: AccountID, at block: Bytes32) async throws -> [UserFileSliceInfo] {
        try at(block).held[account] ?? []
    }

    func territory(of account: AccountID, named name: [UInt8], at block: Bytes32) async throws -> TerritoryInfo? {
        try at(block).territories[.init(owner: account, name: name)]
    }

    func nodes(at block: Bytes32) async throws -> [Miner] { state.withLock { $0.nodes.map(\.miner) } }

    func nodes(_ accounts: [AccountID], at block: Bytes32) async throws -> [AccountID: Miner] {
        state.withLock { state in
            let chosen = state.nodes.filter { accounts.contains($0.account) }
            return Dictionary(uniqueKeysWithValues: chosen.map { ($0.account, $0.miner) })
        }
    }

    func spendableBalance(of account: AccountID, at block: Bytes32) async throws -> UInt128 { 1 << 80 }

    // MARK: Submitting

    func signDeclaration(
        of volumes: [VolumeDeclaration], territory: [UInt8], signer: KeyPair
    ) async throws -> SignedExtrinsic {
        let brief = UserBrief(user: signer.accountID, fileName: [], territoryName: territory)
        return keep(.declare(volumes, brief), signer)
    }

    func signDeletion(of fids: [FID], owner: AccountID, signer: KeyPair) async throws -> SignedExtrinsic {
        keep(.delete(fids, owner), signer)
    }

    private func keep(_ call: MemorySubmission.Call, _ signer: KeyPair) -> SignedExtrinsic {
        state.withLock { state in
            let number = UInt64(state.submissions.count)
            state.submissions[number] = MemorySubmission(call: call)
            let bytes = (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
            return SignedExtrinsic(
                bytes: bytes, signer: signer.accountID, nonce: UInt32(number), birth: state.chain.height, death: nil)
        }
    }

    /// A declaration that waits in the pool takes effect when it is asked for; a deletion, which nobody asks for, at once.
    func send(_ signed: SignedExtrinsic) async throws {
        let number = signed.bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
        guard case .delete = state.withLock({ $0.submissions[number]?.call }) else { return }
        _ = try await submit(signed)
    }

    func submit(_ signed: SignedExtrinsic) async throws -> BlockNumber? {
        let number = signed.bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
        return try state.withLock { state in
            guard let known = state.submissions[number] else { return nil }
            if let height = known.height { return height }
            state.submissions[number]?.height = state.chain.height + 1
            var next = state.chain
            do {
                switch known.call {
                case .declare(let volumes, let brief): try next.declare(volumes, brief)
                case .delete(let fids, let owner): try next.delete(fids, owner)
                }
                state.chain = next
                if case .declare(let volumes, _) = known.call { state.declarations += volumes.map(\.fid) }
            } catch let error as DispatchError {
                state.makeBlock()
                throw SubmissionError.failed(.dispatch(error), in: block(state.chain))
            }
            state.makeBlock()
            return state.chain.height
        }
    }
}

extension MemoryNetwork.Node {
    fileprivate var miner: Miner {
        let info = MinerInfo(
            beneficiary: account, stakingAccount: account, endpoint: [UInt8](endpoint.utf8), collaterals: 0,
            state: isPositive ? .positive : .frozen, declarationSpace: idleSpace, idleSpace: idleSpace)
        return Miner(account: account, info: info)
    }
}

extension MemoryNetwork.State {
    /// The next block, with the reports of all nodes that hold a row.
    fileprivate mutating func makeBlock() {
        chain.height += 1
        for (fid, deal) in chain.deals {
            var deal = deal
            for node in nodes where node.fault != .unreporting && node.fault != .dead {
                guard !deal.completed.contains(where: { $0.node == node.account }) else { continue }
                let taken = Set(deal.completed.map(\.row))
                let row = (0..<CESSLimits.fragmentCount).first { row in
                    !taken.contains(row)
                        && deal.segments.allSatisfy { node.fragments[$0.fragments[row]] != nil }
                }
                if let row { deal.completed.append(CompleteInfo(row: row, node: node.account)) }
            }
            let isWhole = deal.completed.count == CESSLimits.fragmentCount
            if isWhole, chain.hasLocked(deal) {
                chain.complete(fid, deal)
            } else {
                // The report that would complete it fails where its lock is gone.
                if isWhole { deal.completed.removeLast() }
                chain.deals[fid] = deal
            }
        }
        history[chain.hash] = chain
    }
}

extension MemoryChainState {
    fileprivate mutating func declare(_ volumes: [VolumeDeclaration], _ brief: UserBrief) throws {
        let key = TerritoryName(owner: brief.user, name: brief.territoryName)
        for volume in volumes {
            guard var territory = territories[key] else {
                throw DispatchError.module(pallet: "StorageHandler", error: "NoTerritory")
            }
            let charge = CESSLimits.chargedByteCount(segmentCount: volume.segments.count)
            guard territory.remainingSpace > charge else {
                throw DispatchError.module(pallet: "StorageHandler", error: "InsufficientStorage")
            }
            territory.remainingSpace -= charge
            territory.lockedSpace += charge
            territories[key] = territory
            // A second declaration replaces the first and leaks its lock, as on the real chain.
            var user = brief
            user.fileName = volume.name
            deals[volume.fid] = DealInfo(
                fileSize: UInt128(volume.fileSize), segments: volume.segments, user: user)
        }
    }

    fileprivate func hasLocked(_ deal: DealInfo) -> Bool {
        let key = TerritoryName(owner: deal.user.user, name: deal.user.territoryName)
        let charge = CESSLimits.chargedByteCount(segmentCount: deal.segments.count)
        return territories[key].map { $0.lockedSpace >= charge } ?? false
    }

    fileprivate mutating func complete(_ fid: FID, _ deal: DealInfo) {
        let nodes = Dictionary(uniqueKeysWithValues: deal.completed.map { ($0.row, $0.node) })
        let segments = deal.segments.map { segment in
            SegmentInfo(
                hash: segment.hash,
                fragments: segment.fragments.enumerated().compactMap { row, hash in
                    nodes[row].map { FragmentInfo(hash: hash, node: $0) }
                })
        }
        files[fid] = FileInfo(
            segments: segments, owners: [deal.user], fileSize: deal.fileSize, completion: height)
        deals[fid] = nil
        let charge = CESSLimits.chargedByteCount(segmentCount: segments.count)
        let key = TerritoryName(owner: deal.user.user, name: deal.user.territoryName)
        territories[key]?.lockedSpace -= charge
        territories[key]?.usedSpace += charge
        held[deal.user.user, default: []].append(
            UserFileSliceInfo(territoryName: deal.user.territoryName, fid: fid, chargedByteCount: charge))
    }

    fileprivate mutating func delete(_ fids: [FID], _ owner: AccountID) throws {
        for fid in fids {
            guard let file = files[fid], let brief = file.owners.first(where: { $0.user == owner }) else {
                throw DispatchError.module(pallet: "FileBank", error: "NonExistent")
            }
            let charge = CESSLimits.chargedByteCount(segmentCount: file.segments.count)
            let key = TerritoryName(owner: owner, name: brief.territoryName)
            territories[key]?.usedSpace -= charge
            territories[key]?.remainingSpace += charge
            files[fid] = nil
            held[owner]?.removeAll { $0.fid == fid }
        }
    }
}
