import BlobStore
import Drive
import Primitives
import SystemPackage

/// Every setting, looked up in the one order there is: flag, environment, profile, file, default.
struct Configuration: Sendable {
    let paths: Paths
    let file: ConfigurationFile
    let environment: [String: String]
    /// The profile in force; nil without one.
    let profile: String?
    private let flags: [Setting: String]

    /// - Throws: `ConfigurationError` if the profile does not exist.
    init(
        flags: [Setting: String] = [:], profile: String? = nil, environment: [String: String], file: ConfigurationFile,
        paths: Paths
    ) throws {
        let profile = profile ?? environment["CESSDRIVE_PROFILE"].flatMap { $0.isEmpty ? nil : $0 }
        if let profile, file.profiles[profile] == nil {
            throw ConfigurationError.noProfile(profile, known: file.profiles.keys.sorted())
        }
        self.flags = flags
        self.environment = environment
        self.file = file
        self.paths = paths
        self.profile = profile
    }

    subscript(setting: Setting) -> Resolved<String>? {
        if let value = flags[setting] { return Resolved(value: value, origin: .flag(setting)) }
        if let value = environment[setting.variable], !value.isEmpty {
            return Resolved(value: value, origin: .environment(setting))
        }
        if let profile, let value = file.profiles[profile]?[setting] {
            return Resolved(value: value, origin: .profile(profile))
        }
        if let value = file.settings[setting] { return Resolved(value: value, origin: .file) }
        return setting.standard.map { Resolved(value: $0, origin: .standard) }
    }

    /// A setting as something else than text.
    ///
    /// - Throws: `ConfigurationError.invalid` if `parse` returns nil.
    func value<Value>(_ setting: Setting, _ expected: String, parse: (String) -> Value?) throws -> Resolved<Value>? {
        guard let found = self[setting] else { return nil }
        guard let value = parse(found.value) else {
            throw ConfigurationError.invalid(setting, found.value, from: found.origin, expected: expected)
        }
        return Resolved(value: value, origin: found.origin)
    }

    /// Bytes a second; nil for no limit.
    func bandwidthLimit() throws -> Int? {
        try value(.bandwidthLimit, "a rate such as 10M", parse: Quantities.rate)?.value
    }

    /// Transfers at a time.
    func transfers() throws -> Int {
        try value(.transfers, "a number from 1 to 256") { Int($0).flatMap { 1...256 ~= $0 ? $0 : nil } }?.value
            ?? ChangeOptions().transfers
    }

    /// How far a change is carried.
    func stage() throws -> Stage {
        let names = Stage.allCases.map(\.description).joined(separator: ", ")
        return try value(.wait, "one of \(names)", parse: Stage.init(name:))?.value ?? .complete
    }

    /// What a purchase may cost, its fee included; nil for any price that is agreed to.
    func maximumCost() throws -> Resolved<UInt128>? {
        try value(.maxCost, "an amount of TCESS such as 900 or 12.5", parse: Tokens.amount)
    }

    /// By how many days a lease that is nearly over is renewed without asking; nil for none.
    func automaticRenewal() throws -> UInt32? {
        try value(.autoRenew, "a time in days such as 30d") { DaysArgument(argument: $0)?.days }?.value
    }

    /// Reads one setting as the commands that use it would.
    ///
    /// - Throws: `ConfigurationError.invalid`, `NetworkError.unknown`.
    func check(_ setting: Setting) throws {
        switch setting {
        case .transfers: _ = try transfers()
        case .bandwidthLimit: _ = try bandwidthLimit()
        case .wait: _ = try stage()
        case .maxCost: _ = try maximumCost()
        case .autoRenew: _ = try automaticRenewal()
        case .drive:
            _ = try value(.drive, "up to 64 letters, digits, '.', '_' and '-'") { DriveHome.isGoodName($0) ? $0 : nil }
        case .genesis: _ = try value(.genesis, "64 hexadecimal digits") { Bytes32(hex: $0) }
        case .network: if let name = self[.network]?.value { try checkIsNetwork(name) }
        case .passphraseFile, .passphraseCommand:
            _ = try value(setting, setting == .passphraseFile ? "a path" : "a command") { $0.isEmpty ? nil : $0 }
        }
    }
}

enum ConfigurationError: Reportable, Equatable, CustomStringConvertible {
    case unreadable(FilePath, cause: String)
    case syntax(FilePath, line: Int, column: Int, message: String)
    case unknownKey(FilePath, String)
    case wrongType(FilePath, key: String, expected: String)
    case invalid(Setting, String, from: Origin, expected: String)
    case noProfile(String, known: [String])
    /// A setting is asked for that has no value, or taken out of a file that does not have it.
    case notSet(Setting, in: FilePath?)
    /// TOML that says the same in another form than what is edited.
    case notEditable(FilePath, Setting)
    /// A file is text, and this value is not.
    case notText(Setting)

    var description: String {
        switch self {
        case .unreadable(let path, let cause): "\(path) cannot be read: \(cause)"
        case .syntax(let path, let line, let column, let message): "\(path):\(line):\(column): \(message)"
        case .unknownKey(let path, let key): "\(path) sets '\(key)', which there is not"
        case .wrongType(let path, let key, let expected): "'\(key)' in \(path) is not \(expected)"
        case .invalid(let setting, let value, let origin, let expected):
            "'\(value)' from \(origin) is no value for \(setting.rawValue): \(expected) is expected"
        case .noProfile(let name, _): "there is no profile named '\(name)'"
        case .notSet(let setting, nil): "\(setting.rawValue) is not set"
        case .notSet(let setting, let path?): "\(setting.rawValue) is not set in \(path)"
        case .notEditable(let path, let setting):
            "\(setting.rawValue) cannot be changed in \(path): it is written there in a form that is left to people"
        case .notText(let setting): "the value for \(setting.rawValue) is not text in UTF-8"
        }
    }

    var hint: String? {
        switch self {
        case .unknownKey: "settings are " + Setting.allCases.map(\.rawValue).joined(separator: ", ")
        case .noProfile(_, let known) where !known.isEmpty: "profiles are " + known.joined(separator: ", ")
        case .noProfile: "profiles are written as [profiles.NAME] in the configuration file"
        case .notSet: "'cessdrive config list' shows what is set, and where"
        case .notEditable(let path, _): "change \(path) with an editor"
        case .notText: "name it by the variable \(Setting.passphraseFile.variable) or by an option"
        case .unreadable, .syntax, .wrongType, .invalid: nil
        }
    }

    var exitStatus: ExitStatus { if case .notSet = self { .notFound } else { .usage } }
}
