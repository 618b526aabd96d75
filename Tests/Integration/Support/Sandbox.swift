import Foundation
import Subprocess
import SystemPackage

/// A machine of its own for one test: an empty home, its own runtime directory, the program on the path.
///
/// Whatever network was started in it is stopped and everything is deleted at its end.
struct Sandbox: Sendable {
    let directory: FilePath
    /// Lines of bash that come before each.
    var exports = ""
    private let environment: [String: String]

    /// The release program that the tests are about; nil where none was named, and then they are skipped.
    static let program = ProcessInfo.processInfo.environment["CESSDRIVE_BINARY"].flatMap { path in
        FileManager.default.isExecutableFile(atPath: path) ? FilePath(path) : nil
    }

    /// Lends a sandbox.
    static func with<Result>(_ body: (Sandbox) async throws -> Result) async throws -> Result {
        let sandbox = try Sandbox()
        do {
            let result = try await body(sandbox)
            await sandbox.end()
            return result
        } catch {
            await sandbox.end()
            throw error
        }
    }

    private init() throws {
        let name = "cessdrive-test-" + UUID().uuidString.prefix(8)
        directory = FilePath(FileManager.default.temporaryDirectory.path).appending(String(name))
        for folder in ["home", "runtime", "bin", "work"] {
            try FileManager.default.createDirectory(
                atPath: directory.appending(folder).string, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        }
        if let program = Self.program {
            try FileManager.default.createSymbolicLink(
                atPath: directory.appending("bin/cessdrive").string, withDestinationPath: program.string)
        }
        environment = [
            "HOME": directory.appending("home").string,
            "XDG_RUNTIME_DIR": directory.appending("runtime").string,
            "PATH": directory.appending("bin").string + ":/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "WORK": directory.appending("work").string,
            "NET": directory.appending("net").string,
            "TOOLS": URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .appendingPathComponent("Tools").path,
            "TMPDIR": directory.appending("work").string,
            "LANG": "C.UTF-8", "TERM": "dumb",
        ]
    }

    /// What a command said and how it ended.
    struct Outcome: Sendable {
        var status: Int32
        var output: String
        var error: String
    }

    /// Runs a line of bash in the work directory.
    ///
    /// - Throws: `SandboxError.late` if it takes longer than `limit`.
    func run(_ line: String, limit: Duration = .seconds(300)) async throws -> Outcome {
        try await withThrowingTaskGroup(of: Outcome.self) { group in
            group.addTask { try await bash(line) }
            group.addTask {
                try await Task.sleep(for: limit)
                throw SandboxError.late(line)
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw SandboxError.late(line) }
            return first
        }
    }

    private func bash(_ line: String) async throws -> Outcome {
        let variables = environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) }
        let result = try await Subprocess.run(
            .path("/bin/bash"), arguments: ["-u", "-o", "pipefail", "-c", exports + line],
            environment: .custom(Dictionary(uniqueKeysWithValues: variables)),
            workingDirectory: directory.appending("work"), input: .none,
            output: .string(limit: 64 << 20), error: .string(limit: 64 << 20))
        let status: Int32 =
            switch result.terminationStatus {
            case .exited(let code): code
            case .signaled(let signal): 128 + signal
            }
        return Outcome(status: status, output: result.standardOutput, error: result.standardError)
    }

    private func end() async {
        // A cancelled test has to clean up too.
        await Task {
            // A drive that is still mounted must not be deleted with the folder, nor keep it.
            let mounted = "awk -v home=$WORK/ 'index($5, home) == 1 { print $5 }' /proc/self/mountinfo"
            _ = try? await run("\(mounted) | xargs -r umount -l; cessdrive key lock", limit: .seconds(60))
            _ = try? await run("cessdrive localnet stop --dir $NET", limit: .seconds(60))
            try? FileManager.default.removeItem(atPath: directory.string)
        }.value
    }
}

enum SandboxError: Error, CustomStringConvertible {
    case late(String)

    var description: String {
        switch self {
        case .late(let line): "too late: \(line)"
        }
    }
}
