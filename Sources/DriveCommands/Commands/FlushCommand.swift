import ArgumentParser
import BlobStore
import Drive

/// `cessdrive flush`: carries on what an earlier command left undone.
struct FlushCommand: ChangingCommand {
    static let configuration = CommandConfiguration(
        commandName: "flush", abstract: "Carry on what an earlier --wait or an interruption left undone.",
        discussion: """
            It goes as far as --wait says, or else until everything is complete, whatever 'wait' is set to. Where nothing is on
            its way it does nothing.

            Examples:
              cessdrive put --wait staged -r /data /data && cessdrive flush
              cessdrive flush --wait placed
            """)

    @OptionGroup var changing: ChangingOptions
    @OptionGroup var shared: SharedOptions

    var settings: [Setting: String] {
        var settings = changing.settings
        settings[.wait] = changing.wait ?? Stage.complete.description
        return settings
    }

    func run(on open: OpenDrive, console: Console) async throws {
        let result = try await open.change("flush", changing, console) { try await open.drive.finish($0) }
        let summary = FlushSummary(result: result)
        if console.json { try console.show(summary) } else { console.note(summary.text) }
    }
}

/// What was on its way, and how far it is.
private struct FlushSummary: Presentable {
    /// Nil where nothing was.
    let result: ChangeResult?

    var text: String {
        guard let result else { return "nothing was on its way" }
        guard result.hasCommit, let commit = result.commit else { return "what was on its way is in the drive already" }
        return "commit \(commit.prefix(12)) \(result.stage)"
    }

    var json: JSONText {
        .object(result?.members ?? [("commit", .null), ("stage", .string(Stage.complete.description))])
    }
}
