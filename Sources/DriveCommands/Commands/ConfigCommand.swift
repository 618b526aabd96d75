import ArgumentParser
import Glibc
import Sealing
import SystemPackage

/// `cessdrive config`: the settings, and where they come from.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Show and change settings.",
        discussion: """
            Each setting is looked for in this order: option, variable, profile, file, default. 'set' and 'unset' change the
            file, with --profile in a profile, and leave everything else in it as it is.

            Examples:
              cessdrive config list
              cessdrive config get network
              cessdrive config set bwlimit 10M
              cessdrive config set drive office --profile office
              cessdrive config unset bwlimit
            """,
        subcommands: [ConfigList.self, ConfigGet.self, ConfigSet.self, ConfigUnset.self, ConfigPath.self],
        defaultSubcommand: ConfigList.self)
}

extension Setting: ExpressibleByArgument {}

struct ConfigList: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the settings in force, and where each comes from.")

    @OptionGroup var shared: SharedOptions
    var output: OutputOptions { shared.output }

    func run(console: Console) throws {
        try console.show(SettingList(configuration: try shared.configuration(environment: ByteText.environment)))
    }
}

private struct SettingList: Presentable {
    let configuration: Configuration

    var text: String {
        let found = Setting.allCases.compactMap { setting in configuration[setting].map { (setting.rawValue, $0) } }
        let width = found.map { $0.0.count }.max() ?? 0
        return found.map { name, value in
            let padding = String(repeating: " ", count: width - name.count)
            return "\(name)\(padding)  \(ByteText.shown(value.value))  (\(value.origin))"
        }.joined(separator: "\n")
    }

    var json: JSONText {
        .object([
            ("file", .string(configuration.paths.configurationFile.string)),
            ("profile", configuration.profile.map(JSONText.string) ?? .null),
            ("settings", .array(Setting.allCases.map { .object(configuration[$0].members(of: $0)) })),
            ("profiles", .array(configuration.file.profiles.keys.sorted().map(JSONText.string))),
            ("networks", .array(configuration.file.networks.keys.sorted().map(JSONText.string))),
        ])
    }
}

extension Resolved<String>? {
    fileprivate func members(of setting: Setting) -> [(String, JSONText)] {
        [("name", .string(setting.rawValue))]
            + (map { JSONText.name(ByteText.bytes(of: $0.value), as: "value") } ?? [("value", .null)])
            + [("origin", map { .string($0.origin.word) } ?? .null)]
    }
}

struct ConfigGet: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Print the value of a setting; ends with 4 if it has none.")

    @Argument(help: "The setting.") var key: Setting
    @OptionGroup var shared: SharedOptions
    var output: OutputOptions { shared.output }

    func run(console: Console) throws {
        let found = try shared.configuration(environment: ByteText.environment)[key]
        guard let found else { throw ConfigurationError.notSet(key, in: nil) }
        if console.json { return try console.write(.object(Optional(found).members(of: key))) }
        try console.write(ByteText.bytes(of: found.value) + [UInt8(ascii: "\n")])
    }
}

struct ConfigSet: ConsoleCommand {
    static let configuration = CommandConfiguration(commandName: "set", abstract: "Set a setting in the file.")

    @Argument(help: "The setting.") var key: Setting
    @Argument(help: "Its value.") var value: String
    @OptionGroup var shared: SharedOptions
    var output: OutputOptions { shared.output }

    func run(console: Console) throws { try shared.edit(key, to: value, console) }
}

struct ConfigUnset: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "unset", abstract: "Take a setting out of the file; ends with 4 if it is not there.")

    @Argument(help: "The setting.") var key: Setting
    @OptionGroup var shared: SharedOptions
    var output: OutputOptions { shared.output }

    func run(console: Console) throws { try shared.edit(key, to: nil, console) }
}

extension SharedOptions {
    /// Changes the file, and says if something else is stronger than it.
    fileprivate func edit(_ key: Setting, to value: String?, _ console: Console) throws {
        let environment = ByteText.environment
        let paths = Paths(environment: environment)
        let path = paths.configurationFile
        let text = try ConfigurationText.edit(
            ConfigurationFile.text(at: path) ?? "", setting: key, to: value, profile: profile, path: path)
        let file = try ConfigurationFile(text: text, path: path)
        // A value that no command would take is not written.
        if value != nil {
            try Configuration(profile: profile, environment: [:], file: file, paths: paths).check(key)
        }
        try Self.write(text, to: path)

        let place = profile.map { "the profile \($0) of \(path)" } ?? "\(path)"
        console.note(
            value.map { "\(key.rawValue) is \(ByteText.shown($0)) in \(place)" } ?? "\(key.rawValue) is out of \(place)"
        )
        let effective = try Configuration(profile: profile, environment: environment, file: file, paths: paths)[key]
        if let effective, effective.value != value, effective.origin != .standard {
            console.warn("\(effective.origin) is stronger: \(key.rawValue) is \(ByteText.shown(effective.value))")
        }
        guard console.json else { return }
        let members = JSONText.name(ByteText.bytes(of: value ?? ""), as: "value")
        try console.write(
            .object(
                [("name", .string(key.rawValue))] + (value == nil ? [("value", .null)] : members)
                    + [("file", .string(path.string))]))
    }

    /// Where the file is a link (to one under version control, say), what it leads to is written.
    private static func write(_ text: String, to path: FilePath) throws {
        try makePrivateDirectory(path.removingLastComponent())
        var target = path
        if let resolved = unsafe realpath(path.string, nil) {
            target = unsafe FilePath(platformString: resolved)
            unsafe free(resolved)
        }
        try PrivateFile.replace(target, Array(text.utf8))
    }
}

struct ConfigPath: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "path", abstract: "Print where the file is, whether or not it is there.")

    @OptionGroup var output: OutputOptions

    func run(console: Console) throws {
        let path = Paths(environment: ByteText.environment).configurationFile
        try console.json ? console.write(.object([("file", .string(path.string))])) : console.write(path.string)
    }
}
