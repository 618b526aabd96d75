internal import BlobStore
internal import DriveFormat
internal import SCALE
internal import Sealing
internal import Synchronization
public import SystemPackage

/// What making an index anew came to.
public struct RebuildReport: Sendable {
    public internal(set) var segments = 0
    public internal(set) var blobs = 0
    /// Segments whose tables could not be read, each with the reason. Their blobs are in the new index as far as the old one
    /// could be read.
    public internal(set) var unreadable: [(segment: String, reason: String)] = []
}

/// Makes the index of a drive anew from what the segments of its live volumes say of themselves.
///
/// Format: Docs/Format/Segments.md, "Without an index".
final class IndexRebuilding: Sendable {
    /// Segments whose tables are read at a time.
    private static let parallel = 8

    private let scratch: FilePath
    private let state = Mutex((report: RebuildReport(), tries: 0))

    /// - Parameter scratch: a directory of its own; about 300 bytes for each blob of the drive are kept there.
    init(scratch: FilePath) { self.scratch = scratch }

    var report: RebuildReport { state.withLock { $0.report } }

    /// Reads the tables of all volumes that the parents hold. What this machine knew of the index is replaced by it.
    ///
    /// - Throws: what says nothing of the drive; tables that cannot be read are noted.
    func rebuild(
        _ parents: Parents, _ trees: DriveTrees, _ tables: SegmentTables, _ drive: Drive
    ) async throws -> RebuiltIndex {
        // Made again where another machine was faster.
        let number = state.withLock { state in
            state.report = RebuildReport()
            state.tries += 1
            return state.tries
        }
        let ledger = try BlobLedger(path: scratch.appending("rebuilt-\(number).sqlite"))
        let live = try await LiveVolumes(parents, trees, drive.database)
        let epochs = try await drive.epochKeys()
        try await drive.database.forgetIndex()
        var unreadable: Set<VolumeID> = []
        func read(_ volume: VolumeID, _ record: VolumeRecord) async throws {
            try await drive.database.learnVolumes([(volume, record)])
            for start in stride(from: 0, to: record.segments.count, by: Self.parallel) {
                let numbers = start..<min(start + Self.parallel, record.segments.count)
                let found = try await self.tables(numbers, of: volume, tables, epochs)
                if !found.isWhole { unreadable.insert(volume) }
                try await ledger.add(found.blobs)
                try await drive.database.learn(found.blobs.map { ($0.id, $0.pointer) })
            }
        }
        for id in live.own {
            if let record = try await live.record(of: id) { try await read(id, record) }
        }
        if let set = live.set {
            for try await item in trees.volumes.entries(of: set) {
                try await read(VolumeID(scaleBytes: item.key), VolumeRecord(scaleBytes: item.value))
            }
        }
        if !unreadable.isEmpty { try await takeOver(parents.runs, of: unreadable, trees, ledger, drive.database) }
        let count = try await ledger.count()
        state.withLock { $0.report.blobs = count }
        return RebuiltIndex(ledger: ledger)
    }

    /// The blobs that an index names, of some segments of a volume.
    private func tables(
        _ numbers: Range<Int>, of volume: VolumeID, _ tables: SegmentTables, _ epochs: EpochKeys
    ) async throws -> (blobs: [BlobReference], isWhole: Bool) {
        try await withThrowingTaskGroup(of: [BlobReference]?.self) { group in
            for number in numbers {
                group.addTask {
                    do {
                        let blobs = try await tables.blobs(of: volume, segment: number, epochs: epochs)
                        self.state.withLock { $0.report.segments += 1 }
                        return blobs.filter(\.kind.isIndexed).map(\.reference)
                    } catch {
                        guard Obstacle(error) != nil else { throw error }
                        self.state.withLock {
                            $0.report.unreadable.append(("segment \(number) of volume \(volume)", "\(error)"))
                        }
                        return nil
                    }
                }
            }
            var (blobs, isWhole): ([BlobReference], Bool) = ([], true)
            for try await found in group {
                blobs += found ?? []
                if found == nil { isWhole = false }
            }
            return (blobs, isWhole)
        }
    }

    /// What the old runs say of volumes whose tables cannot be read, as far as these can be.
    private func takeOver(
        _ runs: [IndexRun], of volumes: Set<VolumeID>, _ trees: DriveTrees, _ ledger: BlobLedger,
        _ database: StoreDatabase
    ) async throws {
        for run in runs {
            var batch: [BlobReference] = []
            func write() async throws {
                try await ledger.add(batch)
                try await database.learn(batch.map { ($0.id, $0.pointer) })
                batch = []
            }
            try await trees.indexRuns.survey(run.root) { item in
                let pointer = try Pointer(scaleBytes: item.value)
                guard volumes.contains(pointer.volume) else { return }
                batch.append(BlobReference(id: try BlobID(scaleBytes: item.key), pointer: pointer))
                if batch.count == 5000 { try await write() }
            } damage: {
                guard Obstacle($0) != nil else { throw $0 }
            }
            try await write()
        }
    }
}

/// The index as segment tables have it, before it is written.
struct RebuiltIndex: Sendable {
    let ledger: BlobLedger

    /// One run of all, and of what the commit itself has staged, which is newer.
    func runs(adding staged: StagedIndex, in trees: DriveTrees) async throws -> [IndexRun] {
        var batch: [BlobReference] = []
        for try await entry in staged {
            batch.append(BlobReference(id: entry.id, pointer: entry.pointer))
            if batch.count == 5000 {
                try await ledger.add(batch, replacing: true)
                batch = []
            }
        }
        try await ledger.add(batch, replacing: true)
        var builder = trees.indexRuns.builder()
        try await ledger.forEachInOrder { blob in
            try await builder.append(key: blob.id.bytes, value: blob.pointer.scaleBytes)
        }
        let run = try await builder.finish()
        return run.count > 0 ? [IndexRun(level: IndexGrowth.level(ofCount: run.count), root: run)] : []
    }
}

extension Drive {
    /// Makes the index anew from the tables of all segments, and commits it: for a drive whose index cannot be read, or is
    /// wrong. Nothing else of the drive changes.
    ///
    /// It takes two small reads for each segment of the drive. What an earlier change left undone is carried on first.
    ///
    /// - Parameter scratch: an empty directory of this call's own.
    public func rebuildIndex(
        scratch: FilePath, options: ChangeOptions
    ) async throws -> (result: ChangeResult, report: RebuildReport) {
        let rebuilding = IndexRebuilding(scratch: scratch)
        var options = options
        options.rebuilding = rebuilding
        // Without an index nothing can be removed either.
        options.mayUseReserve = true
        let result = try await change(options) { $0.state }
        return (result, rebuilding.report)
    }
}
