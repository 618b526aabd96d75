internal import BlobStore
internal import CESS
internal import DriveFormat
internal import Primitives
internal import SCALE
internal import Sealing
internal import SystemPackage

/// One look through a drive at one commit, as a machine sees it that remembers nothing: what is here already could hide
/// that it is gone from the network.
///
/// In memory are the ids of the live volumes and a path of each tree. Everything that there may be millions of is in two
/// databases of this check's own: about 300 bytes for each blob of the index, and as much for each chunk.
final class DriveCheck {
    let head: FoundCommit
    let options: CheckOptions
    let discovery: Discovery
    let catalog: Catalog
    let folded: FoldedVolumes
    let preludes: PreludeReader
    let tables: SegmentTables
    let reader: BlobReader
    let trees: DriveTrees
    /// What a machine would remember: here it is what this check has read.
    let memory: StoreDatabase
    let ledger: BlobLedger
    private let found: (CheckFinding) async throws -> Void
    private(set) var report: CheckReport
    /// Not in the ledger yet.
    var chunks: [BlobReference] = []
    /// The segments of the volumes that the drive has.
    private var segmentCounts: [VolumeID: Int] = [:]

    /// - Parameters:
    ///   - drive: whose keys are used, and nothing that it remembers but what was folded, and the epochs.
    ///   - scratch: an empty directory.
    init(
        _ drive: Drive, at head: FoundCommit, scratch: FilePath, options: CheckOptions,
        found: @escaping (CheckFinding) async throws -> Void
    ) async throws {
        self.head = head
        self.options = options
        self.found = found
        report = CheckReport(commit: head.blob.id.description)
        memory = try StoreDatabase(
            path: scratch.appending("memory.sqlite").string, sealer: DeviceKeys.random().localSealer)
        ledger = try BlobLedger(path: scratch.appending("ledger.sqlite"))
        let named = NamedVolumes(
            chain: drive.chain, account: drive.accountID, territory: drive.territoryName,
            nameTagKey: drive.keys.nameTagKey)
        catalog = Catalog(chain: drive.chain, database: memory, named: named)
        let segments = SegmentReader(nodes: drive.nodes, catalog: catalog)
        discovery = drive.discovery(segments)
        preludes = PreludeReader(segments: segments, preludeKey: drive.keys.preludeKey)
        tables = SegmentTables(catalog: catalog, preludes: preludes, keys: drive.keys.drive)
        folded = FoldedVolumes(tables: tables)
        folded.replace(with: try await drive.database.foldedVolumes())
        reader = BlobReader(
            segments: segments, folded: folded, keys: drive.keys.drive, epochs: try await drive.epochKeys())
        // Every run is read, so what `memory` does not know is in none.
        trees = DriveTrees(keys: drive.keys.drive, runs: [], database: memory, reader: reader)
    }

    var commit: Commit { head.commit }

    func run() async throws -> CheckReport {
        options.progress("volumes", 0, nil)
        try await checkVolumes()
        try await checkCommit()
        options.progress("index", 0, nil)
        try await checkIndex()
        options.progress("directories", 0, nil)
        try await checkTrees(.first)
        guard options.readsContents else { return report }
        options.progress("tables of segments", 0, nil)
        try await checkTables()
        if try await readContents() > 0 {
            options.progress("naming what is damaged", 0, nil)
            try await ledger.forgetSubtrees()
            try await checkTrees(.naming)
        }
        return report
    }

    /// Tells of something that is wrong.
    ///
    /// - Throws: `error` itself if it says nothing of the drive.
    func note(_ error: any Error, _ subject: CheckFinding.Subject) async throws {
        guard let obstacle = Obstacle(error) else { throw error }
        try await note(obstacle, subject, "\(error)")
    }

    func note(_ obstacle: Obstacle, _ subject: CheckFinding.Subject, _ reason: String) async throws {
        if obstacle == .damage { report.damaged += 1 } else { report.unreachable += 1 }
        try await found(CheckFinding(subject: subject, isDamaged: obstacle == .damage, reason: reason))
    }

    func count(_ change: (inout CheckReport) -> Void) { change(&report) }

    // MARK: Volumes

    private func checkVolumes() async throws {
        let view = try await discovery.view()
        var batch: [(VolumeID, VolumeRecord)] = []
        var moved = commit.folded.map(\.new) + [commit.volume]
        func finishBatch() async throws {
            try await memory.learnVolumes(batch)
            try await checkFiles(batch, at: view)
            batch = []
        }
        if let set = commit.volumes {
            report.nodes += try await trees.volumes.survey(set) { item in
                let id = try VolumeID(scaleBytes: item.key)
                // An older commit's may have been folded since: what became of it counts.
                if folded.successor(of: id) == nil {
                    batch.append((id, try VolumeRecord(scaleBytes: item.value)))
                } else {
                    moved.append(id)
                }
                if batch.count == Discovery.batchCount { try await finishBatch() }
            } damage: {
                try await note($0, .volumeSet)
            }
        }
        try await finishBatch()
        // The commit's own, and those that older ones were folded into: their hashes are those of the chain.
        let named = Set(moved.map { folded.successor(of: $0) ?? $0 })
        for id in named where segmentCounts[id] == nil {
            do {
                let placement = try await catalog.placement(of: id)
                try await checkFiles([(id, placement.record)], at: view)
            } catch { try await note(error, .volume("\(id)")) }
        }
    }

    /// Whether volumes are files of the account's, of the hashes that the drive has.
    private func checkFiles(_ volumes: [(VolumeID, VolumeRecord)], at view: Discovery.View) async throws {
        guard !volumes.isEmpty else { return }
        let files = try await discovery.files(volumes.map { FID($0.1.fid) }, at: view)
        for (id, record) in volumes {
            report.volumes += 1
            report.segments += record.segments.count
            segmentCounts[id] = record.segments.count
            guard let file = files[FID(record.fid)] else {
                try await note(.damage, .volume("\(id)"), "the network has no file \(FID(record.fid)) of this account")
                continue
            }
            guard let shown = VolumePlacement(fid: FID(record.fid), file: file) else {
                try await note(.damage, .volume("\(id)"), "the network shows it in another shape than it was declared")
                continue
            }
            if shown.record.segments != record.segments {
                try await note(.damage, .volume("\(id)"), "the network shows other hashes than the drive has")
            }
        }
    }

    /// Whether a pointer leads into a segment that the drive has.
    private func isLive(_ pointer: Pointer) -> Bool {
        if let count = segmentCounts[pointer.volume] { return Int(pointer.segment) < count }
        guard let successor = folded.successor(of: pointer.volume) else { return false }
        return segmentCounts[successor] != nil
    }

    /// Whether a machine that knows nothing would find the commit.
    private func checkCommit() async throws {
        do {
            let moved = try await reader.place(of: head.blob.id, formerlyIn: commit.volume)
            if moved == nil {
                let placement = try await catalog.placement(of: commit.volume)
                let prelude = try await preludes.prelude(
                    of: placement, segment: placement.record.segments.count - 1)
                guard prelude.commit?.id == head.blob.id else {
                    return try await note(.damage, .commit, "the prelude of its volume names another one")
                }
            }
            _ = try await reader.read(moved ?? head.blob, kind: .commit)
        } catch { try await note(error, .commit) }
    }

    /// Whether every segment says what lies in it: without that nothing can be folded, and no index made again.
    private func checkTables() async throws {
        let epochs = reader.knownEpochs
        for (id, count) in segmentCounts.sorted(by: { $0.key < $1.key }) {
            for segment in 0..<count {
                do { _ = try await tables.blobs(of: id, segment: segment, epochs: epochs) } catch {
                    try await note(error, .volume("\(id)"))
                }
            }
        }
    }

    // MARK: Index

    private func checkIndex() async throws {
        for run in commit.index {
            var batch: [(id: BlobID, pointer: Pointer)] = []
            report.nodes += try await trees.indexRuns.survey(run.root) { item in
                let (id, pointer) = (try BlobID(scaleBytes: item.key), try Pointer(scaleBytes: item.value))
                report.indexEntries += 1
                // Those into volumes that are gone are no answer: an older run may have a better one.
                if isLive(pointer) { batch.append((id, pointer)) }
                if batch.count == 5000 {
                    try await memory.learn(batch)
                    batch = []
                }
            } damage: {
                try await note($0, .index)
                report.isIndexDamaged = true
            }
            try await memory.learn(batch)
        }
    }

    // MARK: Contents

    /// Chunks that are looked up at a time: at most a segment or so of them is fetched ahead.
    private static let pageCount = 1024

    /// Reads and opens chunks in the order in which they lie.
    ///
    /// - Returns: how many of them failed.
    private func readContents() async throws -> Int {
        let total = Int(Double(try await ledger.byteCount()) * options.sample)
        var failed = 0
        var last: BlobReference?
        while true {
            let page = try await ledger.next(after: last, limit: Self.pageCount)
            guard let end = page.last else { return failed }
            last = end
            var rest = page.filter { _ in options.sample >= 1 || Double.random(in: 0..<1) < options.sample }[...]
            var states: [(BlobID, BlobLedger.State)] = []
            while !rest.isEmpty {
                do {
                    try await reader.read(rest.map { BlobRequest($0) }) { bytes in
                        states.append((rest.removeFirst().id, .sound))
                        report.chunksRead += 1
                        report.bytesRead += UInt64(bytes.count)
                        options.progress("reading", Int(clamping: report.bytesRead), total)
                    }
                } catch {
                    guard Obstacle(error) != nil, let next = rest.popFirst() else { throw error }
                    states.append((next.id, try await readAlone(next)))
                    if states.last?.1 != .sound { failed += 1 }
                }
            }
            try await ledger.note(states)
        }
    }

    /// What keeps a batch from being read need not be this chunk's fault.
    private func readAlone(_ chunk: BlobReference) async throws -> BlobLedger.State {
        do {
            let bytes = try await reader.read(chunk, kind: .chunk)
            report.chunksRead += 1
            report.bytesRead += UInt64(bytes.count)
            return .sound
        } catch {
            guard let obstacle = Obstacle(error) else { throw error }
            return obstacle == .damage ? .damaged : .unreachable
        }
    }
}
