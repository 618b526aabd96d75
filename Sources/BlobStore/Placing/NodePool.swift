internal import CESS
internal import Primitives
internal import Substrate

/// Chooses nodes for rows: registered as positive, with space, answering now, sharing their fate with few others that
/// have a row, and at random, so that no node sees more of a drive than chance gives it.
actor NodePool {
    struct Candidate: Sendable {
        let account: AccountID
        let endpoint: String
        let capabilities: NodeCapabilities
    }

    /// Nodes are probed in groups of this size, until enough have answered.
    private static let probeCount = 36

    private let nodes: any FragmentNodes
    private var unprobed: [Miner]
    private var usable: [Candidate] = []
    private var failures: [AccountID: Int] = [:]
    /// Of every registered node, also those that are not usable now and hold a row all the same.
    private let fates: [AccountID: Set<SharedFate>]
    /// A group whose answers are awaited; whoever needs a node meanwhile waits for it too.
    private var probing: (group: [Miner], answers: SharedTask<[Candidate]>)?

    init(_ registered: [Miner], bytesPerRow: UInt64, nodes: any FragmentNodes) {
        self.nodes = nodes
        fates = Dictionary(registered.map { ($0.account, SharedFate.of($0)) }) { first, _ in first }
        unprobed = registered.filter {
            $0.isPositive && $0.idleSpace >= UInt128(bytesPerRow) && !$0.endpoint.isEmpty
        }.shuffled()
    }

    /// A usable node that is not in `taken` and shares its fate with at most one that is; one of those that failed least.
    func next(excluding taken: Set<AccountID>) async -> Candidate? {
        while true {
            let crowded = crowded(taken)
            let free = usable.filter {
                mayBeAsked($0.account) && isFree($0.account, taken, crowded)
            }
            let least = free.map { failures[$0.account, default: 0] }.min()
            if let best = free.filter({ failures[$0.account, default: 0] == least }).randomElement() { return best }
            guard isUnfinished else { return nil }
            await probe()
        }
    }

    /// Whether a node may have a row beside these: what `next` has found may be so no longer.
    nonisolated func allows(_ account: AccountID, beside taken: Set<AccountID>) -> Bool {
        isFree(account, taken, crowded(taken))
    }

    private nonisolated func isFree(
        _ account: AccountID, _ taken: Set<AccountID>, _ crowded: Set<SharedFate>
    ) -> Bool {
        !taken.contains(account) && fates[account, default: []].isDisjoint(with: crowded)
    }

    /// What as many of these nodes share as may.
    private nonisolated func crowded(_ taken: Set<AccountID>) -> Set<SharedFate> {
        var counts: [SharedFate: Int] = [:]
        for account in taken { for fate in fates[account, default: []] { counts[fate, default: 0] += 1 } }
        return Set(counts.filter { $0.value >= SharedFate.limit }.keys)
    }

    /// How many rows of one volume the nodes that have answered, and have not failed thrice since, can take.
    private var capacity: Int {
        var taken: Set<AccountID> = []
        for node in usable
        where mayBeAsked(node.account) && fates[node.account, default: []].isDisjoint(with: crowded(taken)) {
            taken.insert(node.account)
        }
        return taken.count
    }

    /// How many nodes can take a row of one volume, all of them probed.
    func usableCount() async -> Int {
        while isUnfinished { await probe() }
        return capacity
    }

    /// The first group is probed before anything is declared: a deal must not be opened that nobody can take.
    func hasUsable(_ count: Int) async -> Bool {
        while capacity < count, isUnfinished { await probe() }
        return capacity >= count
    }

    func failed(_ account: AccountID) { failures[account, default: 0] += 1 }

    /// A node that has failed thrice is not asked again.
    private func mayBeAsked(_ account: AccountID) -> Bool { failures[account, default: 0] < 3 }

    private var isUnfinished: Bool { !Task.isCancelled && (probing != nil || !unprobed.isEmpty) }

    private func probe() async {
        let probing = probing ?? beginProbing()
        _ = try? await probing.answers.value()
        // Whoever comes back first takes the answers.
        guard self.probing?.answers === probing.answers, let result = probing.answers.result else { return }
        self.probing = nil
        switch result {
        case .success(let found): usable += found
        // All that waited were cancelled: the next one asks again.
        case .failure: unprobed = probing.group + unprobed
        }
    }

    private func beginProbing() -> (group: [Miner], answers: SharedTask<[Candidate]>) {
        let group = Array(unprobed.prefix(Self.probeCount))
        unprobed.removeFirst(group.count)
        let nodes = nodes
        let new = (group, SharedTask { await Self.answering(group, nodes) })
        probing = new
        return new
    }

    private static func answering(_ group: [Miner], _ nodes: any FragmentNodes) async -> [Candidate] {
        await withTaskGroup(of: Candidate?.self) { tasks in
            for node in group {
                tasks.addTask {
                    guard let capabilities = try? await nodes.probe(node.endpoint) else { return nil }
                    return Candidate(account: node.account, endpoint: node.endpoint, capabilities: capabilities)
                }
            }
            return await tasks.reduce(into: [Candidate]()) { found, candidate in
                if let candidate { found.append(candidate) }
            }
        }
    }
}
