internal import CESS
internal import Glibc
internal import HTTPServer
internal import Substrate
internal import Synchronization

/// What a node knows about itself, and shows at `GET /status`.
final class NodeState: Sendable {
    private struct Changing {
        var endpoint: String
        var registration: MinerInfo?
        var isConnected = false
    }

    let account: AccountID
    private let rpcEndpoint: String
    private let started: String
    private let changing: Mutex<Changing>

    static let version = "cessdrive"

    init(account: AccountID, endpoint: String, rpcEndpoint: String) {
        self.account = account
        self.rpcEndpoint = rpcEndpoint
        started = HTTPDate.text(time(nil))
        changing = Mutex(Changing(endpoint: endpoint))
    }

    /// What is registered on chain, or will be.
    var endpoint: String { changing.withLock { $0.endpoint } }

    func update(endpoint: String) { changing.withLock { $0.endpoint = endpoint } }

    var registration: MinerInfo? { changing.withLock { $0.registration } }
    var isPositive: Bool { registration?.state == .positive }

    func update(_ registration: MinerInfo?) {
        changing.withLock {
            $0.registration = registration
            $0.isConnected = true
        }
    }

    func update(isConnected: Bool) { changing.withLock { $0.isConnected = isConnected } }

    func reply(isStock: Bool) -> HTTPResponse {
        let now = changing.withLock { $0 }
        let address = SS58.encode(account, prefix: SS58.cessTestnet)
        let miner = now.registration
        func owner(_ account: AccountID?) -> JSONValue {
            .string(account.map { SS58.encode($0, prefix: SS58.cessTestnet) } ?? "")
        }
        var data: [String: JSONValue] = [
            "pid": .integer(getpid()), "version": .string(Self.version),
            "cores": .integer(sysconf(Int32(_SC_NPROCESSORS_ONLN))),
            "endpoint": .string(now.endpoint), "current_rpc": .string(rpcEndpoint),
            "current_rpc_status": .bool(now.isConnected), "is_connecting_rpc": .bool(!now.isConnected),
            "start_time": .string(started), "state": .string(miner?.state.description ?? ""),
            "signature_acc": .string(address), "staking_acc": owner(miner?.stakingAccount),
            "earnings_acc": owner(miner?.beneficiary), "declaration_space": .integer(miner?.declarationSpace ?? 0),
            "idle_space": .integer(miner?.idleSpace ?? 0), "service_space": .integer(miner?.serviceSpace ?? 0),
            "lock_space": .integer(miner?.lockSpace ?? 0),
        ]
        for activity in [
            "idle_challenging", "service_challenging", "generating_idle", "certifying_idle", "checking_idle",
        ] { data[activity] = .bool(false) }
        if !isStock { data["extensions"] = [.string(NodeStatus.trimmedBodies), .string(NodeStatus.standardRanges)] }
        return NodeReply.json(200, "ok", data: .object(data))
    }
}
