import SystemPackage

/// The text of `config.toml`, changed in one place: all else, comments and order too, stays as people have written it.
///
/// TOML can say one thing in many forms. This knows `key = value` at the top and below `[profiles.NAME]`; whether the outcome
/// means what was meant is asked of the parser, and what is written in other forms is left alone.
struct ConfigurationText {
    private var statements: [TOMLStatement]

    var text: String { statements.map(\.text).joined() }

    init(_ text: String) { statements = TOMLStatement.all(in: text) }

    /// Sets, or takes out where `value` is nil.
    ///
    /// - Parameters:
    ///   - value: as `ByteText`.
    ///   - profile: nil for the settings at the top.
    /// - Returns: the whole file as it is to be.
    /// - Throws: `ConfigurationError.notSet`, `notEditable`, `notText`; what reading the text throws.
    static func edit(
        _ text: String, setting: Setting, to value: String?, profile: String?, path: FilePath
    ) throws -> String {
        var expected = try ConfigurationFile(text: text, path: path)
        var edited = ConfigurationText(text)
        if let value {
            guard let plain = String(validating: ByteText.bytes(of: value), as: UTF8.self) else {
                throw ConfigurationError.notText(setting)
            }
            edited.set(setting, to: plain, profile: profile)
        } else {
            guard expected[profile][setting] != nil else { throw ConfigurationError.notSet(setting, in: path) }
            edited.remove(setting, profile: profile)
        }
        expected[profile][setting] = value
        guard let outcome = try? ConfigurationFile(text: edited.text, path: path), outcome == expected else {
            throw ConfigurationError.notEditable(path, setting)
        }
        return edited.text
    }

    private mutating func set(_ setting: Setting, to value: String, profile: String?) {
        let value = Self.literal(value, of: setting)
        if let index = index(of: setting, profile: profile) {
            statements[index].replaceValue(by: value)
            return
        }
        insert(TOMLStatement.pair(setting.rawValue, value), profile: profile)
    }

    private mutating func remove(_ setting: Setting, profile: String?) {
        if let index = index(of: setting, profile: profile) { statements.remove(at: index) }
    }

    /// The statements of a table, without its header; nil if it has none.
    private func table(_ profile: String?) -> Range<Int>? {
        var start = 0
        if let profile {
            guard let header = statements.firstIndex(where: { $0.kind == .header(["profiles", profile]) }) else {
                return nil
            }
            start = header + 1
        }
        return start..<(statements[start...].firstIndex { $0.kind.isHeader } ?? statements.count)
    }

    private func index(of setting: Setting, profile: String?) -> Int? {
        table(profile).flatMap { statements[$0].firstIndex { $0.kind == .pair([setting.rawValue]) } }
    }

    private mutating func insert(_ statement: TOMLStatement, profile: String?) {
        guard let table = table(profile) else {
            // A table of its own, at the end.
            if !statements.isEmpty { append(TOMLStatement.blank) }
            append(TOMLStatement.header(["profiles", profile ?? ""]))
            append(statement)
            return
        }
        if let last = statements[table].lastIndex(where: { $0.kind.isPair }) {
            statements[last].endLine()
            statements.insert(statement, at: last + 1)
        } else if profile != nil {
            statements[table.lowerBound - 1].endLine()
            statements.insert(statement, at: table.lowerBound)
        } else {
            // Before the first table, and before the comment that belongs to it.
            var place = table.upperBound
            if place < statements.count {
                while place > 0, statements[place - 1].kind == .comment { place -= 1 }
                statements.insert(TOMLStatement.blank, at: place)
            } else if place > 0 {
                statements[place - 1].endLine()
            }
            statements.insert(statement, at: place)
        }
    }

    private mutating func append(_ statement: TOMLStatement) {
        if let last = statements.indices.last { statements[last].endLine() }
        statements.append(statement)
    }

    /// Numbers as numbers where a setting is one, else a basic string.
    private static func literal(_ value: String, of setting: Setting) -> String {
        if setting == .transfers || setting == .maxCost, let number = Int(value), String(number) == value {
            return value
        }
        return TOMLStatement.string(value)
    }
}
