internal import CESS
internal import Logging
internal import Substrate

/// What a storage node does by itself: registers, reports rows, settles files, drops what nobody stores any more
/// (Docs/Protocol/CESS.md, section 3.5).
///
/// Everything follows from the directory and the chain's state; nothing has to be remembered over a restart.
struct NodeReporter {
    let store: NodeStore
    let chain: any NodeChain
    let faults: NodeFaults
    let state: NodeState
    /// As stock nodes do; otherwise a row is picked at random among those that can be reported.
    let picksInOrder: Bool
    let log: Logger

    private struct Pending {
        let row: Int
        let height: BlockNumber
    }

    /// Blocks after which a report that shows no effect counts as failed.
    private static let patience: BlockNumber = 3
    /// Rounds between two looks at the own registration, and between two looks for dropped files.
    private static let roundsPerCheck = 10
    /// Files that are looked up in one such look.
    private static let filesPerCheck = 32

    private var pending: [FID: Pending] = [:]
    private var round = 0
    private var registeredInRound: Int?
    /// Stored files that were gone from the chain when last looked up: dropped only if they are gone twice.
    private var suspects: Set<FID> = []
    /// Stored files whose deal is open again: the chain lost the file, or it was deleted and declared anew.
    private var reopened: Set<FID> = []
    private var checkedUpTo: FID?

    init(
        store: NodeStore, chain: any NodeChain, faults: NodeFaults, state: NodeState, picksInOrder: Bool, log: Logger
    ) {
        self.store = store
        self.chain = chain
        self.faults = faults
        self.state = state
        self.picksInOrder = picksInOrder
        self.log = log
    }

    /// Works until the task is cancelled.
    mutating func run(interval: Duration) async throws {
        while true {
            do { try await work() } catch is CancellationError { throw CancellationError() } catch {
                state.update(isConnected: false)
                log.warning("the chain cannot be asked", metadata: ["error": "\(error)"])
            }
            try await Task.sleep(for: interval)
        }
    }

    /// One round.
    mutating func work() async throws {
        defer { round += 1 }
        let isCheck = round.isMultiple(of: Self.roundsPerCheck)
        if isCheck || !state.isPositive || !isRegistered { try await register() }
        guard state.isPositive else { return }
        try await settleAndReport()
        if isCheck { try await dropForgotten() }
    }

    // MARK: Registration

    private var isRegistered: Bool { state.registration.map { $0.endpoint == Array(state.endpoint.utf8) } ?? false }

    private mutating func register() async throws {
        state.update(try await chain.registration())
        guard !isRegistered else { return }
        // What was submitted needs a few blocks before it shows, and then is tried again.
        if let registeredInRound, round < registeredInRound + Self.roundsPerCheck { return }
        registeredInRound = round
        let endpoint = Array(state.endpoint.utf8)
        if state.registration == nil {
            log.info("registering", metadata: ["endpoint": "\(state.endpoint)"])
            try await chain.submit(
                .registerMiner(
                    beneficiary: state.account, endpoint: endpoint, stake: StorageNode.stakePerTebibyte, tibCount: 1))
        } else {
            log.info("changing the endpoint", metadata: ["endpoint": "\(state.endpoint)"])
            try await chain.submit(.updateEndpoint(endpoint))
        }
    }

    // MARK: Reports

    private mutating func settleAndReport() async throws {
        // What is there is listed before the chain is asked: a fragment that comes in between is not judged by this view.
        var fragments: [FID: Set<FragmentHash>] = [:]
        for fid in reopened.union(store.waiting()) { fragments[fid] = store.waitingFragments(of: fid) }
        pending = pending.filter { fragments[$0.key] != nil }
        guard !fragments.isEmpty else { return }
        let standings = try await chain.standings(of: Array(fragments.keys))
        for (fid, fragments) in fragments.sorted(by: { $0.key < $1.key }) {
            do { try await settleOrReport(fid, fragments, standings) } catch let error as NodeStoreError {
                // The others are not to wait for one folder that cannot be written.
                log.error("cannot settle a file", metadata: ["fid": "\(fid)", "error": "\(error)"])
            }
        }
    }

    private mutating func settleOrReport(
        _ fid: FID, _ fragments: Set<FragmentHash>, _ standings: NodeStandings
    ) async throws {
        if let file = standings.files[fid] {
            reopened.remove(fid)
            guard let file = file.value else { return }  // whose rows these are cannot be told
            try await settle(fid, fragments, file)
        } else if let deal = standings.deals[fid] {
            guard let deal = deal.value else { return }
            try await report(fid, fragments.union(store.storedFragments(of: fid)), deal, standings.height)
        } else {
            reopened.remove(fid)
            try await store.settle(fragments, of: fid, keeping: [])
        }
    }

    private func settle(_ fid: FID, _ fragments: Set<FragmentHash>, _ file: FileInfo) async throws {
        let own = file.segments.flatMap(\.fragments).filter { $0.node == state.account }.map(\.hash)
        try await store.settle(fragments, of: fid, keeping: fragments.intersection(own))
    }

    private mutating func report(
        _ fid: FID, _ fragments: Set<FragmentHash>, _ deal: DealInfo, _ height: BlockNumber
    ) async throws {
        guard !faults.current.contains(.neverReporting),
            !deal.completed.contains(where: { $0.node == state.account })
        else { return }
        let rows = Self.reportable(deal, fragments)
        let last = pending[fid]
        // A row that another node took in the meantime cannot succeed any more; of others that shows only after a while.
        if let last, rows.contains(last.row), height < last.height + Self.patience { return }
        guard let row = choice(of: rows, after: last?.row) else { return }
        pending[fid] = Pending(row: row, height: height)
        log.info("reporting", metadata: ["fid": "\(fid)", "row": "\(row + 1)"])
        try await chain.submit(.transferReport(fid, row: row))
    }

    /// A row whose report failed is tried again after the others.
    private func choice(of rows: [Int], after failed: Int?) -> Int? {
        // Nodes that hold the same fragments (rows of zeros) would all try the first row, and all but one in vain.
        picksInOrder
            ? rows.first { $0 > failed ?? -1 } ?? rows.first
            : rows.filter { $0 != failed }.randomElement() ?? rows.first
    }

    /// The rows, from 0, that nobody has reported and of which every fragment is there.
    static func reportable(_ deal: DealInfo, _ fragments: Set<FragmentHash>) -> [Int] {
        let taken = Set(deal.completed.map(\.row))
        return (0..<CESSLimits.fragmentCount).filter { row in
            !taken.contains(row)
                && deal.segments.allSatisfy { $0.fragments.count > row && fragments.contains($0.fragments[row]) }
        }
    }

    // MARK: Dropping

    /// Looks a few stored files up, in turn: drops those that are gone from the chain, and has the others reported again
    /// whose deal is open.
    private mutating func dropForgotten() async throws {
        let stored = store.stored().sorted()
        let rest = checkedUpTo.map { last in stored.filter { $0 > last } } ?? stored
        let part = Array((rest.isEmpty ? stored : rest).prefix(Self.filesPerCheck))
        checkedUpTo = part.last
        guard !part.isEmpty else { return }
        let standings = try await chain.standings(of: part)
        let gone = Set(part.filter { standings.files[$0] == nil && standings.deals[$0] == nil })
        for fid in gone.intersection(suspects) {
            log.info("dropping a deleted file", metadata: ["fid": "\(fid)"])
            try await store.drop(fid)
        }
        suspects = suspects.subtracting(part).union(gone)
        reopened.formUnion(part.filter { standings.files[$0] == nil && standings.deals[$0] != nil })
    }
}
