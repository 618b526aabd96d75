import ArgumentParser
import CESS
import Drive
import Foundation
import Glibc
import HTTPClient
import Sealing
import Substrate
import SystemPackage

/// `cessdrive doctor`: looks at everything that a drive needs, and says what is wrong.
struct Doctor: ConsoleCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at settings, disks, network and nodes, and say what is wrong.",
        discussion: "Changes nothing, and needs no passphrase. It ends with 1 if something has to be done.")

    @OptionGroup var shared: SharedOptions
    var output: OutputOptions { shared.output }

    func run(console: Console) async throws {
        let configuration = try shared.configuration(environment: ByteText.environment)
        var report = Examination()
        report.lookAtSettings(configuration)
        try await report.lookAtKeys(configuration)
        report.lookAtDisks(configuration.paths)
        await report.lookAtNetwork(configuration)
        try console.show(report)
        if report.findings.contains(where: { $0.state == .bad }) { throw ExitCode.failure }
    }
}

/// What a doctor found.
struct Examination: Presentable {
    enum State: String { case good = "ok", doubtful = "warning", bad = "failed" }

    struct Finding {
        let subject: String
        let state: State
        let detail: String
    }

    private(set) var findings: [Finding] = []

    private mutating func add(_ subject: String, _ state: State, _ detail: String) {
        findings.append(Finding(subject: subject, state: state, detail: detail))
    }

    mutating func lookAtSettings(_ configuration: Configuration) {
        for setting in Setting.allCases {
            guard let found = configuration[setting] else { continue }
            add("setting \(setting.rawValue)", .good, "\(found.value) (\(found.origin))")
        }
        if configuration.environment["CESSDRIVE_PASSPHRASE"] != nil {
            add("CESSDRIVE_PASSPHRASE", .doubtful, "is not used: no variable may hold a passphrase itself")
        }
    }

    mutating func lookAtKeys(_ configuration: Configuration) async throws {
        let names = DriveHome.names(in: configuration.paths.drives)
        if names.isEmpty { add("drives", .doubtful, DriveChoiceError.none.hint ?? "") }
        for name in names {
            do {
                let keystore = try DriveHome(name: name, in: configuration.paths.drives).keystore
                _ = try Keystore(contentsOf: keystore)
                add("drive \(name)", .good, "\(keystore)")
            } catch {
                add("drive \(name)", .bad, "\(error)")
            }
        }
        let agent = KeyAgentClient(socketPath: configuration.paths.agentSocket)
        do {
            let held = try await onThread { try agent.held() }
            add("agent", .good, held.map { "holds the keys of \($0.count) drives" } ?? "is not running")
        } catch {
            add("agent", .bad, "\(error)")
        }
    }

    mutating func lookAtDisks(_ paths: Paths) {
        for (name, path) in [("state", paths.state), ("cache", paths.cache)] {
            guard let free = Self.freeBytes(path) else {
                add("\(name) directory", .bad, "\(path) cannot be looked at: \(Errno(rawValue: errno))")
                continue
            }
            // A put spools a volume of 16 segments at most before it goes out.
            let enough = 1 << 30
            add("\(name) directory", free < enough ? .doubtful : .good, "\(path), \(Quantities.text(bytes: free)) free")
        }
    }

    mutating func lookAtNetwork(_ configuration: Configuration) async {
        do {
            let target = try configuration.chosenNetwork()
            let http = HTTPClient()
            let chain = try await connect(target, configuration, http)
            add("network \(target.name)", .good, "\(target.endpoints.joined(separator: ", ")), genesis as expected")
            let block = try await chain.finalizedBlock()
            lookAtTime(of: block)
            let miners = try await chain.miners(at: chain.bestBlock().hash).filter(\.isPositive)
            let rows = try await NodeRow.probe(miners, NodeClient(httpClient: http))
            let count = rows.filter(\.answers).count
            let state: State = count >= 12 ? .good : count >= 4 ? .doubtful : .bad
            add("nodes", state, "\(count) of \(rows.count) answer; storing takes 12, reading 4 of each volume's")
        } catch NetworkError.notChosen {
            add("network", .doubtful, "\(NetworkError.notChosen): \(NetworkError.notChosen.hint ?? "")")
        } catch {
            let report = ErrorReport(error)
            add("network", .bad, [report.message, report.hint].compactMap { $0 }.joined(separator: "; "))
        }
    }

    private mutating func lookAtTime(of block: BlockRef) {
        guard let milliseconds = block.milliseconds else {
            return add("finality", .good, "block \(block.number)")
        }
        let age = Date().timeIntervalSince1970 - Double(milliseconds) / 1000
        let text = "block \(block.number), \(Quantities.text(.seconds(abs(age)))) \(age < 0 ? "in the future" : "old")"
        add("finality", age > 600 || age < -60 ? .doubtful : .good, text)
    }

    /// Of the file system that holds the path, or would.
    private static func freeBytes(_ path: FilePath) -> Int? {
        var path = path
        var status = statvfs()
        while unsafe statvfs(path.string, &status) != 0 {
            guard errno == ENOENT, path.removeLastComponent() else { return nil }
        }
        return Int(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    }

    var text: String {
        findings.map { finding in
            let word = finding.state.rawValue
            return word + String(repeating: " ", count: 9 - word.count) + "\(finding.subject): \(finding.detail)"
        }.joined(separator: "\n")
    }

    var json: JSONText {
        .object([
            (
                "findings",
                .array(
                    findings.map {
                        .object([
                            ("subject", .string($0.subject)), ("state", .string($0.state.rawValue)),
                            ("detail", .string($0.detail)),
                        ])
                    })
            )
        ])
    }
}
