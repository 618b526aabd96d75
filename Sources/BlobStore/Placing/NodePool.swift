internal import CESS
internal import Primitives
internal import Substrate

/// Chooses nodes for rows: registered as positive, with space, answering now, and in random order, so that no node sees
/// more of a drive than chance gives it.
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
    /// A group whose answers are awaited; whoever needs a node meanwhile waits for it too.
    private var probing: Task<[Candidate], Never>?

    init(_ registered: [Miner], bytesPerRow: UInt64, nodes: any FragmentNodes) {
        self.nodes = nodes
        unprobed = registered.filter {
            $0.isPositive && $0.idleSpace >= UInt128(bytesPerRow) && !$0.endpoint.isEmpty
        }.shuffled()
    }

    /// A usable node that is not in `taken`; the one that failed least and was found first.
    func next(excluding taken: Set<AccountID>) async -> Candidate? {
        while true {
            let free = usable.filter { !taken.contains($0.account) && failures[$0.account, default: 0] < 3 }
            if let best = free.min(by: { failures[$0.account, default: 0] < failures[$1.account, default: 0] }) {
                return best
            }
            guard isUnfinished else { return nil }
            await probe()
        }
    }

    /// How many nodes are usable, all of them probed.
    func usableCount() async -> Int {
        while isUnfinished { await probe() }
        return usable.count
    }

    /// The first group is probed before anything is declared: a deal must not be opened that nobody can take.
    func hasUsable(_ count: Int) async -> Bool {
        while usable.count < count, isUnfinished { await probe() }
        return usable.count >= count
    }

    func failed(_ account: AccountID) { failures[account, default: 0] += 1 }

    private var isUnfinished: Bool { !Task.isCancelled && (probing != nil || !unprobed.isEmpty) }

    private func probe() async {
        if let probing {
            _ = await probing.value
            // The one who began it has taken its answers by now, or will before anything else happens here.
            await Task.yield()
            return
        }
        let group = Array(unprobed.prefix(Self.probeCount))
        unprobed.removeFirst(group.count)
        let nodes = nodes
        // Ends with the deadlines of its probes; awaited right here.
        let task = Task { await Self.answering(group, nodes) }
        probing = task
        usable.append(contentsOf: await task.value)
        probing = nil
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
