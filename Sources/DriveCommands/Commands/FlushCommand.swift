import ArgumentParser
import BlobStore
import Drive
import FUSE
import Foundation
import Glibc
import SystemPackage

/// `cessdrive flush`: carries on what earlier commands left undone, and commits what was changed in mounts.
struct FlushCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "flush", abstract: "Commit what was changed in mounts, and carry on what was left undone.",
        discussion: """
            It goes as far as --wait says, or else until everything is complete, whatever 'wait' is set to. Where nothing is on
            its way it does nothing. With a path only the mount that it lies in is committed.

            Examples:
              cp report.pdf ~/Drive && cessdrive flush ~/Drive
              cessdrive put --wait staged -r /data /data && cessdrive flush
              cessdrive flush --wait placed
            """)

    @Argument(help: "A place in a mount.") var path: FilePath?
    @OptionGroup var changing: ChangingOptions
    @OptionGroup var shared: SharedOptions

    var output: OutputOptions { shared.output }

    func run(console: Console) async throws {
        var settings = changing.settings
        settings[.wait] = changing.wait ?? Stage.complete.description
        let configuration = try shared.configuration(environment: ByteText.environment, more: settings)
        let stage = try configuration.stage()
        if let path {
            let point = try MountPoint(holding: path)
            guard let commit = try await commit(point, configuration.paths, stage, console) else {
                throw MountCommandError.notInAMount(path)
            }
            return try show(FlushSummary(commit: commit.id, stage: stage, isDone: commit.id == nil), console)
        }
        let access = try KeyAccess(shared, configuration)
        var last: String?
        for answer in try await MountClient.reports(configuration.paths) {
            guard let report = answer.report, report.home == access.home.name, !report.isReadOnly else { continue }
            last =
                try await commit(MountPoint(FilePath(report.mountPoint)), configuration.paths, stage, console)?.id
                ?? last
        }
        let open = try await OpenDrive(
            home: access.home, keys: try await access.dailyKeys(), configuration: configuration)
        await open.warnOfLease(console)
        let result = try await open.change("flush", changing, console) { try await open.drive.finish($0) }
        try show(FlushSummary(result, mounted: last, stage), console)
    }

    /// - Returns: nil where no mount of this user's is there.
    private func commit(
        _ point: MountPoint, _ paths: Paths, _ stage: Stage, _ console: Console
    ) async throws -> (id: String?, Void)? {
        // What programs have written through a mapping of a file's pages is still the kernel's.
        try await onThread { try point.synchronize() }
        guard let conversation = try await MountClient(point, paths).ask(.flush(stage: stage.description)) else {
            return nil
        }
        let commit = try await console.withProgress { meter in
            try await conversation.finish { answer in
                if case .progress(let state) = answer { meter.update { $0 = state } }
            }
        }
        return (commit, ())
    }

    private func show(_ summary: FlushSummary, _ console: Console) throws {
        if console.json { try console.show(summary) } else { console.note(summary.text) }
    }
}

/// What was on its way, and how far it is.
private struct FlushSummary: Presentable {
    /// Nil where nothing was, or it is in the drive already.
    let commit: String?
    let stage: Stage
    /// Whether something was on its way that the drive had.
    let isDone: Bool

    init(commit: String?, stage: Stage, isDone: Bool) {
        self.commit = commit
        self.stage = stage
        self.isDone = isDone
    }

    init(_ result: ChangeResult?, mounted: String?, _ stage: Stage) {
        guard let result, result.hasCommit, let commit = result.commit else {
            self.init(commit: mounted, stage: stage, isDone: result != nil)
            return
        }
        self.init(commit: commit, stage: result.stage, isDone: false)
    }

    var text: String {
        if let commit { return "commit \(commit.prefix(12)) \(stage)" }
        return isDone ? "what was on its way is in the drive already" : "nothing was on its way"
    }

    var json: JSONText {
        .object([("commit", commit.map(JSONText.string) ?? .null), ("stage", .string(stage.description))])
    }
}
