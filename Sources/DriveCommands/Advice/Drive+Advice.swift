import BlobStore
import Database
import Drive
import DriveFormat
import HTTPClient
import SCALE

extension DriveError: Reportable {
    var hint: String? {
        switch self {
        case .noDrive: "'cessdrive init' makes one, 'cessdrive recover' brings one back from its phrase"
        case .empty: "'cessdrive status' shows whether it is on its way, 'cessdrive init' finishes it"
        case .driveExists: "choose another name with --drive, or with --as for 'cessdrive recover'"
        case .nothingToRecover: "check the phrase and --network"
        case .severalDrives(let names): "add --drive with one of \(names.joined(separator: ", "))"
        case .notFound: "'cessdrive ls' shows what there is, 'cessdrive log' what there was"
        case .isADirectory: "add -r for directories"
        case .directoryInTheWay(let path):
            "choose another name, as in '\(path.isRoot ? "" : "\(path)")/NAME'; no directory is replaced"
        case .targetExists: "add --overwrite to replace it"
        case .newerHead: "run the same command again: it starts from the newer commit"
        case .staleNetwork:
            "the RPC server lags behind, or this machine's clock is wrong: try another server, and look at the clock"
        case .noSuchCommit, .beforeFirstCommit: "'cessdrive log' lists the commits"
        case .ambiguousCommit(_, let ids): "write more of one of \(ids.map { $0.prefix(16) }.joined(separator: ", "))"
        case .noState:
            "write 8 digits of a commit's id or more, its number, head~N, 2026-11-22, '2026-11-22 14:03:05', 14:03, or 2026-11-22T14:03:05Z"
        case .stateDamaged: startingAnew
        case .diskFull: "make room and run the same command again"
        case .damagedName: "an older state may have it: 'cessdrive log' lists them, and --at reads them"
        case .notAFile: "'cessdrive stat' shows what it is"
        case .invalidPath, .notADirectory, .exists, .directoryNotEmpty, .unreadable, .unwritable: nil
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .noDrive, .empty, .nothingToRecover: .noDrive
        case .severalDrives, .invalidPath, .noState, .ambiguousCommit: .usage
        case .notFound, .noSuchCommit, .beforeFirstCommit: .notFound
        case .newerHead: .busy
        case .staleNetwork: .temporary
        case .stateDamaged, .damagedName: .damaged
        case .diskFull: .outOfSpace
        case .driveExists, .notADirectory, .notAFile, .isADirectory, .directoryInTheWay, .exists, .directoryNotEmpty,
            .unreadable,
            .unwritable,
            .targetExists:
            .failed
        }
    }
}

extension StoreError: Reportable {
    var hint: String? {
        switch self {
        case .spoolFull: "make room and run the same command again: what is sealed is kept"
        case .spoolUnusable: nil
        case .spoolDamaged, .stateDamaged: startingAnew
        case .tooFewNodes: "'cessdrive nodes' shows which nodes answer; run the same command again later"
        case .territoryTooSmall: "cessdrive territory expand"
        case .territoryMissing:
            "'cessdrive territory buy' leases one; 'cessdrive init' does so for a drive it did not finish"
        case .balanceTooSmall: "send tokens to the account that 'cessdrive key show' shows"
        case .territoryFrozen: "cessdrive territory renew"
        case .territoryExpired:
            "what was stored is gone; 'cessdrive territory reactivate', then 'cessdrive init --drive NAME' begins anew"
        case .territoryOnSale: "take it off the market first"
        case .notDeclared: "run the same command again to go on"
        case .movedOn: "the RPC server lags behind or lies: run the same command again, or try another server"
        case .rollback:
            "the RPC server lags behind or lies: try another one; or the lease had ended, and what was stored is gone"
        case .incompleteList, .forgedCommit: "try another RPC server"
        case .lapsed, .fidTaken, .blobTooLarge: nil
        case .tooManyDevices: "change the drive from one of the devices that it has: each `recover` makes a new one"
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .spoolFull, .territoryTooSmall, .territoryMissing, .territoryFrozen, .territoryExpired, .territoryOnSale:
            .outOfSpace
        case .balanceTooSmall: .balanceTooLow
        case .tooFewNodes, .notDeclared, .movedOn, .lapsed: .temporary
        case .spoolDamaged, .stateDamaged, .rollback, .incompleteList, .forgedCommit: .damaged
        case .spoolUnusable, .fidTaken, .blobTooLarge, .tooManyDevices: .failed
        }
    }
}

extension ReadError: Reportable {
    var hint: String? {
        switch self {
        case .tooFewRows where isTemporary: "'cessdrive nodes' shows which nodes answer; try again later"
        case .tooFewRows: "'cessdrive check' shows what else cannot be read"
        // This machine's memory of the drive is gone, and no commit of its own has a box for it.
        case .unknownEpoch: startingAnew
        default: nil
        }
    }

    var exitStatus: ExitStatus { isTemporary ? .temporary : .damaged }
}

extension ProllyError: Reportable {
    var exitStatus: ExitStatus { .damaged }
}

extension ScaleError: Reportable {
    var hint: String? { "something was damaged, or a server sent what it should not: try again, or another --network" }
    var exitStatus: ExitStatus { .damaged }
}

/// What helps where this machine's memory of a drive is lost: everything that is complete is on the network.
let startingAnew = """
    move the drive's directory away (below ~/.local/state/cessdrive/drives, or $XDG_STATE_HOME), then \
    'cessdrive recover' rebuilds it from the phrase
    """

extension DatabaseError: Reportable {
    var hint: String? {
        switch self {
        case .corrupt, .unexpectedValue: startingAnew
        case .full: "make room where the drive's state is, and run the same command again"
        case .newerSchema: "use the version of cessdrive that wrote it, or a newer one"
        default: nil
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .full: .outOfSpace
        case .corrupt, .newerSchema, .unexpectedValue: .damaged
        case .busy: .busy
        default: .failed
        }
    }
}

extension HTTPError: Reportable {
    var exitStatus: ExitStatus {
        switch self {
        case .cancelled: .interrupted
        case .badRequest: .usage
        default: .temporary
        }
    }
}
