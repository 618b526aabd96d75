import ArgumentParser
import Drive
import DriveMount
import FUSE
import Foundation
import Logging
import Sealing
import SystemPackage

/// `cessdrive mount`: the drive as a folder.
struct MountCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "mount", abstract: "Show the drive as a local folder.",
        discussion: """
            The folder is there when the command returns; a process of its own serves it until 'cessdrive umount', or, with
            --foreground, this one does. What other machines commit appears within --poll-interval. Mounts are read-only for
            now.

            Examples:
              cessdrive mount ~/Drive
              cessdrive mount --at '2026-11-22 14:00' /mnt/then
              cessdrive mount --foreground --allow-other /srv/drive
            """)

    @Argument(help: "An empty directory.") var mountPoint: FilePath
    @Flag(help: "Let nothing be changed.") var readOnly = false
    @OptionGroup var reading: ReadingOptions
    @Flag(help: "Serve the folder from this process, and end with it.") var foreground = false
    @Flag(help: "Let other users in, as far as permissions allow.") var allowOther = false
    @Option(help: ArgumentHelp("Whom everything belongs to.", valueName: "number")) var uid: UInt32?
    @Option(help: ArgumentHelp("Which group everything belongs to.", valueName: "number")) var gid: UInt32?
    @Option(help: ArgumentHelp("Permissions that nothing has, in octal digits.", valueName: "mask")) var umask: Mask?
    @Option(help: .hidden)
    var commitInterval = DurationArgument(.seconds(300))
    @Option(help: .hidden)
    var commitSize: FileOffset?
    @Option(help: ArgumentHelp("How often to look for other machines' commits.", valueName: "time"))
    var pollInterval = DurationArgument(.seconds(10))
    @Option(
        name: .customShort("o"),
        help: ArgumentHelp("Options as in fstab, separated by commas.", valueName: "options"))
    var options: [String] = []
    /// For the tests of what is not ready for people yet: changes are journalled and committed, but not every failure is met.
    @Flag(help: .hidden) var writable = false
    /// Set where another process of this program has unlocked the keys.
    @Flag(help: .hidden) var keysFromInput = false
    @OptionGroup var shared: SharedOptions

    var output: OutputOptions { shared.output }

    func validate() throws {
        guard commitSize.map({ $0.value > 0 }) != false else { throw ValidationError("--commit-size is more than 0.") }
        guard pollInterval.duration >= .seconds(1) else { throw ValidationError("--poll-interval is 1s or more.") }
    }

    func run(console: Console) async throws {
        let point = try MountPoint(existing: mountPoint)
        try await Self.clear(point, console)
        let configuration = try shared.configuration(environment: ByteText.environment)
        if keysFromInput {
            let keys = try await onThread { try DailyKeys(fromInput: .standardInput) }
            return try await serve(point, DriveHome.chosen(by: configuration), keys, configuration)
        }
        let access = try KeyAccess(shared, configuration)
        let keys = try await access.dailyKeys()
        if foreground { return try await serve(point, access.home, keys, configuration) }
        try await MountProcess(point, log: configuration.paths.state.appending("mount.log")).start(keys)
        console.note("'\(access.home.name)' is mounted at \(point.path)")
    }

    /// Nobody has to look after a mount whose process is gone.
    private static func clear(_ point: MountPoint, _ console: Console) async throws {
        switch point.state {
        case .nothing: return
        case .ours: throw MountCommandError.mountedAlready(point.path)
        case .somethingElse: throw MountCommandError.notEmpty(point.path)
        case .abandoned:
            console.note("cessdrive: what was mounted at \(point.path) has lost its process; mounting anew")
            try await onThread { try point.unmount(lazily: true) }
        }
    }

    private func serve(
        _ point: MountPoint, _ home: DriveHome, _ keys: DailyKeys, _ configuration: Configuration
    ) async throws {
        let open = try await OpenDrive(home: home, keys: keys, configuration: configuration)
        let snapshot = if let at = reading.at { try await open.drive.snapshot(at: at) } else { Snapshot?.none }
        let mount = try await Mount(
            open.drive, at: point.path, snapshot: snapshot, caches: home.mounts, options: mountOptions,
            logger: Logger(label: "mount"))
        try await mount.serve()
    }

    private var mountOptions: MountOptions {
        var result = MountOptions()
        result.isReadOnly = readOnly || reading.at != nil || !writable
        result.allowsOthers = allowOther
        result.owner = uid
        result.group = gid
        result.mask = umask?.bits ?? 0
        result.pollInterval = pollInterval.duration
        result.commitInterval = commitInterval.duration
        if let commitSize { result.commitByteCount = UInt64(commitSize.value) }
        result.others = options.flatMap { $0.split(separator: ",").map(String.init) }
        return result
    }
}

/// Permission bits in octal digits.
struct Mask: ExpressibleByArgument, Sendable {
    let bits: UInt16

    init?(argument: String) {
        guard let bits = UInt16(argument, radix: 8), bits <= 0o777 else { return nil }
        self.bits = bits
    }
}

/// `cessdrive umount`: ends a mount.
struct UnmountCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "umount", abstract: "Take a mounted drive off.",
        discussion: """
            Examples:
              cessdrive umount ~/Drive
              cessdrive umount --lazy ~/Drive
            """)

    @Argument(help: "Where it is mounted.") var mountPoint: FilePath
    @Flag(help: "Also where it is in use: it ends with the last use.") var lazy = false
    @OptionGroup var output: OutputOptions

    func run(console: Console) async throws {
        let (point, lazy) = (try MountPoint(existing: mountPoint), lazy)
        switch point.state {
        case .nothing, .somethingElse: throw MountCommandError.notMounted(point.path)
        case .abandoned: try await onThread { try point.unmount(lazily: true) }
        case .ours: try await onThread { try point.unmount(lazily: lazy) }
        }
    }
}

extension MountPoint {
    /// A directory that exists, also where what is mounted there has lost its process.
    ///
    /// - Throws: `MountCommandError`.
    init(existing path: FilePath) throws {
        // Of an abandoned mount nothing can be asked, but of the directory that holds it.
        let manager = FileManager.default
        let absolute = FilePath(manager.currentDirectoryPath).pushing(path).lexicallyNormalized()
        var parent = absolute
        guard let name = parent.lastComponent, parent.removeLastComponent() else {
            throw MountCommandError.notADirectory(path)
        }
        let real = URL(fileURLWithPath: parent.string).resolvingSymlinksInPath().path
        let point = MountPoint(FilePath(real).appending(name))
        if point.state == .abandoned {
            self = point
            return
        }
        let type = try? URL(fileURLWithPath: point.path.string).resolvingSymlinksInPath().resourceValues(forKeys: [
            .isDirectoryKey
        ])
        guard type?.isDirectory == true else {
            throw MountCommandError.notADirectory(path)
        }
        self.init(FilePath(URL(fileURLWithPath: point.path.string).resolvingSymlinksInPath().path))
    }
}

enum MountCommandError: Reportable, CustomStringConvertible {
    case notADirectory(FilePath)
    case mountedAlready(FilePath)
    case notEmpty(FilePath)
    case notMounted(FilePath)
    /// The process that was to serve it has ended.
    case failed(FilePath, ExitStatus?, lastLine: String, log: FilePath)
    case silent(FilePath, log: FilePath)

    var description: String {
        switch self {
        case .notADirectory(let path): "\(path) is not a directory"
        case .mountedAlready(let path): "a drive is mounted at \(path) already"
        case .notEmpty(let path): "something else is mounted at \(path)"
        case .notMounted(let path): "no drive is mounted at \(path)"
        case .failed(let path, _, let line, _): line.isEmpty ? "nothing could be mounted at \(path)" : line
        case .silent(let path, _): "\(path) was not mounted within a minute"
        }
    }

    var hint: String? {
        switch self {
        case .notADirectory(let path): "mkdir -p \(path)"
        case .mountedAlready(let path): "cessdrive umount \(path)"
        case .notEmpty, .notMounted: nil
        case .failed(_, _, _, let log), .silent(_, let log): "what it said is in \(log)"
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .notADirectory, .notMounted: .notFound
        case .mountedAlready, .notEmpty: .busy
        case .failed(_, let status, _, _): status ?? .failed
        case .silent: .temporary
        }
    }
}
