/// An error that knows what to tell the user: what to run next, and how the process ends.
///
/// Libraries state facts; their errors are made reportable in `Advice`, where all advice can be read in one folder.
protocol Reportable: Error {
    /// What to run or do next, a clause in lower case without a full stop; nil if there is nothing to say.
    var hint: String? { get }
    var exitStatus: ExitStatus { get }
}

extension Reportable {
    var hint: String? { nil }
    var exitStatus: ExitStatus { .failed }
}

/// An error as it is shown: found once, so that text and JSON cannot differ.
struct ErrorReport: Sendable {
    let message: String
    let hint: String?
    let status: ExitStatus

    init(message: String, hint: String? = nil, status: ExitStatus) {
        self.message = message
        self.hint = hint
        self.status = status
    }

    init(_ error: any Error) {
        switch error {
        case let error as any Reportable:
            self.init(message: "\(error)", hint: error.hint, status: error.exitStatus)
        case is CancellationError:
            self.init(message: "interrupted", hint: "run the same command again to go on", status: .interrupted)
        default:
            self.init(message: Self.text(of: error), status: Self.status(of: error))
        }
    }

    var json: JSONText {
        var members: [(String, JSONText)] = [
            ("error", .string(message)), ("status", .integer(Int64(status.rawValue))),
        ]
        if let hint { members.append(("hint", .string(hint))) }
        return .object(members)
    }
}
