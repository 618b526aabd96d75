/// A command as the argument parser describes it in `--experimental-dump-help`.
struct CommandDescription: Decodable {
    struct Tool: Decodable { var command: CommandDescription }

    var superCommands: [String]?
    var commandName: String
    var abstract: String?
    var discussion: String?
    var shouldDisplay: Bool
    var subcommands: [CommandDescription]?
    var arguments: [ArgumentDescription]?
}

struct ArgumentDescription: Decodable {
    struct Name: Decodable {
        var kind: String
        var name: String

        var text: String { kind == "long" ? "--" + name : "-" + name }
    }

    var kind: String
    var shouldDisplay: Bool
    var isOptional: Bool
    var isRepeating: Bool
    var names: [Name]?
    var valueName: String?
    var defaultValue: String?
    var allValues: [String]?
    var abstract: String?
    var discussion: String?
}

/// One page of the manual.
struct ManualPage {
    var name: String
    var roff: String
}

extension CommandDescription {
    /// The page of this command, then those of its subcommands.
    func pages(version: String) -> [ManualPage] {
        guard shouldDisplay, commandName != "help" else { return [] }
        return [ManualPage(name: pageName, roff: roff(version: version))]
            + (subcommands ?? []).flatMap { $0.pages(version: version) }
    }

    private var path: [String] { (superCommands ?? []) + [commandName] }
    private var pageName: String { path.joined(separator: "-") }
    /// Without what every command has.
    private var shownArguments: [ArgumentDescription] {
        (arguments ?? []).filter { argument in
            argument.shouldDisplay && !(argument.names ?? []).contains { $0.name == "help" || $0.name == "version" }
        }
    }
    private var shownCommands: [CommandDescription] {
        (subcommands ?? []).filter { $0.shouldDisplay && $0.commandName != "help" }
    }

    private func roff(version: String) -> String {
        var page = ".TH \(Roff.quoted(pageName.uppercased())) 1 \"\" \(Roff.quoted("cessdrive " + version))\n"
        page += ".SH NAME\n\(Roff.text(pageName)) \\- \(Roff.text(abstract ?? ""))\n"
        page += ".SH SYNOPSIS\n.B \(Roff.text(path.joined(separator: " ")))\n"
        page +=
            shownCommands.isEmpty ? shownArguments.map { Roff.text($0.synopsis) + "\n" }.joined() : "\\fIcommand\\fR\n"
        if let discussion { page += ".SH DESCRIPTION\n.nf\n\(Roff.text(discussion))\n.fi\n" }
        if !shownCommands.isEmpty {
            page += ".SH COMMANDS\n"
            for command in shownCommands {
                page += ".TP\n.BR \(Roff.quoted(command.pageName)) (1)\n\(Roff.text(command.abstract ?? ""))\n"
            }
        }
        if !shownArguments.isEmpty {
            page += ".SH OPTIONS\n"
            for argument in shownArguments { page += argument.roff }
        }
        if !(superCommands ?? []).isEmpty {
            page += ".SH SEE ALSO\n.BR \(Roff.quoted((superCommands ?? []).joined(separator: "-"))) (1)\n"
        }
        return page
    }
}

extension ArgumentDescription {
    fileprivate var synopsis: String {
        let value = kind == "flag" ? "" : "<\(valueName ?? "value")>"
        let name = names?.last { $0.kind == "long" } ?? names?.first
        let text = [name?.text, value].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
        let repeated = text + (isRepeating ? " ..." : "")
        return isOptional ? "[\(repeated)]" : repeated
    }

    fileprivate var roff: String {
        let names = (names ?? []).map(\.text).joined(separator: ", ")
        let value = kind == "flag" ? "" : " <\(valueName ?? "value")>"
        var lines = [abstract, discussion].compactMap { $0 }.filter { !$0.isEmpty }
        if let values = allValues, !values.isEmpty { lines.append("One of: " + values.joined(separator: ", ") + ".") }
        if let defaultValue { lines.append("Default: \(defaultValue).") }
        let label = kind == "positional" ? String(value.dropFirst()) : names + value
        return ".TP\n\\fB\(Roff.text(label))\\fR\n\(lines.map(Roff.text).joined(separator: "\n.br\n"))\n"
    }
}

private enum Roff {
    /// Text in which nothing is taken for a request or an escape.
    static func text(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            var line = line.replacing("\\", with: "\\e").replacing("-", with: "\\-")
            if line.hasPrefix(".") || line.hasPrefix("'") { line = "\\&" + line }
            return line
        }.joined(separator: "\n")
    }

    static func quoted(_ text: String) -> String { "\"" + Self.text(text).replacing("\"", with: "\\(dq") + "\"" }
}
