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

    /// Transfers at a time; nil for the library's own choice.
    func transfers() throws -> Int? {
        try value(.transfers, "a number from 1 to 256") { Int($0).flatMap { 1...256 ~= $0 ? $0 : nil } }?.value
    }
}

enum ConfigurationError: Reportable, Equatable, CustomStringConvertible {
    case unreadable(FilePath, cause: String)
    case syntax(FilePath, line: Int, column: Int, message: String)
    case unknownKey(FilePath, String)
    case wrongType(FilePath, key: String, expected: String)
    case invalid(Setting, String, from: Origin, expected: String)
    case noProfile(String, known: [String])

    var description: String {
        switch self {
        case .unreadable(let path, let cause): "\(path) cannot be read: \(cause)"
        case .syntax(let path, let line, let column, let message): "\(path):\(line):\(column): \(message)"
        case .unknownKey(let path, let key): "\(path) sets '\(key)', which there is not"
        case .wrongType(let path, let key, let expected): "'\(key)' in \(path) is not \(expected)"
        case .invalid(let setting, let value, let origin, let expected):
            "'\(value)' from \(origin) is no value for \(setting.rawValue): \(expected) is expected"
        case .noProfile(let name, _): "there is no profile named '\(name)'"
        }
    }

    var hint: String? {
        switch self {
        case .unknownKey: "settings are " + Setting.allCases.map(\.rawValue).joined(separator: ", ")
        case .noProfile(_, let known) where !known.isEmpty: "profiles are " + known.joined(separator: ", ")
        case .noProfile: "profiles are written as [profiles.NAME] in the configuration file"
        case .unreadable, .syntax, .wrongType, .invalid: nil
        }
    }

    var exitStatus: ExitStatus { .usage }
}
