import ArgumentParser
import Drive
import DriveMount
import FUSE
import Foundation
import HTTPClient
import Logging
import Sealing
import Substrate
import SystemPackage

/// `cessdrive mount`: the drive as a folder.
struct MountCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "mount", abstract: "Show the drive as a local folder.",
        discussion: """
            The folder is there when the command returns; a process of its own serves it until 'cessdrive umount', or, with
            --foreground, this one does. What other machines commit appears within --poll-interval.

            What is written is sealed on this machine's disk at once: it survives the end of the mount when it is closed, and
            the loss of power when it is synced, or a second later. It is committed every --commit-interval, after
            --commit-size, by 'cessdrive flush', and when the drive is unmounted. What could not be committed is taken up by
            the next mount.

            States of the past are under .snapshots, which no listing shows.

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
    @Option(help: ArgumentHelp("Commit what was changed every so often.", valueName: "time"))
    var commitInterval = DurationArgument(.seconds(300))
    @Option(help: ArgumentHelp("Commit as soon as so much was written.", valueName: "size"))
    var commitSize = SizeArgument(256 << 20)
    @Option(help: ArgumentHelp("How often to look for other machines' commits.", valueName: "time"))
    var pollInterval = DurationArgument(.seconds(10))
    @Option(
        name: .customShort("o"),
        help: ArgumentHelp("Options as in fstab, separated by commas.", valueName: "options"))
    var options: [String] = []
    @Option(help: ArgumentHelp("Where to keep what was fetched and what is written, sealed.", valueName: "directory"))
    var cacheDir: FilePath?
    @Option(help: ArgumentHelp("What the cache takes of the disk at most for what was fetched.", valueName: "size"))
    var cacheMaxSize = SizeArgument(10 << 30)
    @Option(help: ArgumentHelp("What the cache leaves free of the disk.", valueName: "size"))
    var cacheFreeSpace = SizeArgument(1 << 30)
    @OptionGroup var sending: SendingOptions
    /// Set where another process of this program has unlocked the keys.
    @Flag(help: .hidden) var keysFromInput = false
    @OptionGroup var shared: SharedOptions

    var output: OutputOptions { shared.output }

    func validate() throws {
        guard commitSize.byteCount > 0 else { throw ValidationError("--commit-size is more than 0.") }
        guard commitInterval.duration >= .seconds(1) else { throw ValidationError("--commit-interval is 1s or more.") }
        guard pollInterval.duration >= .seconds(1) else { throw ValidationError("--poll-interval is 1s or more.") }
    }

    func run(console: Console) async throws {
        let point = try MountPoint(existing: mountPoint)
        let configuration = try shared.configuration(environment: ByteText.environment, more: sending.settings)
        if keysFromInput {
            let keys = try await onThread { try DailyKeys(fromInput: .standardInput) }
            return try await serve(point, DriveHome.chosen(by: configuration), keys, configuration)
        }
        try await clear(point, configuration.paths, console)
        let access = try KeyAccess(shared, configuration)
        let keys = try await access.dailyKeys()
        if foreground { return try await serve(point, access.home, keys, configuration) }
        try await MountProcess(point, log: configuration.paths.state.appending("mount.log")).start(keys)
        console.note("'\(access.home.name)' is mounted at \(point.path)")
    }

    /// Nobody has to look after a mount whose process is gone.
    private func clear(_ point: MountPoint, _ paths: Paths, _ console: Console) async throws {
        switch point.state {
        case .nothing: break
        case .ours: throw MountCommandError.mountedAlready(point.path)
        case .somethingElse: throw MountCommandError.somethingElse(point.path)
        case .abandoned:
            console.note("cessdrive: what was mounted at \(point.path) has lost its process; mounting anew")
            try await onThread { try point.unmount(lazily: true) }
        }
        if let last = try await MountClient(point, paths).ask(.ending(milliseconds: nil)) {
            console.note("cessdrive: the last mount at \(point.path) is still committing; waiting for it")
            // What it could not commit is taken up now.
            do { _ = try await last.finish { _ in } } catch is MountFailure {} catch MountCommandError.noAnswer {}
        }
        guard !mountOptions.contains(Self.nonEmpty) else { return }
        let names = try await onThread { try FileManager.default.contentsOfDirectory(atPath: point.path.string) }
        guard names.isEmpty else { throw MountCommandError.occupied(point.path) }
    }

    private func serve(
        _ point: MountPoint, _ home: DriveHome, _ keys: DailyKeys, _ configuration: Configuration
    ) async throws {
        let logger = Logger(label: "mount")
        let drive = try await drive(home, keys, configuration, logger)
        let snapshot = if let at = reading.at { try await drive.snapshot(at: at) } else { Snapshot?.none }
        let meter = ProgressMeter()
        var changing = ChangeOptions()
        changing.transfers = try configuration.transfers()
        changing.observer = { meter.note($0) }
        let purchases = MountPurchases(home: home, keys: keys, configuration: configuration, mayBuy: sending.yes)
        changing.expand = { try await purchases.expand(by: $0) }
        changing.declaring = { try await purchases.renew() }
        var options = driveOptions
        options.growsTerritory = try sending.yes || configuration.network(of: keys).isLocal
        let mount = try await Mount(
            drive, at: point.path, snapshot: snapshot, caches: caches(of: home), options: options,
            changing: changing, logger: logger)
        let control = MountControl(
            mount, home: home.name, meter: meter, at: MountClient(point, configuration.paths).socket)
        try await withThrowingTaskGroup { group in
            group.addTask {
                do { try await control.serve() } catch {
                    logger.warning("commands cannot ask the mount", metadata: ["error": "\(error)"])
                }
            }
            if let service = ServiceState(of: mount, logger: logger) { group.addTask { await service.tell() } }
            defer { control.end() }
            try await mount.serve()
        }
        let status = mount.status(limit: 0)
        guard status.changeCount == 0 else {
            throw MountCommandError.stillLocal(point.path, count: status.changeCount, cause: status.failure)
        }
    }

    /// Opened also where nobody of the network can be reached.
    private func drive(
        _ home: DriveHome, _ keys: DailyKeys, _ configuration: Configuration, _ logger: Logger
    ) async throws -> Drive {
        for setting in [Setting.maxCost, .autoRenew] { try configuration.check(setting) }
        let http = HTTPClient()
        let chain = LateChain(genesis: try configuration.network(of: keys).genesis) {
            try await connect(try configuration.network(of: keys), configuration, http)
        }
        do { _ = try await chain.chain() } catch let error as RPCError {
            logger.warning("the network cannot be reached", metadata: ["error": "\(error)"])
        }
        let nodes = try OpenDrive.nodes(http, configuration)
        return try await onThread {
            try Drive(home: home, keys: keys, chain: chain, nodes: nodes, logger: Logger(label: "drive"))
        }
    }

    private func caches(of home: DriveHome) -> FilePath {
        guard let cacheDir else { return home.mounts }
        // One directory has one name, by which what is left in it is found.
        let path = FilePath(FileManager.default.currentDirectoryPath).pushing(cacheDir).string
        return FilePath(URL(fileURLWithPath: path).resolvingSymlinksInPath().path).appending(home.name)
    }

    private static let nonEmpty = "nonempty"
    /// Those of -o, each for itself.
    private var mountOptions: [String] { options.flatMap { $0.split(separator: ",").map(String.init) } }

    private var driveOptions: MountOptions {
        var result = MountOptions()
        result.isReadOnly = readOnly || reading.at != nil || mountOptions.contains("ro")
        result.allowsOthers = allowOther
        result.owner = uid
        result.group = gid
        result.mask = umask?.bits ?? 0
        result.pollInterval = pollInterval.duration
        result.commitInterval = commitInterval.duration
        result.commitByteCount = commitSize.byteCount
        result.cacheByteCount = cacheMaxSize.byteCount
        result.minimumFreeByteCount = cacheFreeSpace.byteCount
        result.others = mountOptions.filter { $0 != Self.nonEmpty && $0 != "ro" }
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
