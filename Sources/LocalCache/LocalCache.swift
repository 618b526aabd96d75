internal import Glibc
public import Primitives
internal import Synchronization

/// A sealed store of files and records in one directory, for one process at a time, that loses nothing it has acknowledged.
///
/// Files are containers of bytes, named by numbers. What was written is *dirty* until `clean` says that it is stored elsewhere, too,
/// and is never evicted before that; what was fetched is *clean*, and goes when room is needed. Records are pairs of key and
/// value, which opening the cache hands out.
///
/// A call that has returned survives the end of the process, and after `sync` the loss of power. Every call is made as a whole,
/// and what is found after a crash is what was there at some moment: never a later change without an earlier one.
///
/// All calls block, may come from any number of threads, and must not come from the cooperative pool.
///
/// Format: Docs/Format/LocalCache.md.
public final class LocalCache: Sendable {
    /// What could not be used when the cache was opened.
    public let report: ReplayReport

    let directory: CacheDirectory
    let key: Secret
    let limits: CacheLimits
    let reserve: SpaceReserve
    let writeBuffers = BufferPool()
    let readers: ExtentReader
    let random: @Sendable (Int) -> [UInt8]
    let didSync: @Sendable () -> Void
    private let lockFile: StoredFile

    // Locks are taken in this order.
    let cleaning = Mutex(())
    let syncing = Mutex(SyncState())
    let log: Mutex<LogState>
    let index: Mutex<CacheIndex>

    /// Records that were appended since the cache was opened, and how many of them are durable.
    let appended = Atomic<UInt64>(0)
    let synced = Atomic<UInt64>(0)
    /// Whether a segment was begun since the limits were looked at.
    let mayNeedRoom = Atomic<Bool>(true)
    private let nextFile: Atomic<UInt64>
    private let dirtyLimit = Atomic<UInt64>(.max)

    /// Opens the cache, or makes an empty one.
    ///
    /// - Parameters:
    ///   - key: 32 bytes.
    ///   - replay: is called for every change of a record in the order in which they were made; the last of a key counts.
    /// - Throws: `CacheError.inUse`, `wrongKey`, `full`, `system`, `unsynced`.
    /// - Complexity: reads the footers of all segments, and all of those that have none.
    public convenience init(
        directory: String, key: Secret, limits: CacheLimits, replay: (RecordChange) -> Void
    ) throws(CacheError) {
        try self.init(
            directory: directory, key: key, limits: limits, random: SystemRandom.bytes, didSync: {}, replay: replay)
    }

    /// For tests, which play the power's part.
    ///
    /// - Parameters:
    ///   - random: makes nonce prefixes and salts.
    ///   - didSync: is called when everything was synced that is in the segments.
    init(
        directory path: String, key: Secret, limits: CacheLimits, random: @escaping @Sendable (Int) -> [UInt8],
        didSync: @escaping @Sendable () -> Void, replay: (RecordChange) -> Void
    ) throws(CacheError) {
        precondition(key.byteCount == 32 && 1...(1 << 30) ~= limits.segmentByteCount)
        directory = try CacheDirectory(path)
        lockFile = try StoredFile(path: directory.path(Self.lockName), flags: O_RDWR | O_CREAT)
        guard try lockFile.lock() else { throw .inUse(directory: path) }
        self.key = key
        self.limits = limits
        self.random = random
        self.didSync = didSync
        let buffers = BufferPool()
        readers = ExtentReader(buffers: buffers)
        var replayed = Replay(directory, key: key, limits, buffers: buffers, random: random)
        try replayed.run(replay)
        report = replayed.report
        index = Mutex(replayed.index)
        log = Mutex(LogState(nextNumber: replayed.nextNumber, previous: replayed.last))
        // Segment numbers only grow: those of this process's files come after those of every process before it.
        nextFile = Atomic(UInt64(replayed.nextNumber) << 32)
        reserve = try SpaceReserve(directory, byteCount: UInt64(limits.segmentByteCount))
    }

    /// Whether new bytes can be written: not where the disk has no room for what is held back for making room.
    public var isWritable: Bool { reserve.restore() }

    /// Whether somebody has the cache in this directory open, which asking does not; nil where there is none.
    ///
    /// - Throws: `CacheError.system`.
    public static func isOpen(in directory: String) throws(CacheError) -> Bool? {
        do throws(CacheError) {
            return try StoredFile(path: directory + "/" + lockName, flags: O_RDWR).isLocked
        } catch {
            guard case .system(_, ENOENT) = error else { throw error }
            return nil
        }
    }

    private static let lockName = "lock"

    /// A number that no file ever had in this cache, nor gets again.
    public func newFile() -> FileNumber { FileNumber(nextFile.wrappingAdd(1, ordering: .relaxed).oldValue) }

    // MARK: Changing

    /// Writes bytes, which are dirty, and changes records with them.
    ///
    /// - Throws: `CacheError.full`, `tooLarge` beyond 32 MiB, `closed`, `system`; nothing was written then.
    public func write(
        _ bytes: Span<UInt8>, to file: FileNumber, at offset: UInt64, records: [RecordChange] = []
    ) throws(CacheError) {
        let range = try Self.range(from: offset, count: bytes.count)
        // Evicting would not help.
        let (dirty, isBeyond) = dirtyByteCount.addingReportingOverflow(UInt64(bytes.count))
        guard !isBeyond, dirty <= dirtyLimit.load(ordering: .relaxed) else { throw .full }
        try appendMakingRoom(bytes, isPrivileged: false) { _ throws(CacheError) in
            var plan = RecordPlan(changes: records.map(LoggedChange.init))
            if !range.isEmpty {
                plan.changes.append(
                    .data(file, start: offset, count: range.count, offset: 0, isDirty: true))
            }
            return plan
        }
    }

    /// Keeps bytes that were fetched, which are clean. Only what is not here is taken of them.
    ///
    /// - Throws: as `write`.
    public func keep(_ bytes: Span<UInt8>, of file: FileNumber, at offset: UInt64) throws(CacheError) {
        let range = try Self.range(from: offset, count: bytes.count)
        let gaps = index.withLock { $0.gaps(of: file, in: range) }
        guard let first = gaps.first, let last = gaps.last else { return }
        let hull = first.lowerBound..<last.upperBound
        let part = bytes.extracting(Int(hull.lowerBound - offset)..<Int(hull.upperBound - offset))
        try appendMakingRoom(part, isPrivileged: false) { index throws(CacheError) in
            RecordPlan(
                changes: index.gaps(of: file, in: hull).map {
                    .data(
                        file, start: $0.lowerBound, count: $0.count, offset: Int($0.lowerBound - hull.lowerBound),
                        isDirty: false)
                })
        }
    }

    /// Makes all of the changes, in their order, or none of them.
    ///
    /// - Parameter makesRoom: whether it is on the way to making room, as to say what is stored elsewhere.
    /// - Throws: as `write`. On a full disk there is room left for batches that do, or that remove, truncate or erase something.
    public func apply(_ batch: [CacheChange], makesRoom: Bool = false) throws(CacheError) {
        var changes: [LoggedChange] = []
        for change in batch {
            switch change {
            case .record(let record): changes.append(LoggedChange(record))
            case .erase(let file, let range):
                guard range.upperBound <= CacheLimits.fileByteCount else { throw .tooLarge }
                if !range.isEmpty { changes.append(.erased(file, range)) }
            case .truncate(let file, let end): changes.append(.truncated(file, to: end))
            case .remove(let file): changes.append(.removed(file))
            }
        }
        let plan = RecordPlan(changes: changes)
        try appendMakingRoom(Span(), isPrivileged: makesRoom || batch.contains(where: \.freesRoom)) {
            _ throws(CacheError) in plan
        }
    }

    /// What was dirty in a file when it was frozen, and was not changed since, is stored elsewhere: it is clean now, or a hole
    /// that needs not be stored again. The records change with that.
    ///
    /// Of a file in more than half a million pieces, some may still be dirty after a crash, when the records have changed already:
    /// they will be stored once more.
    ///
    /// - Throws: as `apply`.
    public func clean(_ frozen: FrozenFile, records: [RecordChange] = []) throws(CacheError) {
        var isDone = false
        var records = records.map(LoggedChange.init)
        while !isDone {
            try appendMakingRoom(Span(), isPrivileged: true) { index throws(CacheError) in
                let cleaned = index.dirtyRanges(
                    of: frozen.file, through: frozen.epoch, limit: Self.cleanedRangesAtOnce)
                isDone = cleaned.count < Self.cleanedRangesAtOnce
                return RecordPlan(changes: records + cleaned.map { .cleaned(frozen.file, $0) })
            }
            records = []
        }
    }

    /// As many as a record's header has room for in any case, beside records of some megabytes.
    private static let cleanedRangesAtOnce = 500_000

    private static func range(from offset: UInt64, count: Int) throws(CacheError) -> Range<UInt64> {
        guard offset < CacheLimits.fileByteCount, UInt64(count) <= CacheLimits.fileByteCount - offset,
            count <= SealedBlocks.maximumPayloadByteCount
        else { throw .tooLarge }
        return offset..<offset + UInt64(count)
    }

    // MARK: Room

    /// What the cache's segments take on the disk.
    public var byteCount: UInt64 {
        index.withLock { $0.segments.values.reduce(0) { $0 + $1.byteCount } }
    }

    /// How many bytes are stored nowhere else.
    public var dirtyByteCount: UInt64 { UInt64(index.withLock { $0.dirtyByteCount }) }

    /// From now on writers get `CacheError.full` where more than this would be dirty.
    public func limitDirty(to byteCount: UInt64) { dirtyLimit.store(byteCount, ordering: .relaxed) }

    // MARK: Ending

    /// Makes everything durable, leaves footers for the next opening, and lets others open the directory.
    ///
    /// - Throws: as `sync`; the cache is closed nevertheless.
    public func close() throws(CacheError) {
        let wasClosed = log.withLock { log in
            defer { log.isClosed = true }
            if !log.isClosed { log.closeHead() }
            return log.isClosed
        }
        if wasClosed { return }
        defer { lockFile.unlock() }
        try finish()
    }
}
