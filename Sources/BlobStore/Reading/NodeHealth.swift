public import Substrate
internal import Synchronization

/// What has been learnt about storage nodes by talking to them: who answers, how fast, and who lies.
///
/// Kept in memory; the set of liars can be kept longer by whoever made it. Every process learns the rest within a few
/// requests.
public final class NodeHealth: Sendable {
    public typealias Clock = @Sendable () -> ContinuousClock.Instant

    private let now: Clock
    private let state: Mutex<State>

    private struct State {
        var nodes: [AccountID: NodeRecord] = [:]
        /// Earned by requests and spent by hedges: about one request in eight may be hedged, after a first few.
        var hedges = 8.0
        /// Requests that nobody has answered yet.
        var inFlight = 0
    }

    /// - Parameters:
    ///   - liars: nodes that were found out before.
    ///   - now: the time; for tests.
    public init(liars: Set<AccountID> = [], now: @escaping Clock = { ContinuousClock.now }) {
        self.now = now
        var nodes: [AccountID: NodeRecord] = [:]
        for liar in liars {
            var record = NodeRecord()
            record.isLiar = true
            nodes[liar] = record
        }
        state = Mutex(State(nodes: nodes))
    }

    /// Nodes that were proved to have sent other bytes than they were asked for.
    public var liars: Set<AccountID> {
        state.withLock { state in Set(state.nodes.filter { $0.value.isLiar }.keys) }
    }

    // MARK: What happens

    /// - Returns: how many requests share the line with this one.
    @discardableResult
    public func began(_ node: AccountID) -> Int {
        state.withLock { state in
            state.hedges = min(state.hedges + 0.125, 8)
            state.nodes[node, default: NodeRecord()].inFlight += 1
            defer { state.inFlight += 1 }
            return state.inFlight
        }
    }

    /// - Parameter others: what `began` has said.
    public func succeeded(_ node: AccountID, byteCount: Int, in elapsed: Duration, beside others: Int = 0) {
        let now = now()
        answered(node) { record, left in
            // Those that shared the line at the beginning, and at the end.
            let sharing = 1 + Double(others + left) / 2
            record.succeeded(byteCount: byteCount, seconds: elapsed / .seconds(1), sharing: sharing, at: now)
        }
    }

    /// No answer in time, no connection, or an answer of no use.
    public func failed(_ node: AccountID) {
        let now = now()
        answered(node) { record, _ in record.failed(at: now) }
    }

    /// It answered, but not with what was asked for: it does not hold the fragment, or refuses.
    public func refused(_ node: AccountID) { answered(node) { _, _ in } }

    /// Its answer was not waited for to the end.
    public func abandoned(_ node: AccountID, byteCount: Int, after elapsed: Duration, beside others: Int = 0) {
        let now = now()
        answered(node) { record, left in
            let (seconds, sharing) = (elapsed / .seconds(1), 1 + Double(others + left) / 2)
            guard seconds > record.expectedSeconds(byteCount, sharing: sharing) else { return }
            record.succeeded(byteCount: byteCount, seconds: seconds, sharing: sharing, at: now)
        }
    }

    /// Its bytes were proved wrong. It is asked last from now on, and never believed without proof.
    public func lied(_ node: AccountID) { update(node) { $0.isLiar = true } }

    /// Its bytes took part in a result that was wrong; somebody's were.
    public func suspect(_ node: AccountID) { update(node) { $0.suspicions += 1 } }

    /// - Parameter change: is told how many requests are still on their way.
    private func answered(_ node: AccountID, _ change: (inout NodeRecord, Int) -> Void) {
        state.withLock { state in
            state.inFlight -= 1
            state.nodes[node, default: NodeRecord()].inFlight -= 1
            change(&state.nodes[node, default: NodeRecord()], state.inFlight)
        }
    }

    private func update(_ node: AccountID, _ change: (inout NodeRecord) -> Void) {
        state.withLock { change(&$0.nodes[node, default: NodeRecord()]) }
    }

    // MARK: What follows from it

    /// Whether it makes sense to ask this node before others.
    public func isUsable(_ node: AccountID) -> Bool {
        let now = now()
        return state.withLock { state in
            guard let record = state.nodes[node] else { return true }
            return !record.isLiar && !record.isResting(at: now)
        }
    }

    /// Seconds that `byteCount` bytes of this node cost, with what its failures and lies add. Only for comparing.
    public func cost(_ node: AccountID, byteCount: Int) -> Double {
        let now = now()
        return state.withLock { ($0.nodes[node] ?? NodeRecord()).cost(byteCount, at: now) }
    }

    /// How long to wait for this node alone: its own 95th percentile, once it has answered a few times.
    func patience(_ node: AccountID, byteCount: Int, options: ReadOptions) -> Duration {
        state.withLock { state in
            let sharing = Double(1 + state.inFlight)
            guard let record = state.nodes[node], let seconds = record.percentile95(byteCount, sharing: sharing) else {
                return options.firstHedge + .seconds(Double(byteCount) * sharing / NodeRecord.poorThroughput)
            }
            return max(options.leastHedge, .seconds(seconds))
        }
    }

    /// Takes the right to ask twice; false when too much has been asked twice lately.
    func takeHedge() -> Bool {
        state.withLock { state in
            guard state.hedges >= 1 else { return false }
            state.hedges -= 1
            return true
        }
    }
}

/// What is known of one node.
struct NodeRecord {
    /// Seconds until an answer begins, and bytes a second from then on, if nobody shared the line; a guess until there were answers.
    private(set) var latency = 0.05
    private(set) var throughput = 20e6
    /// The last answers' times, each by what was expected of it.
    private var ratios: [Double] = []
    private var nextRatio = 0
    private var failures = 0
    private var restsUntil: ContinuousClock.Instant?
    private var updated: ContinuousClock.Instant?
    var inFlight = 0
    var isLiar = false
    var suspicions = 0

    /// Bytes a second that any node is expected to reach.
    static let poorThroughput = 2e6
    private static let sampleCount = 40
    private static let smallAnswer = 128 << 10
    /// A slow node is given another chance after this time.
    private static let memory = Duration.seconds(60)

    /// - Parameter sharing: how many answers come by the same line at once: what that delays is no fault of the node's.
    func expectedSeconds(_ byteCount: Int, sharing: Double = 1) -> Double {
        latency + Double(byteCount) * sharing / throughput
    }

    func cost(_ byteCount: Int, at now: ContinuousClock.Instant) -> Double {
        let isFresh = updated.map { now - $0 < Self.memory } ?? true
        let seconds = isFresh ? expectedSeconds(byteCount) : NodeRecord().expectedSeconds(byteCount)
        var cost = seconds * Double(4 + max(0, inFlight)) / 4 * Double(1 + min(suspicions, 100))
        if isResting(at: now) { cost += 1000 }
        if isLiar { cost += 1_000_000 }
        return cost
    }

    /// Nil before there are enough answers to tell.
    func percentile95(_ byteCount: Int, sharing: Double) -> Double? {
        guard ratios.count >= 8 else { return nil }
        let sorted = ratios.sorted()
        return expectedSeconds(byteCount, sharing: sharing) * sorted[(sorted.count * 95 - 1) / 100]
    }

    func isResting(at now: ContinuousClock.Instant) -> Bool { restsUntil.map { now < $0 } ?? false }

    mutating func succeeded(byteCount: Int, seconds: Double, sharing: Double, at now: ContinuousClock.Instant) {
        updated = now
        failures = 0
        restsUntil = nil
        let ratio = seconds / max(expectedSeconds(byteCount, sharing: sharing), 1e-6)
        if ratios.count < Self.sampleCount {
            ratios.append(ratio)
        } else {
            ratios[nextRatio] = ratio
            nextRatio = (nextRatio + 1) % Self.sampleCount
        }
        // Small answers tell the latency, large ones the rate.
        if byteCount <= Self.smallAnswer {
            latency += (max(seconds - Double(byteCount) * sharing / throughput, seconds / 4) - latency) / 4
        } else {
            let transfer = max(seconds - latency, seconds / 4, 1e-6)
            throughput += (Double(byteCount) * sharing / transfer - throughput) / 4
            latency = min(latency, seconds)
        }
    }

    /// Half a second's rest after the first failure, twice as long after each further one, at most half a minute.
    mutating func failed(at now: ContinuousClock.Instant) {
        failures += 1
        restsUntil = now + .milliseconds(min(30_000, 500 << min(failures - 1, 6)))
    }
}
