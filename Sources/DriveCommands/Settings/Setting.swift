import Drive

/// What can be set by flag, environment, profile or file.
enum Setting: String, CaseIterable, Sendable {
    case drive
    case network
    case genesis
    case passphraseFile = "passphrase-file"
    case passphraseCommand = "passphrase-command"
    case transfers
    case bandwidthLimit = "bwlimit"
    case wait
    case maxCost = "max-cost"
    case autoRenew = "auto-renew"

    var flag: String { "--\(rawValue)" }
    var variable: String { "CESSDRIVE_" + rawValue.uppercased().map { $0 == "-" ? "_" : String($0) }.joined() }

    /// What holds where nothing else is said; nil if there is no such value.
    var standard: String? {
        switch self {
        case .wait: "complete"
        case .transfers: "\(ChangeOptions().transfers)"
        case .drive, .network, .genesis, .passphraseFile, .passphraseCommand, .bandwidthLimit, .maxCost, .autoRenew: nil
        }
    }
}

/// Where a value came from.
enum Origin: Sendable, Equatable, CustomStringConvertible {
    case flag(Setting)
    case environment(Setting)
    case profile(String)
    case file
    case standard

    var description: String {
        switch self {
        case .flag(let setting): "the option \(setting.flag)"
        case .environment(let setting): "the variable \(setting.variable)"
        case .profile(let name): "the profile \(name)"
        case .file: "the configuration file"
        case .standard: "the default"
        }
    }
}

extension Origin {
    /// In JSON.
    var word: String {
        switch self {
        case .flag: "option"
        case .environment: "environment"
        case .profile: "profile"
        case .file: "file"
        case .standard: "default"
        }
    }
}

/// A value with where it came from.
struct Resolved<Value> {
    let value: Value
    let origin: Origin
}

extension Resolved: Sendable where Value: Sendable {}
extension Resolved: Equatable where Value: Equatable {}
