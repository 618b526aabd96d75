import Foundation
import Testing

/// A whole session with the program, as a script (`Sessions/*.session`).
///
/// Each line is bash, run by itself in the session's sandbox, and has to succeed. Besides:
///
///     ! LINE              the line has to fail
///     [4] LINE            the line has to end with status 4
///     stdout 'REGEX'      what the line before wrote matches; likewise stderr; with `!`, it does not
///     eventually LINE     the line has to succeed sooner or later, and is tried for three minutes
///     skip unless LINE    what follows is left out, with a message, where the line does not succeed
///     export NAME=VALUE   holds for all lines that follow
///     # …                 a comment
struct Session: Sendable, CustomTestStringConvertible {
    let name: String
    let lines: [String]

    var testDescription: String { name }

    /// Every session there is, by name.
    static var all: [Session] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Sessions")
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".session") }.sorted().compactMap { file in
            (try? String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8))
                .map { Session(name: String(file.dropLast(8)), text: $0) }
        }
    }

    /// CESSDRIVE_SESSIONS=drive,keys runs these only; nil for all.
    static let chosenNames = ProcessInfo.processInfo.environment["CESSDRIVE_SESSIONS"]?.split(separator: ",")
        .map(String.init)

    /// Those that are to be run.
    static var chosen: [Session] { all.filter { chosenNames?.contains($0.name) != false } }

    init(name: String, text: String) {
        self.name = name
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// Runs the session to its first mistake.
    ///
    /// - Throws: `SessionError`, which names the line and shows what the program said.
    func run(in sandbox: Sandbox) async throws {
        var last = Sandbox.Outcome(status: 0, output: "", error: "")
        var sandbox = sandbox
        for (index, line) in lines.enumerated() {
            guard let step = SessionStep(line) else { continue }
            if case .skip(let condition) = step {
                if try await sandbox.run(condition).status == 0 { continue }
                print("\(name).session: left out from line \(index + 1) on, since this does not succeed: \(condition)")
                return
            }
            if let complaint = try await step.run(in: &sandbox, after: &last) {
                throw SessionError(session: name, line: index + 1, text: line, complaint: complaint, outcome: last)
            }
        }
    }
}

struct SessionError: Error, CustomStringConvertible {
    let session: String
    let line: Int
    let text: String
    let complaint: String
    let outcome: Sandbox.Outcome

    var description: String {
        """
        \(session).session:\(line): \(complaint)
          \(text)
        status: \(outcome.status)
        stdout: \(outcome.output.suffix(4000))
        stderr: \(outcome.error.suffix(4000))
        """
    }
}

/// One line of a session.
enum SessionStep: Equatable {
    enum Expectation: Equatable { case success, failure, status(Int32) }
    enum Stream: String { case stdout, stderr }

    case command(String, Expectation)
    case eventually(String)
    case export(String)
    case skip(unless: String)
    case matches(Stream, String, negated: Bool)

    /// Nil for a line that says nothing.
    init?(_ line: String) {
        var text = line.trimmingCharacters(in: .whitespaces)
        if text.isEmpty || text.hasPrefix("#") { return nil }
        var expectation = Expectation.success
        if text.hasPrefix("! ") {
            expectation = .failure
            text = String(text.dropFirst(2))
        } else if text.hasPrefix("["), let end = text.firstIndex(of: "]"),
            let status = Int32(text[text.index(after: text.startIndex)..<end])
        {
            expectation = .status(status)
            text = text[text.index(after: end)...].trimmingCharacters(in: .whitespaces)
        }
        for stream in [Stream.stdout, .stderr] where text.hasPrefix(stream.rawValue + " '") && text.hasSuffix("'") {
            let pattern = String(text.dropFirst(stream.rawValue.count + 2).dropLast())
            self = .matches(stream, pattern, negated: expectation == .failure)
            return
        }
        if text.hasPrefix("export ") {
            self = .export(text)
            return
        }
        if text.hasPrefix("skip unless ") {
            self = .skip(unless: String(text.dropFirst(12)))
            return
        }
        self = text.hasPrefix("eventually ") ? .eventually(String(text.dropFirst(11))) : .command(text, expectation)
    }

    /// - Returns: what is wrong; nil if all is well.
    func run(in sandbox: inout Sandbox, after last: inout Sandbox.Outcome) async throws -> String? {
        switch self {
        case .command(let line, let expectation):
            last = try await sandbox.run(line)
            switch expectation {
            case .success: return last.status == 0 ? nil : "failed"
            case .failure: return last.status != 0 ? nil : "succeeded, but was to fail"
            case .status(let status): return last.status == status ? nil : "was to end with \(status)"
            }
        case .skip: return nil
        case .export(let line):
            sandbox.exports += line + "\n"
            return nil
        case .eventually(let line):
            let end = ContinuousClock.now + .seconds(180)
            repeat {
                last = try await sandbox.run(line)
                if last.status == 0 { return nil }
                try await Task.sleep(for: .milliseconds(200))
            } while ContinuousClock.now < end
            return "did not succeed within three minutes"
        case .matches(let stream, let pattern, let negated):
            let text = stream == .stdout ? last.output : last.error
            let found = try Regex(pattern).anchorsMatchLineEndings().firstMatch(in: text) != nil
            return found == negated ? "\(stream.rawValue) \(negated ? "matches" : "does not match")" : nil
        }
    }
}
