import ArgumentParser
import BlobStore
import Drive

/// What `put` and `get` end with.
struct TransferSummary: Presentable {
    let report: TransferReport
    let verb: String
    /// Of a `put`.
    let result: ChangeResult?

    init(_ report: TransferReport, verb: String, result: ChangeResult? = nil) {
        self.report = report
        self.verb = verb
        self.result = result
    }

    var text: String {
        var parts = [
            "\(report.files) files, \(report.directories) directories, \(Quantities.text(bytes: Int(clamping: report.bytes)))"
        ]
        if report.unchanged > 0 { parts.append("\(report.unchanged) unchanged") }
        switch result {
        case nil: break
        case let result? where result.hasCommit:
            parts.append("commit \((result.commit ?? "").prefix(12)) \(result.stage)")
        case _?: parts.append("nothing changed, so no commit was made")
        }
        return verb + " " + parts.joined(separator: "; ")
    }

    var json: JSONText {
        var members: [(String, JSONText)] = [
            ("files", .integer(Int64(report.files))), ("directories", .integer(Int64(report.directories))),
            ("unchanged", .integer(Int64(report.unchanged))), ("bytes", .integer(Int64(clamping: report.bytes))),
        ]
        if let result { members += result.members }
        let failures = report.failures.map { failure in
            JSONText.object(JSONText.name(failure.path, as: "path") + [("reason", .string(failure.reason))])
        }
        members.append(("failures", .array(failures)))
        return .object(members)
    }
}

extension ChangeResult {
    var members: [(String, JSONText)] {
        [
            ("commit", hasCommit ? commit.map(JSONText.string) ?? .null : .null),
            ("stage", .string(stage.description)),
        ]
    }
}

extension Console {
    /// Shows what was done, names what was not, and ends with `ExitStatus.incomplete` if that is anything, or
    /// `.failed` if it is everything.
    func finish(_ summary: TransferSummary) throws {
        if json { try show(summary) } else { note(summary.text) }
        guard !summary.report.failures.isEmpty else { return }
        let status: ExitStatus = summary.report.isFruitless ? .failed : .incomplete
        for failure in summary.report.failures where !json {
            report(
                ErrorReport(
                    message: "\(String(decoding: failure.path, as: UTF8.self)): \(failure.reason)", status: status)
            )
        }
        throw ExitCode(status.rawValue)
    }
}

/// What a change other than `put` ends with.
struct ChangeSummary: Presentable {
    let done: String
    let result: ChangeResult

    var text: String { result.hasCommit ? done : "nothing changed, so no commit was made" }
    var json: JSONText { .object(result.members) }
}

extension Console {
    func finish(_ summary: ChangeSummary) throws {
        if json { try show(summary) } else { note(summary.text) }
    }
}
