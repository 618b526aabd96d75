import Foundation
import SystemPackage
import TOMLKit

/// `config.toml`: settings at the top, `[profiles.NAME]` with settings of their own, `[networks.NAME]`.
struct ConfigurationFile: Sendable, Equatable {
    var settings: [Setting: String] = [:]
    var profiles: [String: [Setting: String]] = [:]
    var networks: [String: NetworkDefinition] = [:]

    init() {}

    /// Reads the file; one that does not exist is an empty one.
    ///
    /// - Throws: `ConfigurationError`. A key that is not known is an error: a typing mistake must not pass unseen.
    static func read(_ path: FilePath) throws -> ConfigurationFile {
        guard let text = try text(at: path) else { return ConfigurationFile() }
        return try ConfigurationFile(text: text, path: path)
    }

    /// The file as it is written; nil if there is none.
    static func text(at path: FilePath) throws -> String? {
        do {
            return try String(contentsOfFile: path.string, encoding: .utf8)
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
            return nil
        } catch let error as CocoaError where error.code == .fileReadInapplicableStringEncoding {
            throw ConfigurationError.unreadable(path, cause: "it is not text in UTF-8")
        } catch {
            throw ConfigurationError.unreadable(path, cause: ErrorReport.text(of: error))
        }
    }

    /// The settings at the top, or those of a profile.
    subscript(profile: String?) -> [Setting: String] {
        get { profile.map { profiles[$0] ?? [:] } ?? settings }
        set { if let profile { profiles[profile] = newValue } else { settings = newValue } }
    }

    init(text: String, path: FilePath) throws {
        let table: TOMLTable
        do {
            table = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            throw ConfigurationError.syntax(
                path, line: error.source.begin.line, column: error.source.begin.column, message: error.description)
        }
        let reader = TableReader(path: path)
        for (key, value) in table {
            switch key {
            case "profiles":
                for (name, profile) in try reader.table(value, key) {
                    profiles[name] = try reader.settings(try reader.table(profile, "profiles.\(name)"))
                }
            case "networks":
                for (name, network) in try reader.table(value, key) {
                    networks[name] = try reader.network(try reader.table(network, "networks.\(name)"), name)
                }
            default: try reader.add(key, value, to: &settings)
            }
        }
    }
}

/// A network that the user gave a name.
struct NetworkDefinition: Sendable, Equatable {
    /// At least one URL.
    var rpc: [String]
    /// 64 hexadecimal digits, with or without `0x`.
    var genesis: String
}

/// Turns TOML values into settings, naming the file and the key where one does not fit.
private struct TableReader {
    let path: FilePath

    func table(_ value: any TOMLValueConvertible, _ key: String) throws -> TOMLTable {
        guard let table = value.table else {
            throw ConfigurationError.wrongType(path, key: key, expected: "a table")
        }
        return table
    }

    func settings(_ table: TOMLTable) throws -> [Setting: String] {
        var settings: [Setting: String] = [:]
        for (key, value) in table { try add(key, value, to: &settings) }
        return settings
    }

    func add(_ key: String, _ value: any TOMLValueConvertible, to settings: inout [Setting: String]) throws {
        guard let setting = Setting(rawValue: key) else { throw ConfigurationError.unknownKey(path, key) }
        guard let text = value.string ?? value.int.map(String.init) ?? value.double.map({ "\($0)" }) else {
            throw ConfigurationError.wrongType(path, key: key, expected: "a text or a number")
        }
        settings[setting] = ByteText.text(of: text.utf8)
    }

    func network(_ table: TOMLTable, _ name: String) throws -> NetworkDefinition {
        var rpc: [String] = []
        var genesis = ""
        for (key, value) in table {
            switch key {
            case "rpc":
                let urls = value.string.map { [$0] } ?? value.array?.compactMap(\.string) ?? []
                guard !urls.isEmpty else {
                    throw ConfigurationError.wrongType(path, key: "networks.\(name).rpc", expected: "a list of URLs")
                }
                rpc = urls
            case "genesis": genesis = value.string ?? ""
            default: throw ConfigurationError.unknownKey(path, "networks.\(name).\(key)")
            }
        }
        guard !rpc.isEmpty, !genesis.isEmpty else {
            throw ConfigurationError.wrongType(path, key: "networks.\(name)", expected: "a table with rpc and genesis")
        }
        return NetworkDefinition(rpc: rpc, genesis: genesis)
    }
}
