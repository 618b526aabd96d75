internal import CLinux
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
    let mounted: MountedDrive
    let session: Session
    let drive: Drive
    let reader: DriveReader
    private let nodes: KeptNodes
    private let cacheDirectory: FilePath
    /// Of earlier mounts, with nothing in them that would be left.
    private let unchangedCaches: [FilePath]
    let options: MountOptions
    /// How what was changed is committed.
    let changing: ChangeOptions
    let logger: Logger
    let started = ContinuousClock.now
    /// Set for a commit of the past, which nothing changes any more.
    private let isFixed: Bool
    let committing = Mutex(CommittingState())
    /// Rings when there may be something to do for `follow`.
    let bell = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// Threads that take the kernel's requests: what is at hand is answered on them.
    private static let threadCount = 4
    /// How often what was evicted is forgotten.
    private static let sweepSeconds = 600
    /// So many files are known at once, besides those that are in use or not in the drive yet.
    private static let fileLimit = 150_000
    /// After so many new ones, or so many seconds, it is looked for those that are too many.
    private static let lookAfterFiles: UInt64 = 16_384
    private static let lookAfter: Duration = .seconds(60)

    /// Mounts it; `serve` has to follow.
    ///
    /// - Parameters:
    ///   - snapshot: a commit of the past; nil for the drive as it is and will be.
    ///   - caches: a directory for the caches of all mounts of this drive.
    ///   - changing: how changes are committed; how far, and their message, are the mount's own matter.
    /// - Throws: `MountError`; `CacheError`; what reading the drive throws.
    public init(
        _ drive: Drive, at mountPoint: FilePath, snapshot: Snapshot? = nil, caches: FilePath, options: MountOptions,
        changing: ChangeOptions, logger: Logger
    ) async throws {
        self.drive = drive
        self.changing = changing
        isFixed = snapshot != nil
        let slot = try await Self.onThread {
            try CacheSlot.open(
                in: caches, key: drive.mountKey, isReadOnly: options.isReadOnly || snapshot != nil, options)
        }
        cacheDirectory = slot.directory
        unchangedCaches = slot.others
        nodes = KeptNodes(slot)
        drive.keep(in: nodes)
        reader = try await drive.reader()
        let first = if let snapshot { snapshot } else { try await Self.first(reader, logger) }
        let report = slot.cache.report
        if !report.setAside.isEmpty || !report.missing.isEmpty {
            logger.error(
                "a part of the cache cannot be read, and what was changed last may be lost",
                metadata: ["aside": "\(report.setAside)", "missing": "\(report.missing)"])
        }
        if report.tornByteCount > 0 {
            logger.error(
                "the end of the cache is not whole, as after a loss of power: what was written last, and not synced, may be lost",
                metadata: ["bytes": "\(report.tornByteCount)"])
        }
        if !options.isReadOnly, !isFixed, !slot.cache.isWritable {
            logger.warning("the disk of the cache is full: until it has room, nothing can be written to the mount")
        }
        mounted = MountedDrive(
            first, history: isFixed ? nil : History(reader), cache: slot.cache, options: options, logger: logger)
        try await mounted.restore(slot.records) { try await drive.isInDrive($0) }
        self.options = options
        self.logger = logger
        // Reading the journal takes more than what is kept of it.
        cessdrive_give_back_freed_memory()
        let (mounted, list) = (mounted, options.list(drive.name))
        session = try await Self.onThread { try Session(mounted, at: mountPoint, options: list) }
    }

    /// The drive as it is, or where nobody can be asked as this machine has seen it last: what was changed since appears when the
    /// network is back.
    private static func first(_ reader: DriveReader, _ logger: Logger) async throws -> Snapshot {
        do { return try await reader.head() } catch let error as DriveError { throw error } catch {
            guard !Task.isCancelled, let known = try await reader.knownHead() else { throw error }
            logger.warning("the head could not be looked up", metadata: ["error": "\(loggable(error))"])
            return known
        }
    }

    public var mountPoint: FilePath { session.mountPoint }

    /// Serves requests until the drive is unmounted, by whomever, and commits what was changed. When the task is cancelled it
    /// unmounts the drive itself; what programs have open goes on for as long as they have it.
    ///
    /// - Throws: `CacheError` where what was changed last may not be on the disk.
    public func serve() async throws {
        let point = MountPoint(session.mountPoint)
        if !options.isReadOnly { await noteCache() }
        // All end with the session.
        let following = isFixed ? nil : Task { await self.follow() }
        let ringing = Task { await self.ring() }
        let forgetting = Task { await self.forgetFiles() }
        let syncing = Task { await self.keepSynced() }
        await withTaskCancellationHandler {
            await session.serve(threads: Self.threadCount)
        } onCancel: {
            DispatchQueue.global().async { try? point.unmount(lazily: true) }
        }
        ringing.cancel()
        forgetting.cancel()
        // Not cancelled with the task: being told to end means to end well.
        await Task { await self.end(following) }.value
        syncing.cancel()
        defer { hasEnded() }
        if !options.isReadOnly, status(limit: 0).changeCount == 0 { await forgetCaches([cacheDirectory]) }
        let cache = mounted.cache
        try await Self.onThread { try cache.close() }
    }

    /// From now on something may be in the cache that is nowhere else.
    private func noteCache() async {
        do { try await drive.note(mountCache: cacheDirectory) } catch {
            logger.error(
                "where this mount's cache is could not be noted: 'status' will not know it if it is left",
                metadata: ["error": "\(loggable(error))"])
        }
        // Another mount may have taken one meanwhile.
        await forgetCaches(unchangedCaches.filter { (try? LocalCache.isOpen(in: $0.string)) != true })
        let left = (try? await UnfinishedMount.all(of: drive)) ?? []
        if !left.isEmpty {
            logger.warning(
                "other mounts have left something that this one does not carry on: see 'cessdrive status'",
                metadata: ["caches": "\(left.count)"])
        }
    }

    private func forgetCaches(_ unchanged: [FilePath]) async {
        guard !unchanged.isEmpty else { return }
        do { try await drive.forget(mountCaches: unchanged) } catch {
            logger.warning("a cache without changes could not be forgotten", metadata: ["error": "\(loggable(error))"])
        }
    }

    private func ring() async {
        while (try? await Task.sleep(for: .milliseconds(500))) != nil { bell.continuation.yield() }
    }

    /// Whoever walks through a large drive makes more known than anybody uses.
    private func forgetFiles() async {
        let (mounted, session) = (mounted, session)
        var (count, last): (UInt64, ContinuousClock.Instant) = (0, .now)
        while (try? await Task.sleep(for: .milliseconds(200))) != nil {
            let known = mounted.with { $0.table.knownFileCount }
            guard known - count >= Self.lookAfterFiles || .now - last >= Self.lookAfter else { continue }
            (count, last) = (known, .now)
            let places = mounted.with { $0.table.superfluous(over: Self.fileLimit) }
            guard !places.isEmpty else { continue }
            _ = try? await Self.onThread { for place in places { session.invalidate(.name(place)) } }
        }
    }

    /// Lets the commit that is under way come to its end, and makes the last one.
    private func end(_ following: Task<Void, Never>?) async {
        let work = Task {
            bell.continuation.finish()
            await withTaskCancellationHandler {
                await following?.value
            } onCancel: {
                following?.cancel()
            }
            if !options.isReadOnly, !Task.isCancelled {
                _ = await commit(complaining: "the last commit could not be made")
            }
        }
        beginEnding { work.cancel() }
        await work.value
    }

    /// What was closed survives the loss of power within a second.
    private func keepSynced() async {
        let (cache, mounted, nodes) = (mounted.cache, mounted, nodes)
        for second in 1... {
            guard (try? await Task.sleep(for: .seconds(1))) != nil else { return }
            if second.isMultiple(of: Self.sweepSeconds) {
                _ = try? await Self.onThread {
                    try nodes.forgetEvicted()
                    try mounted.forgetEvicted()
                }
            }
            guard !cache.isSynced else { continue }
            do { try await Self.onThread { try cache.sync() } } catch {
                logger.error("the cache could not be synced", metadata: ["error": "\(loggable(error))"])
            }
        }
    }

    static func onThread<R: Sendable>(_ work: @escaping @Sendable () throws -> R) async throws -> R {
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
