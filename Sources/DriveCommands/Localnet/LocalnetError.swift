import HTTPServer
import LocalNetwork
import SystemPackage

/// What can go wrong with the processes of the local network.
enum LocalnetError: Reportable, Equatable, CustomStringConvertible {
    case none(FilePath)
    case damaged(FilePath)
    case busy(FilePath)
    /// A process ended while it was being started; with what status, if it ended by itself.
    case died(String, ExitStatus?, log: FilePath, lastLine: String)
    case silent(String, log: FilePath)
    case otherSettings(FilePath)
    case noNode(Int)
    case nodeExists(Int, next: Int)
    case notRunning(String)
    case inUse(FilePath)
    /// Another network is the local one at present.
    case otherRuns(FilePath)
    case exists(FilePath)
    case unregistered([Int])

    var description: String {
        switch self {
        case .none(let directory): "there is no local network in \(directory)"
        case .damaged(let path): "\(path) is damaged"
        case .busy: "another command is at work on the local network"
        case .died(let name, _, _, let line): "\(name) ended at once" + (line.isEmpty ? "" : ": \(line)")
        case .silent(let name, _): "\(name) does not answer"
        case .otherSettings(let directory): "the network in \(directory) was made with other settings"
        case .noNode(let number): "there is no node \(number)"
        case .nodeExists(let number, _): "there is a node \(number) already"
        case .notRunning(let name): "\(name) is not running"
        case .inUse(let directory): "another process works in \(directory)"
        case .otherRuns(let directory): "another local network runs in \(directory)"
        case .exists(let directory): "\(directory) is there already"
        case .unregistered(let numbers):
            "not registered on the chain: node " + numbers.map(String.init).joined(separator: ", ")
        }
    }

    var hint: String? {
        switch self {
        case .none, .notRunning: "cessdrive localnet start"
        case .damaged, .otherSettings: "'cessdrive localnet reset' deletes it, with all that it holds"
        case .busy: "wait for it, or look with 'cessdrive localnet status'"
        case .died(_, _, let log, _), .silent(_, let log): "its log is \(log)"
        case .noNode: "'cessdrive localnet status' lists them"
        case .nodeExists(_, let next): "the next free number is \(next)"
        case .inUse: "stop it, or choose another --dir"
        case .otherRuns(let directory):
            "stop it with 'cessdrive localnet stop --dir \(directory)', or give this one another XDG_RUNTIME_DIR"
        case .exists: "it may be another network's node: choose another --node-dir, or remove it"
        case .unregistered: "their logs are in the network's directory, nodes/N/log"
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .none, .noNode: .notFound
        case .busy, .inUse, .otherRuns: .busy
        case .died, .silent, .notRunning, .unregistered: .temporary
        case .damaged: .damaged
        case .otherSettings, .nodeExists, .exists: .usage
        }
    }
}

extension StorageNodeError: Reportable {
    var hint: String? { "choose another --dir, or remove this one with all that it holds" }
    var exitStatus: ExitStatus { .usage }
}

extension HTTPServerError: Reportable {
    var hint: String? {
        if case .cannotListen = self { "choose another --port or --host" } else { nil }
    }

    var exitStatus: ExitStatus {
        if case .cannotListen = self { .busy } else { .failed }
    }
}
