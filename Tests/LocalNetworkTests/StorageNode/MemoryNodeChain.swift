import CESS
import Primitives
import Substrate
import Synchronization

@testable import LocalNetwork

/// A chain in memory with what a node asks and does; its calls are only written down.
final class MemoryNodeChain: NodeChain {
    struct State {
        var height: BlockNumber = 100
        var files: [FID: FileInfo] = [:]
        /// Of deals and files: those that cannot be read.
        var unreadable: Set<FID> = []
        var lookUps = 0
        var deals: [FID: DealInfo] = [:]
        var registration: MinerInfo?
        var isReachable = true
        var calls: [Call] = []
    }

    struct Unreachable: Error {}

    let state = Mutex(State())

    func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

    var calls: [Call] { state.withLock { $0.calls } }

    private func read<R>(_ body: (inout State) -> R) throws -> R {
        try state.withLock { state in
            guard state.isReachable else { throw Unreachable() }
            return body(&state)
        }
    }

    var lookUps: Int { state.withLock { $0.lookUps } }

    func deal(_ fid: FID) async throws -> DealInfo? {
        try read {
            $0.lookUps += 1
            return $0.deals[fid]
        }
    }

    func standings(of fids: [FID]) async throws -> NodeStandings {
        try read { state in
            NodeStandings(
                height: state.height, files: state.foreign(state.files, fids), deals: state.foreign(state.deals, fids))
        }
    }

    func registration() async throws -> MinerInfo? { try read { $0.registration } }

    func submit(_ call: Call) async throws { try read { $0.calls.append(call) } }
}

extension MemoryNodeChain.State {
    fileprivate func foreign<T>(_ values: [FID: T], _ fids: [FID]) -> [FID: ChainValue<T>] {
        let asked = values.filter { fids.contains($0.key) }
        return Dictionary(
            uniqueKeysWithValues: asked.map { ($0, unreadable.contains($0) ? .unreadable : .readable($1)) })
    }
}

/// A fragment with content made of a seed, and a deal that has it.
struct Sample {
    let content: [UInt8]
    let hash: FragmentHash

    init(_ seed: UInt8, byteCount: Int = CESSLimits.fragmentByteCount) {
        var content = [UInt8](repeating: 0, count: CESSLimits.fragmentByteCount)
        for index in 0..<min(byteCount, 5000) { content[index] = UInt8(truncatingIfNeeded: index / 3) &+ seed }
        if byteCount == content.count { content[content.count - 1] = seed | 1 }
        self.content = content
        hash = FragmentHash(SHA256.hash(content))
    }

    /// The content without the zeros at its end.
    var trimmed: [UInt8] { Array(content.prefix(5000)) }
}

extension DealInfo {
    /// A deal whose segments have these fragments in row 0, 1, …, and others in the remaining rows.
    static func sample(_ segments: [[FragmentHash]], completed: [CompleteInfo] = []) -> DealInfo {
        DealInfo(
            fileSize: 1,
            segments: segments.enumerated().map { number, fragments in
                let others = (fragments.count..<12).map { FragmentHash(SHA256.hash([UInt8(number), UInt8($0)])) }
                return SegmentList(hash: SegmentHash(SHA256.hash([UInt8(number)])), fragments: fragments + others)
            },
            user: UserBrief(
                user: AccountID(.zero), fileName: Array("name".utf8), territoryName: Array("territory".utf8)),
            completed: completed)
    }
}

extension MinerInfo {
    static func sample(_ account: AccountID, endpoint: String, state: MinerState = .positive) -> MinerInfo {
        MinerInfo(
            beneficiary: account, stakingAccount: account, endpoint: Array(endpoint.utf8), collaterals: 0, state: state,
            declarationSpace: 1 << 40, idleSpace: 1 << 40)
    }
}
