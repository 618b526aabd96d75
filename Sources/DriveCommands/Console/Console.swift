import Glibc
import SystemPackage

/// Where a command speaks: data to standard output, the rest to standard error.
struct Console: Sendable {
    /// One JSON object instead of text.
    let json: Bool
    /// Whether a question may be asked on the terminal.
    let mayPrompt: Bool
    /// Whether standard error is a terminal that shows colour.
    let colour: Bool
    /// Whether standard error is a terminal, so that a progress line makes sense.
    let showsProgress: Bool
    /// The terminal's last line, which gives way to what is told and asked meanwhile.
    let progress = ProgressLine()

    init(json: Bool = false, noInput: Bool = false, environment: [String: String]) {
        let terminal = isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb"
        self.json = json
        mayPrompt = !noInput
        colour = terminal && (environment["NO_COLOR"] ?? "").isEmpty
        showsProgress = terminal && !json
    }

    /// Writes one line of data.
    func write(_ line: String) throws { try write(Array((line + "\n").utf8)) }

    /// Writes data as it is.
    ///
    /// - Throws: `ConsoleError.closed` where nobody reads any more, `.noOutput` where nobody ever could, or the system's error.
    func write(_ bytes: [UInt8]) throws {
        do {
            try FileDescriptor.standardOutput.writeAll(bytes)
        } catch Errno.brokenPipe {
            throw ConsoleError.closed
        } catch Errno.badFileDescriptor {
            throw ConsoleError.noOutput
        }
    }

    func write(_ value: JSONText) throws { try write(value.description) }

    /// Shows what a command found: its text, or its JSON under `--json`.
    func show(_ result: some Presentable) throws {
        if json { return try write(result.json) }
        let text = result.text
        if !text.isEmpty { try write(text) }
    }

    /// Tells what happened; on standard error, and not under `--json`.
    func note(_ line: String) {
        if !json { tell(line) }
    }

    func warn(_ line: String) { tell(paint("cessdrive: warning:", "33") + " " + line) }

    func report(_ error: ErrorReport) {
        if json { return tell(error.json.description) }
        tell(paint("cessdrive: error:", "31") + " " + error.message)
        if let hint = error.hint { tell(paint("cessdrive: hint:", "36") + " " + hint) }
    }

    /// Asks a yes-or-no question on the terminal; anything but yes is no.
    ///
    /// - Throws: `ConsoleError.cannotAsk` where there is no terminal.
    func confirms(_ question: String) async throws -> Bool {
        progress.pause()
        defer { progress.goOn() }
        return try await Terminal.confirms(question)
    }

    private func tell(_ line: String) { progress.giveWay(to: line + "\n") }

    private func paint(_ text: String, _ code: String) -> String {
        colour ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}

/// What a command shows: text for people, JSON for programs.
protocol Presentable {
    /// Without a final line break; may be empty.
    var text: String { get }
    var json: JSONText { get }
}

enum ConsoleError: Reportable, Equatable, CustomStringConvertible {
    case closed
    case noOutput
    case cannotAsk(String)
    case refused

    var description: String {
        switch self {
        case .closed: "standard output was closed"
        case .noOutput: "there is no standard output"
        case .cannotAsk(let what): "there is no terminal to ask for \(what)"
        case .refused: "nothing was changed"
        }
    }

    var hint: String? {
        switch self {
        case .closed, .noOutput, .refused: nil
        case .cannotAsk: "see 'cessdrive help' for the option that answers in advance"
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .closed, .noOutput, .refused: .failed
        case .cannotAsk: .usage
        }
    }
}
