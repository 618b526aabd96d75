import ArgumentParser
import FUSE
import SystemPackage

/// `cessdrive umount`: ends a mount.
struct UnmountCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "umount", abstract: "Take a mounted drive off.",
        discussion: """
            It returns when everything that was changed is in the drive. With --timeout it waits no longer than that, names
            the first 50 of what is on this machine only, and ends with 3; the next mount goes on with it.

            Examples:
              cessdrive umount ~/Drive
              cessdrive umount --timeout 30s ~/Drive
              cessdrive umount --lazy ~/Drive
            """)

    @Argument(help: "Where it is mounted.") var mountPoint: FilePath
    @Option(help: ArgumentHelp("Wait at most so long for what was changed.", valueName: "time"))
    var timeout: DurationArgument?
    @Flag(help: "Also where it is in use: it ends with the last use, and nothing is waited for.") var lazy = false
    @OptionGroup var output: OutputOptions

    /// So many of what is left are named.
    private static let namedCount = 50

    func run(console: Console) async throws {
        let point = try MountPoint(existing: mountPoint)
        switch point.state {
        case .ours:
            guard !lazy else { return try await onThread { try point.unmount(lazily: true) } }
            // Asked before, so that it does not end unheard.
            let conversation = try await conversation(point)
            try await onThread { try point.unmount() }
            if let conversation { try await wait(for: conversation, point, console) }
        case .abandoned: try await onThread { try point.unmount(lazily: true) }
        case .nothing:
            // Unmounted before, and still at it.
            guard let conversation = try await conversation(point) else {
                throw MountCommandError.notMounted(point.path)
            }
            try await wait(for: conversation, point, console)
        case .somethingElse: throw MountCommandError.notMounted(point.path)
        }
    }

    private func conversation(_ point: MountPoint) async throws -> MountConversation? {
        let limit = timeout.map { Int64($0.duration / .milliseconds(1)) }
        return try await MountClient(point, Paths(environment: ByteText.environment)).ask(.ending(milliseconds: limit))
    }

    private func wait(for conversation: MountConversation, _ point: MountPoint, _ console: Console) async throws {
        let left = MountStatusAnswer()
        do {
            _ = try await console.withProgress { meter in
                try await conversation.finish { answer in
                    if case .progress(let state) = answer { meter.update { $0 = state } }
                    left.note(answer)
                }
            }
            try await conversation.processHasEnded()
        } catch {
            if error is MountFailure { try await conversation.processHasEnded() }
            for change in left.changes.prefix(Self.namedCount) { console.note(change.line) }
            // How many there are in all comes with the error.
            if left.changes.count > Self.namedCount { console.note("…") }
            if error is CancellationError { console.note("cessdrive: what was changed is on its way nevertheless") }
            throw error
        }
    }
}

extension MountReport.Change {
    /// `local  12.3 MiB  a/b`.
    var line: String {
        let path = String(decoding: path, as: UTF8.self)
        let size = isRemoved ? "removed" : Quantities.text(bytes: Int(clamping: byteCount))
        return "\(stage ?? "local")  \(size)  \(path)"
    }

    var json: JSONText {
        .object(
            JSONText.name(Array(path), as: "path") + [
                ("bytes", .integer(Int64(clamping: byteCount))), ("removed", .bool(isRemoved)),
                ("stage", .string(stage ?? "local")),
            ])
    }
}
