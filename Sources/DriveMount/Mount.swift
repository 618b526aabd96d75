internal import Dispatch
public import Drive
internal import DriveFormat
internal import FUSE
internal import LocalCache
public import Logging
internal import Synchronization
public import SystemPackage

/// A drive, mounted as a local folder.
public final class Mount: Sendable {
    private let mounted: MountedDrive
    private let session: Session
    private let drive: Drive
    private let reader: DriveReader
    private let options: MountOptions
    private let logger: Logger
    /// Set for a commit of the past, which nothing changes any more.
    private let isFixed: Bool

    /// Threads that take the kernel's requests: what is at hand is answered on them.
    private static let threadCount = 4

    /// Mounts it; `serve` has to follow.
    ///
    /// - Parameters:
    ///   - snapshot: a commit of the past; nil for the drive as it is and will be.
    ///   - caches: a directory for the caches of all mounts of this drive.
    /// - Throws: `MountError`; `CacheError`; what reading the drive throws.
    public init(
        _ drive: Drive, at mountPoint: FilePath, snapshot: Snapshot? = nil, caches: FilePath, options: MountOptions,
        logger: Logger
    ) async throws {
        self.drive = drive
        reader = try await drive.reader()
        isFixed = snapshot != nil
        let first = if let snapshot { snapshot } else { try await reader.head() }
        let slot = try await Self.onThread {
            try CacheSlot.open(
                in: caches, key: drive.mountKey, isReadOnly: options.isReadOnly || snapshot != nil, options)
        }
        mounted = MountedDrive(first, cache: slot.cache, options: options, logger: logger)
        try await mounted.restore(slot.records)
        self.options = options
        self.logger = logger
        let (mounted, list) = (mounted, options.list(drive.name))
        session = try await Self.onThread { try Session(mounted, at: mountPoint, options: list) }
    }

    /// Serves requests until the drive is unmounted, by whomever. When the task is cancelled it unmounts the drive itself; what
    /// programs have open goes on for as long as they have it.
    ///
    /// - Throws: `CacheError` where what was changed last may not be on the disk.
    public func serve() async throws {
        let point = MountPoint(session.mountPoint)
        // Ends with the session.
        let following = isFixed ? nil : Task { await self.follow() }
        let syncing = Task { await self.keepSynced() }
        defer {
            following?.cancel()
            syncing.cancel()
        }
        await withTaskCancellationHandler {
            await session.serve(threads: Self.threadCount)
        } onCancel: {
            DispatchQueue.global().async { try? point.unmount(lazily: true) }
        }
        let cache = mounted.cache
        following?.cancel()
        await following?.value
        if !Task.isCancelled {
            await attempt("the last commit could not be made") { try await commit(ChangeOptions()) }
        }
        try await Self.onThread { try cache.close() }
    }

    /// What was closed survives the loss of power within a second.
    private func keepSynced() async {
        let cache = mounted.cache
        while (try? await Task.sleep(for: .seconds(1))) != nil {
            guard !cache.isSynced else { continue }
            do { try await Self.onThread { try cache.sync() } } catch {
                logger.error("the cache could not be synced", metadata: ["error": "\(loggable(error))"])
            }
        }
    }

    // MARK: Committing and following

    /// Between two commits, also where the first has failed.
    private static let commitPause: Duration = .seconds(10)

    /// Commits what was changed when its time has come, and takes over what other machines commit: one after the other.
    private func follow() async {
        let clock = ContinuousClock()
        var (committed, polled) = (clock.now, clock.now)
        while (try? await Task.sleep(for: .milliseconds(500))) != nil {
            let waited = clock.now - committed
            let isMuch = mounted.cache.dirtyByteCount >= options.commitByteCount && waited >= Self.commitPause
            if waited >= options.commitInterval || isMuch {
                await attempt("the commit could not be made") { try await self.commit(ChangeOptions()) }
                (committed, polled) = (clock.now, clock.now)
            } else if clock.now - polled >= options.pollInterval {
                await attempt("the head could not be looked up") {
                    await self.forget(try await self.mounted.adopt(try await self.reader.head()))
                }
                polled = clock.now
            }
        }
    }

    private func attempt(_ complaint: String, _ work: () async throws -> Void) async {
        do { try await work() } catch {
            logger.warning("\(complaint)", metadata: ["error": "\(loggable(error))"])
        }
    }

    /// Commits all that was changed until now.
    private func commit(_ options: ChangeOptions) async throws {
        // What other commands have left undone is none of its business.
        guard !self.options.isReadOnly else { return }
        // What an earlier attempt has left undone is the drive's first, so that this one stands on it.
        if try await drive.finish(options) != nil { await forget(try await mounted.adopt(try await reader.head())) }
        guard let tree = mounted.freeze() else { return }
        var options = options
        options.message = "mount"
        let made = Mutex<Entry?>(nil)
        let (mounted, snapshot) = (mounted, mounted.liveView.snapshot)
        _ = try await drive.commit(options) { staging in
            let change = try await CommitMaking(staging: staging, tree: tree, snapshot: snapshot).change()
            try await mounted.remember(tree)
            made.withLock { $0 = change.root }
            return change
        }
        guard let root = made.withLock({ $0 }) else { return }
        await forget(try await mounted.settle(tree, root: root, in: try await reader.head()))
    }

    /// The kernel waits for its own requests there, so never on a thread that others wait for.
    private func forget(_ invalid: [Invalidation]) async {
        guard !invalid.isEmpty else { return }
        let session = session
        _ = try? await Self.onThread {
            for item in invalid {
                switch item {
                case .name(let place): session.invalidate(place.name, in: place.parent)
                case .inode(let number): session.invalidate(number)
                }
            }
        }
    }

    private static func onThread<R: Sendable>(_ work: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try work() }) }
        }
    }
}

extension MountOptions {
    /// As mount.fuse3(8) has them.
    fileprivate func list(_ name: String) -> [String] {
        // A comma would end the name.
        let label = name.map { $0 == "," || $0 == "\\" ? "_" : $0 }
        var list = ["fsname=cessdrive:\(String(label))", "subtype=cessdrive", "default_permissions"]
        if isReadOnly { list.append("ro") }
        if allowsOthers { list.append("allow_other") }
        return list + others
    }
}
