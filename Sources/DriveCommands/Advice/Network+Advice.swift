import CESS
import Substrate

extension RPCError: Reportable {
    var hint: String? {
        switch self {
        case .unreachable, .timedOut, .httpStatus:
            "try again later; 'cessdrive doctor' looks closer, 'cessdrive localnet start' starts the local network"
        case .malformedAnswer: "the server may be no Substrate node: check --network"
        case .cancelled, .refused: nil
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .cancelled: .interrupted
        case .unreachable, .timedOut, .httpStatus, .malformedAnswer, .refused: .temporary
        }
    }
}

extension ChainError: Reportable {
    var hint: String? {
        switch self {
        case .wrongGenesis: "the drive belongs to another network: check --network and --genesis"
        case .noServers: "add --network local, or the name or URL of another one"
        case .malformed, .malformedKeys: "the server may lie or lag: try another one"
        case .unknownBlock, .noUnitPrice: nil
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .wrongGenesis, .noServers: .usage
        case .malformed, .malformedKeys, .unknownBlock, .noUnitPrice: .temporary
        }
    }
}

extension MetadataError: Reportable {
    var hint: String? { "the network's runtime may be newer than this release of cessdrive" }
    var exitStatus: ExitStatus { .temporary }
}

extension SubmissionError: Reportable {
    var hint: String? {
        switch self {
        case .refused(.payment, _): "the account needs tokens: 'cessdrive key show' shows its address"
        case .failed(let failure, _) where failure.isAboutBalance:
            "the account needs tokens: 'cessdrive key show' shows its address"
        case .failed(let failure, _) where failure.isAboutSpace: "cessdrive territory expand"
        case .failed(let failure, _) where failure.isAboutLease: "cessdrive territory renew"
        case .refused, .failed, .dead, .superseded: "run the same command again to go on"
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .refused(.payment, _): .balanceTooLow
        case .failed(let failure, _) where failure.isAboutBalance: .balanceTooLow
        case .failed(let failure, _) where failure.isAboutSpace || failure.isAboutLease: .outOfSpace
        case .failed: .failed
        case .refused, .dead, .superseded: .temporary
        }
    }
}

extension CallFailure {
    private var errors: [DispatchError] {
        switch self {
        case .dispatch(let error), .inner(let error), .interrupted(_, let error): [error]
        case .items(let errors): Array(errors.values)
        }
    }

    fileprivate var isAboutBalance: Bool {
        isAny(of: ["InsufficientBalance", "FundsUnavailable", "BelowMinimum", "NotExpendable"])
    }

    fileprivate var isAboutSpace: Bool {
        isAny(of: ["InsufficientAvailableSpace", "InsufficientStorage", "StorageLimitReached"])
    }

    fileprivate var isAboutLease: Bool { isAny(of: ["LeaseFreeze", "LeaseExpired", "NotActive"]) }

    private func isAny(of names: Set<String>) -> Bool {
        errors.contains { error in
            switch error {
            case .module(_, let name), .kind(_, let name): names.contains(name)
            case .plain, .unknownModule: false
            }
        }
    }
}

extension NodeError: Reportable {
    var exitStatus: ExitStatus {
        switch self {
        case .cancelled: .interrupted
        case .corrupt, .wrongLength: .damaged
        default: .temporary
        }
    }
}
